"""Verification notes: the answer of a check, kept under a number as it was given."""
