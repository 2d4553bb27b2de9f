"""Somebody with an account: invitation, password, addresses, erasure, retention."""
