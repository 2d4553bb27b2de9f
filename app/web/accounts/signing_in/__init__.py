"""`/connexion` and `/deconnexion`; a visitor gets no cookie but that of the form."""
