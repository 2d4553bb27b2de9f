"""Pages around letters of intent."""
