"""Imports in the browser: the file, its plan, corrections kept for the next one, the undo."""
