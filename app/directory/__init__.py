"""What a CPTS tells members: what it did by theme, whom to call; and search over it."""
