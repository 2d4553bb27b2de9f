"""What a CPTS writes of itself: its sheet, its history, its confirmation once a year."""
