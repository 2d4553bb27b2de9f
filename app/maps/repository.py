"""What maps ask of the database themselves: outlines, extents, names of what is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """A region or department: its name, and the extent of its departments.

    `bounds` are west, south, east, north in degrees (WGS 84).
    """

    code: str
    name: str
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class TierBounds:
    """A tier of a day: inhabitants from `lower` on and below `upper`, None: no end."""

    tier: int
    lower: int
    upper: int | None


# The generalised outlines that a scale of the map shows. One SQL per scale, none glued.
_OUTLINES = {
    detail: text(
        f"""
        SELECT coalesce(string_agg(convert_to(
            '{{"type":"Feature","id":' || to_json(d.code) || ',"geometry":'
            || ST_AsGeoJSON(ST_ForcePolygonCCW(d.{column}), {digits}, 0)
            || ',"properties":{{"code":' || to_json(d.code)
            || ',"name":' || to_json(d.name)
            || ',"region":' || to_json(d.region_code) || '}}}}', 'UTF8'),
            ',' ORDER BY d.code), '')
        FROM department d
        WHERE d.{column} IS NOT NULL
        """  # noqa: S608 (the columns are those of this module)
    )
    for detail, column, digits in (
        ("national", "geom_country", 3),
        ("region", "geom_region", 4),
        ("department", "geom_department", 5),
    )
}

_DEPARTMENTS = text(
    """
    SELECT d.code, d.name, d.region_code,
           ST_XMin(d.geom_country), ST_YMin(d.geom_country),
           ST_XMax(d.geom_country), ST_YMax(d.geom_country)
    FROM department d
    WHERE d.geom_country IS NOT NULL
    ORDER BY d.code
    """
)
_REGIONS = text("SELECT code, name FROM region ORDER BY code")
_STAGES = text("SELECT slug, label FROM stage ORDER BY rank")
_THEMES = text("SELECT slug, label FROM theme ORDER BY rank")
_TIERS = text(
    """
    SELECT tier, lower(population), upper(population)
    FROM tier_bound
    WHERE in_force @> CAST(:day AS date)
    ORDER BY tier
    """
)


def department_outlines(session: Session, detail: str) -> bytes:
    """Give the outlines as a GeoJSON FeatureCollection (RFC 7946, WGS 84).

    Parameters: `detail`, a key of the scales: national, region or department.
    """
    features: Any = session.execute(_OUTLINES[detail]).scalar_one()
    return b'{"type":"FeatureCollection","features":[' + bytes(features) + b"]}"


def departments(session: Session) -> list[tuple[Place, str]]:
    """Give every department with the code of its region, in the order of the codes."""
    return [
        (Place(code, name, (west, south, east, north)), region)
        for code, name, region, west, south, east, north in session.execute(_DEPARTMENTS)
    ]


def region_names(session: Session) -> dict[str, str]:
    """Give the names of the regions by code."""
    return {code: name for code, name in session.execute(_REGIONS)}


def stages(session: Session) -> Sequence[tuple[str, str]]:
    """Give slug and label of the stages, in their order."""
    return [(slug, label) for slug, label in session.execute(_STAGES)]


def theme_labels(session: Session) -> dict[str, str]:
    """Give the labels of the themes by slug."""
    return {slug: label for slug, label in session.execute(_THEMES)}


def tiers(session: Session, day: date) -> list[TierBounds]:
    """Give the tiers in force on a day, the smallest first."""
    return [
        TierBounds(tier, lower, upper)
        for tier, lower, upper in session.execute(_TIERS, {"day": day})
    ]
