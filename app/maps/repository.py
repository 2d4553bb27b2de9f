"""What maps ask of the database themselves: outlines and extents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.database.sessions import ReadingSession

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class DepartmentExtent:
    """A department: `bounds` are west, south, east, north in degrees (WGS 84)."""

    code: str
    name: str
    region: str
    bounds: Bounds


_OUTLINES = text(
    """
    SELECT coalesce(string_agg(
        '{"type":"Feature","id":' || to_json(d.code) || ',"geometry":'
        || ST_AsGeoJSON(ST_ForcePolygonCCW(d.geom), :digits, 0)
        || ',"properties":{"code":' || to_json(d.code) || ',"name":' || to_json(d.name)
        || ',"region":' || to_json(d.region_code) || '}}',
        ',' ORDER BY d.code), '')
    FROM (
        SELECT code, name, region_code,
               CASE CAST(:detail AS text)
                   WHEN 'national' THEN geom_country
                   WHEN 'region' THEN geom_region
                   WHEN 'department' THEN geom_department
               END AS geom
        FROM department
        WHERE CAST(:west AS float8) IS NULL OR geom_country && ST_MakeEnvelope(
            CAST(:west AS float8), CAST(:south AS float8),
            CAST(:east AS float8), CAST(:north AS float8), 4326)
    ) d
    WHERE d.geom IS NOT NULL
    """
)
# Decimals of a degree that keep the grid of each scale, as the CPTS have them.
_DIGITS = {"national": 4, "region": 5, "department": 6}

_COMMUNES = text(
    """
    SELECT coalesce(string_agg(
        '{"type":"Feature","id":' || to_json(code) || ',"geometry":'
        || ST_AsGeoJSON(ST_ForcePolygonCCW(geom_department), :digits, 0)
        || ',"properties":{"code":' || to_json(code) || ',"name":' || to_json(name) || '}}',
        ',' ORDER BY code), '')
    FROM commune WHERE code = ANY (:codes)
    """
).bindparams(bindparam("codes", type_=ARRAY(Text)))

_MUTED = text(
    """
    SELECT coalesce(string_agg(
        '{"type":"Feature","id":' || p.id || ',"geometry":' || t.outline
        || ',"properties":{"name":' || to_json(c.name)
        || ',"stage_label":' || coalesce(to_json(s.label)::text, 'null')
        || ',"tier":' || coalesce(t.tier::text, 'null') || '}}',
        ',' ORDER BY p.position), '')
    FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS p (id, position)
    JOIN cpts c ON c.id = p.id
    JOIN (
        SELECT cpts_id, held, tier, CASE CAST(:detail AS text)
            WHEN 'national' THEN ST_AsGeoJSON(geom_country, :digits, 0)
            WHEN 'region' THEN ST_AsGeoJSON(geom_region, :digits, 0)
            WHEN 'department' THEN ST_AsGeoJSON(geom_department, :digits, 0)
        END AS outline
        FROM cpts_territory
    ) t ON t.cpts_id = p.id AND t.held @> CAST(:day AS date) AND t.outline IS NOT NULL
    LEFT JOIN LATERAL cpts_stage_on(p.id, CAST(:day AS date)) s ON true
    """
)

_BOUNDS = text(
    """
    SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)
    FROM (SELECT ST_Extent(geom_department) AS box FROM commune WHERE code = ANY (:codes)) c
    WHERE box IS NOT NULL
    """
).bindparams(bindparam("codes", type_=ARRAY(Text)))

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


def department_outlines(
    session: ReadingSession, detail: str, box: Bounds | None = None
) -> bytes:
    """Give the outlines as a GeoJSON FeatureCollection (RFC 7946, WGS 84).

    Parameters: `detail`, `national`, `region` or `department`; `box`, around which only
    the departments whose own box meets it are given.
    """
    west, south, east, north = box or (None, None, None, None)
    features = session.execute(
        _OUTLINES,
        {
            "detail": detail,
            "digits": _DIGITS[detail],
            "west": west,
            "south": south,
            "east": east,
            "north": north,
        },
    ).scalar_one()
    return f'{{"type":"FeatureCollection","features":[{features}]}}'.encode()


def commune_outlines(session: ReadingSession, codes: Sequence[str]) -> bytes:
    """Give the outlines of communes as a GeoJSON FeatureCollection (RFC 7946, WGS 84).

    They are those of a department's scale, like the territories that they lie in.
    """
    features = session.execute(
        _COMMUNES, {"codes": list(codes), "digits": _DIGITS["department"]}
    ).scalar_one()
    return f'{{"type":"FeatureCollection","features":[{features}]}}'.encode()


def muted_cpts(
    session: ReadingSession, cpts_ids: Sequence[int], day: date, detail: str
) -> bytes:
    """Give CPTS as a map shows those that it is not about, as a GeoJSON FeatureCollection.

    Those without territory on `day` are left out; of the others, what a tooltip tells and
    the outline (RFC 7946, WGS 84) at `detail`: `national`, `region` or `department`.
    """
    features = session.execute(
        _MUTED,
        {"ids": list(cpts_ids), "day": day, "detail": detail, "digits": _DIGITS[detail]},
    ).scalar_one()
    return f'{{"type":"FeatureCollection","features":[{features}]}}'.encode()


def bounds_of_communes(session: ReadingSession, codes: Sequence[str]) -> Bounds | None:
    """Give the box around communes, west, south, east, north (WGS 84); None around none."""
    row = session.execute(_BOUNDS, {"codes": list(codes)}).one_or_none()
    return None if row is None else (row[0], row[1], row[2], row[3])


def departments(session: ReadingSession) -> list[DepartmentExtent]:
    """Give every department that has an outline, in the order of the codes."""
    return [
        DepartmentExtent(code, name, region, (west, south, east, north))
        for code, name, region, west, south, east, north in session.execute(_DEPARTMENTS)
    ]
