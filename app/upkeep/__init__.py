"""What the service does by itself, once, whatever the number of its workers."""
