"""`/connexion/code` and the second factor of `/compte`."""
