"""What administrators and agents did besides changing CPTS and letters, for the journal."""
