"""Accounts on the site."""
