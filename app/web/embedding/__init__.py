"""`/integrer` and `/embed/…`: the map on the pages of others."""
