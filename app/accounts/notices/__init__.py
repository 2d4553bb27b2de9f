"""Telling people by mail of what concerns their region."""
