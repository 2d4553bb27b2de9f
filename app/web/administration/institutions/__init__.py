"""Whom to call: contacts of institutions kept in the browser."""
