"""Signing in with a provider of identities."""
