"""What a row says of a place, piece by piece, and what the pieces mean together."""
