"""What is asked besides the password: one-time codes, and what stands in for them."""
