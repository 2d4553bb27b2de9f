"""Loading the reference geography from its files into the database."""

from app.geography.loading.service import load_geography, load_or_keep

__all__ = ["load_geography", "load_or_keep"]
