"""Mail: messages that wait, and the loop that sends them."""
