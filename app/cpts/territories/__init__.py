"""What of a region or department some CPTS hold, and what nobody holds."""
