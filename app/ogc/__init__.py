"""OGC API – Features and Tiles over the registry, for geographic tools; reading only."""
