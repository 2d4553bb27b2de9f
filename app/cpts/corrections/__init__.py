"""What is taken out of the registry because it was never right."""
