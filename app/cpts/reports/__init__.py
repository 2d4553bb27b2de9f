"""What visitors say is wrong, for the administrators."""
