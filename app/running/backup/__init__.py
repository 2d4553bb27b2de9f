"""Backups of the private cluster: made, listed, proved and restored."""
