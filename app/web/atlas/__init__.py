"""The atlas: the country, each region and each department on a page of one PDF."""
