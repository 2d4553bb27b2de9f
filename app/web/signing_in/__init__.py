"""`/connexion` and `/deconnexion`, for agents; visitors never get a cookie."""
