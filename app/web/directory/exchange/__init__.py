"""`/membres/fiches`: sheets of many CPTS at once, for administrators."""
