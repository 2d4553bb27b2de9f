"""Searches that members save, and the mail that tells when another CPTS matches."""
