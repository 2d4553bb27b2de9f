"""Whom members may call: shown within bounds, noted, and forgotten after their term."""
