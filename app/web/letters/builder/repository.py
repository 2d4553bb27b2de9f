"""The SQL of a draft: communes with their holders, EPCI, what is free."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.database.statements import statement
from app.letters.record.rules import PENDING

_COMMUNES = statement(__file__, "communes")

_DEPARTMENT_EXISTS = text("SELECT EXISTS (SELECT FROM department WHERE code = :department)")

_EPCI = text("""
    SELECT coalesce(json_agg(json_build_object(
        'code', e.code, 'name', e.name, 'communes', e.communes, 'departments', e.departments
    ) ORDER BY e.name, e.code), '[]')::text
    FROM (
        SELECT e.code, e.name, count(*) AS communes,
            array_agg(DISTINCT c.department_code ORDER BY c.department_code) AS departments
        FROM epci e JOIN unit_on(:day) c ON c.epci_code = e.code
        GROUP BY e.code, e.name
    ) e
""")

_TAKEN = text("""
    SELECT DISTINCT h.commune_code FROM claim h
    WHERE h.commune_code = ANY (:communes)
      AND h.held && daterange(CAST(:day AS date), NULL)
      AND (CAST(:excluded AS bigint) IS NULL OR h.cpts_id <> :excluded)
""")

# Ordered by the index on the outlines: few are looked at before free ones are found.
_NEAREST = text("""
    SELECT c.code, ST_Distance(
        CAST(c.geom AS geography), CAST(middle.point AS geography)) AS metres
    FROM (
        SELECT ST_Centroid(ST_Collect(ST_PointOnSurface(t.geom_country))) AS point
        FROM commune t WHERE t.code = ANY (:communes)
    ) middle
    CROSS JOIN LATERAL (
        SELECT f.code, f.geom FROM unit_on(CAST(:day AS date)) f
        WHERE f.code <> ALL (:communes)
          AND NOT EXISTS (
              SELECT FROM claim h
              WHERE h.commune_code = f.code
                AND h.held && daterange(CAST(:day AS date), NULL)
                AND (CAST(:excluded AS bigint) IS NULL OR h.cpts_id <> :excluded))
        ORDER BY f.geom <-> middle.point
        LIMIT :number
    ) c
    ORDER BY metres, c.code
""")


@dataclass(frozen=True, slots=True)
class NearestCommune:
    """A commune that nobody holds, and how far it lies (kilometres, as the crow flies)."""

    code: str
    kilometres: float


def communes_of_department(session: ReadingSession, department: str, day: date) -> bytes | None:
    """Give the communes as a GeoJSON FeatureCollection (RFC 7946, WGS 84).

    A feature has `code`, `name`, `population`, `cpts` (id of the holder or null), `stage`
    of that holder and `asked` (by a pending letter); the further member `holders` names
    the CPTS by id. Populations are those of the day. None for an unknown department.
    """
    known = session.execute(_DEPARTMENT_EXISTS, {"department": department}).scalar_one()
    if not known:
        return None
    row = session.execute(
        _COMMUNES, {"department": department, "day": day, "pending": list(PENDING)}
    ).one()
    return (
        f'{{"type":"FeatureCollection","holders":{row.holders},"features":[{row.features}]}}'
    ).encode()


def every_epci(session: ReadingSession) -> bytes:
    """Give `{"items": [{code, name, communes, departments}…]}`, by name."""
    return f'{{"items":{session.execute(_EPCI, {"day": today()}).scalar_one()}}}'.encode()


def taken_communes(
    session: ReadingSession, communes: Collection[str], day: date, excluded: int | None
) -> set[str]:
    """Tell which of these communes a CPTS holds on the day or later, but for `excluded`."""
    asked = {"communes": list(communes), "day": day, "excluded": excluded}
    return set(session.execute(_TAKEN, asked).scalars())


def nearest_free(
    session: ReadingSession,
    communes: Collection[str],
    day: date,
    excluded: int | None,
    number: int,
) -> list[NearestCommune]:
    """Find free communes near the middle of a territory, across water too."""
    rows = session.execute(
        _NEAREST,
        {"communes": list(communes), "day": day, "excluded": excluded, "number": number},
    )
    return [NearestCommune(code, round(metres / 1000, 1)) for code, metres in rows]
