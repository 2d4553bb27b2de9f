"""The private PostgreSQL cluster of a checkout, and what it is made of."""
