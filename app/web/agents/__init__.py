"""What is to be done in a region, for its agents."""
