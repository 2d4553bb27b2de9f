"""Polygons drawn by a client: checked before the database sees them."""

import math
from typing import Any

# Finer than any outline of a territory drawn by hand or taken from a layer at full detail.
MOST_VERTICES = 20_000
# A ring closes, so three corners are four positions (RFC 7946, 3.1.6).
FEWEST_POSITIONS = 4


def checked_geometry(given: Any) -> dict[str, Any]:
    """Check a GeoJSON Polygon or MultiPolygon (RFC 7946, WGS 84 longitude and latitude).

    Gives a geometry with nothing but `type` and `coordinates` in two dimensions; raises
    ValueError with a French sentence when there is something wrong with it.
    """
    if not isinstance(given, dict):
        raise ValueError("Un objet GeoJSON Polygon ou MultiPolygon est attendu.")
    kind, coordinates = given.get("type"), given.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError("Le type de la géométrie doit être Polygon ou MultiPolygon.")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(polygons, list) or not polygons:
        raise ValueError("Les coordonnées manquent.")
    budget = MOST_VERTICES
    checked = []
    for polygon in polygons:
        if not isinstance(polygon, list) or not polygon:
            raise ValueError("Un polygone est une liste d'anneaux.")
        rings = []
        for ring in polygon:
            budget -= len(ring) if isinstance(ring, list) else 0
            if budget < 0:
                raise ValueError(f"Au plus {MOST_VERTICES} sommets sont acceptés.")
            rings.append(_checked_ring(ring))
        checked.append(rings)
    return {"type": kind, "coordinates": checked[0] if kind == "Polygon" else checked}


def _checked_ring(ring: Any) -> list[list[float]]:
    if not isinstance(ring, list) or len(ring) < FEWEST_POSITIONS:
        raise ValueError("Un anneau compte au moins quatre positions.")
    positions = [_checked_position(position) for position in ring]
    if positions[0] != positions[-1]:
        raise ValueError("Un anneau doit finir par sa première position.")
    return positions


def _checked_position(position: Any) -> list[float]:
    if not isinstance(position, list) or not 2 <= len(position) <= 3:
        raise ValueError("Une position est [longitude, latitude].")
    for number in position:
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValueError("Une position ne contient que des nombres.")
        if isinstance(number, float) and not math.isfinite(number):
            raise ValueError("Les coordonnées doivent être des nombres finis.")
    longitude, latitude = position[0], position[1]
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise ValueError(
            "Les coordonnées doivent être des longitudes et latitudes WGS 84, en degrés."
        )
    return [float(longitude), float(latitude)]
