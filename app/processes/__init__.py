"""Work in short-lived processes with bounds; knows neither files nor notes nor CPTS."""
