"""Reminding the editors of a sheet that it is to be confirmed once a year."""
