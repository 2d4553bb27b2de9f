"""What was handed in with a letter: its text, maps, a diagnosis."""
