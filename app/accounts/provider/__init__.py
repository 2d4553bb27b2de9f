"""Signing in with a provider of identities (OpenID Connect)."""
