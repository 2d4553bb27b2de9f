"""OGC API – Tiles: CPTS and communes as Mapbox vector tiles, a style, and one archive."""
