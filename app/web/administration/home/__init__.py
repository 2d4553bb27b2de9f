"""The front page of the administration."""
