"""Rivals on one map, and who gets which of the communes that they dispute."""
