"""What the check reads, in few statements whose time does not grow with the registry."""

import sys
import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

import shapely
from psycopg.errors import QueryCanceled
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import BigInteger, Text

from app.cpts.stages import FIRST_STAGE
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.geography.repository import communes_in_polygon
from app.letters.check.errors import polygon_too_complex
from app.letters.check.rules import LandBorders, LandMasses, land_masses_of
from app.letters.record.rules import PENDING
from app.problems import DatabaseUnavailable


@dataclass(frozen=True)
class RegistryState:
    """Which registry and which reference data a snapshot shows."""

    revision: int
    reference_mark: str


_STATE = text("""
    SELECT r.revision, m.mark::text AS mark, g.id IS NOT NULL AS is_loaded
    FROM registry_revision r CROSS JOIN reference_mark m LEFT JOIN geography_release g ON true
""")

_TIMEOUT = text("SELECT current_setting('statement_timeout')")
_SET_TIMEOUT = text("SELECT set_config('statement_timeout', :limit, true)")
# A rectangle over several departments takes a tenth of that.
POLYGON_TIMEOUT_MS = 5_000

_BORDERS = text("""
    SELECT n.commune_code, array_agg(n.neighbour_code), array_agg(n.border_m)
    FROM commune_neighbour n
    JOIN unit_on(:today) one ON one.code = n.commune_code
    JOIN unit_on(:today) other ON other.code = n.neighbour_code
    GROUP BY n.commune_code
""")


def registry_state(session: ReadingSession) -> RegistryState:
    """Tell which state of the registry this session's snapshot shows.

    Raises `DatabaseUnavailable` as long as no reference geography is loaded.
    """
    row = session.execute(_STATE).one()
    if not row.is_loaded:
        raise DatabaseUnavailable("La géographie de référence n'est pas encore chargée.")
    return RegistryState(row.revision, row.mark)


def shares_inside(session: ReadingSession, surface: Any) -> list[tuple[str, float]]:
    """Give the communes that a surface touches, and the share of each that is inside.

    Parameters: `surface`, a valid shapely surface (EPSG:4326). Raises `Invalid` when it
    takes longer than `POLYGON_TIMEOUT_MS`; the transaction is of no more use then.
    """
    if shapely.is_empty(surface):
        return []
    before = session.execute(_TIMEOUT).scalar_one()
    session.execute(_SET_TIMEOUT, {"limit": f"{POLYGON_TIMEOUT_MS}ms"})
    try:
        shares = communes_in_polygon(session, shapely.to_wkb(surface))
    except OperationalError as error:
        if isinstance(error.orig, QueryCanceled):
            raise polygon_too_complex() from error
        raise
    session.execute(_SET_TIMEOUT, {"limit": before})
    return shares


class _BordersInMemory:
    """The land borders of the last geography seen, read once per process.

    They change with the geography and when a commune is divided; 35 000 communes take
    some 20 MB.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[str, date] | None = None
        self._land: tuple[LandBorders, LandMasses] = ({}, {})

    def of(self, session: ReadingSession, mark: str) -> tuple[LandBorders, LandMasses]:
        with self._lock:
            known = mark, today()
            if self._known != known:
                borders = {
                    sys.intern(code): dict(zip(map(sys.intern, beside), metres, strict=True))
                    for code, beside, metres in session.execute(_BORDERS, {"today": known[1]})
                }
                self._land = (borders, land_masses_of(borders))
                self._known = known
            return self._land


_BORDERS_IN_MEMORY = _BordersInMemory()


def land_borders(session: ReadingSession, state: RegistryState) -> LandBorders:
    """Give the shared borders of all communes, in metres, of this snapshot's geography."""
    return _BORDERS_IN_MEMORY.of(session, state.reference_mark)[0]


def land_masses(session: ReadingSession, state: RegistryState) -> LandMasses:
    """Give, by commune with a land border, the land mass that it is on."""
    return _BORDERS_IN_MEMORY.of(session, state.reference_mark)[1]


@dataclass(frozen=True)
class CptsContact:
    """How to reach the association."""

    website: str | None = None
    email: str | None = None
    phone: str | None = None


_CONTACTS = text("""
    SELECT p.id, p.website, p.email, p.phone FROM cpts p WHERE p.id = ANY (:ids)
""").bindparams(bindparam("ids", type_=ARRAY(BigInteger)))


def contacts_of(session: ReadingSession, cpts_ids: Collection[int]) -> dict[int, CptsContact]:
    """Give, by CPTS, the association's website, e-mail address and telephone."""
    if not cpts_ids:
        return {}
    rows = session.execute(_CONTACTS, {"ids": list(cpts_ids)})
    return {row.id: CptsContact(row.website, row.email, row.phone) for row in rows}


@dataclass(frozen=True)
class AmendedCpts:
    """A CPTS as it stands on a day; `communes` are those that it holds then."""

    id: int
    name: str
    stage: str
    demonstration: bool
    communes: frozenset[str]


_AMENDED = text("""
    SELECT p.id, p.name, coalesce(s.slug, :first_stage) AS stage, p.demonstration,
           ARRAY (SELECT c.commune_code FROM claim c
                  WHERE c.cpts_id = p.id AND c.held @> CAST(:day AS date)) AS communes
    FROM cpts p
    LEFT JOIN LATERAL (
        SELECT * FROM cpts_stage_on(p.id, greatest(CAST(:day AS date), p.started_on))
    ) s ON true
    WHERE p.id = :id
""")


def amended_cpts(session: ReadingSession, cpts_id: int, day: date) -> AmendedCpts | None:
    """Give the CPTS that would be amended, as of a day; None when there is none."""
    row = session.execute(
        _AMENDED, {"id": cpts_id, "day": day, "first_stage": FIRST_STAGE}
    ).one_or_none()
    if row is None:
        return None
    return AmendedCpts(row.id, row.name, row.stage, row.demonstration, frozenset(row.communes))


_PENDING = text("""
    SELECT l.id, l.name, array_agg(lc.commune_code ORDER BY lc.commune_code) AS communes
    FROM letter_commune lc JOIN letter l ON l.id = lc.letter_id
    WHERE lc.commune_code = ANY (:communes) AND lc.part = 'asked'
      AND l.state = ANY (:pending)
      AND l.id <> ALL (:letters)
      AND (l.subject_cpts_id IS NULL OR l.subject_cpts_id <> ALL (:subjects))
    GROUP BY l.id
    ORDER BY l.id
""").bindparams(
    bindparam("communes", type_=ARRAY(Text)),
    bindparam("letters", type_=ARRAY(BigInteger)),
    bindparam("subjects", type_=ARRAY(BigInteger)),
    bindparam("pending", type_=ARRAY(Text)),
)


def pending_letters(
    session: ReadingSession,
    communes: Collection[str],
    *,
    excluded_letters: Collection[int] = (),
    excluded_subjects: Collection[int] = (),
) -> list[tuple[int, str, tuple[str, ...]]]:
    """Give each pending letter that asks for one of these communes: number, name, which ones.

    Parameters: `excluded_letters`, ids of letters that do not count; `excluded_subjects`,
    ids of CPTS whose own amendments do not.
    """
    rows = session.execute(
        _PENDING,
        {
            "communes": list(communes),
            "letters": list(excluded_letters),
            "subjects": list(excluded_subjects),
            "pending": list(PENDING),
        },
    )
    return [(row.id, row.name, tuple(row.communes)) for row in rows]
