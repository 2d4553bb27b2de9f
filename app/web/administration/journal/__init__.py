"""The journal of all changes, and its export."""
