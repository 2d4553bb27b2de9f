"""Who holds a commune when it is divided, and when its division is undone."""
