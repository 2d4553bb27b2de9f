"""Addresses as people write them, and the communes in which a geocoder finds them."""
