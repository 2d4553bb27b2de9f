"""`/`, search, and the pages of regions and departments."""
