"""What the sheets of a CPTS and of a commune say beside the CPTS itself."""
