"""`/statistiques`: how far the deployment has come, where, and since when."""
