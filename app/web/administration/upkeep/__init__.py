"""What the service did by itself, and when it does so next."""
