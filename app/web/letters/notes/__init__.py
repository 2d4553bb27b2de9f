"""A verification note as a page to print and as PDF."""
