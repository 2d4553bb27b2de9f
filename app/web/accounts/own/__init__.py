"""`/compte`: what one sees and changes of oneself."""
