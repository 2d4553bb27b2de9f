"""The search by address, where a geocoder is configured."""
