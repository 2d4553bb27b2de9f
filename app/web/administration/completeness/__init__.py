"""Which departments are declared complete, and since when."""
