"""Dividing communes into quarters: a file, its preview on a map, the division, its undo."""
