"""Polygons drawn by a client: checked before the database sees them.

What a polygon costs does not show in its size: the repair of one that crosses itself
everywhere takes time and memory by the square of its vertices. Such a one is refused
here, where finding the first crossing is enough.
"""

import math
from typing import Any

import shapely
from shapely.geometry import shape

# Finer than any outline of a territory drawn by hand or taken from a layer at full detail.
MOST_VERTICES = 20_000
# A ring closes, so three corners are four positions (RFC 7946, 3.1.6).
FEWEST_POSITIONS = 4
# A centimetre: polygons that share a border on paper share it in numbers too.
DECIMALS = 7
# Up to here a polygon that crosses itself is repaired; 0.1 s at worst.
MOST_REPAIRED_VERTICES = 200


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


def sound_surface(geometry: dict[str, Any]) -> Any:
    """Make a valid shapely surface of a checked geometry.

    Polygons that only share borders are joined. A small one that crosses itself, or
    polygons that overlap, are repaired; beyond `MOST_REPAIRED_VERTICES` ValueError says in
    French where the crossing is. The surface may turn out empty.
    """
    surface = shape(geometry)
    if shapely.is_valid(surface):
        return surface
    polygons = list(shapely.get_parts(surface))
    if all(shapely.is_valid(polygons)) and shapely.coverage_is_valid(polygons):
        return shapely.coverage_union_all(polygons)
    if shapely.get_num_coordinates(surface) > MOST_REPAIRED_VERTICES:
        place = shapely.is_valid_reason(surface).partition("[")[2].rstrip("]")
        raise ValueError(f"Le contour se recoupe ou se recouvre près de [{place}].")
    return shapely.union_all(
        [
            part
            for polygon in shapely.make_valid(polygons, method="structure")
            for part in shapely.get_parts(polygon)
            if part.area > 0
        ]
    )


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
    return [round(float(longitude), DECIMALS), round(float(latitude), DECIMALS)]
