"""Undoing a change: the state of before comes back, as a change of its own."""
