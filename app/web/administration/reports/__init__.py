"""Reports of errors: what visitors say is wrong, and what became of it."""
