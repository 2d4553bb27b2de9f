"""`/comptes`: people, for administrators."""
