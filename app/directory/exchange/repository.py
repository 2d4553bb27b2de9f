"""The SQL of exchanging sheets: which CPTS a row means."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from app.database.sessions import ReadingSession, WritingSession


@dataclass(frozen=True, slots=True)
class LivingCpts:
    """A CPTS that has not ended, and what it may be meant by."""

    id: int
    name: str
    finess: str | None
    key: str


_LIVING = text("""
    SELECT p.id, p.name, p.finess, p.name_key AS key FROM cpts p
    WHERE p.ended_on IS NULL OR p.ended_on > CAST(:day AS date) ORDER BY p.id
""")
_KEYS = text(
    "SELECT given, search_key(given) AS key FROM unnest(CAST(:names AS text[])) AS n (given)"
)
_SEEN = text("""
    INSERT INTO contact_view (viewer_id, seen_on, cpts_id)
    SELECT DISTINCT CAST(:viewer AS bigint), CAST(:day AS date), c.cpts_id
    FROM cpts_contact c WHERE c.kept_until >= CAST(:day AS date)
    ON CONFLICT DO NOTHING
""")

_REGIONS = text("""
    SELECT DISTINCT unnest(t.regions) FROM cpts_territory t
    WHERE t.cpts_id = ANY (CAST(:ids AS bigint[])) AND t.held @> CAST(:day AS date)
""")


class KnownCpts:
    """The CPTS that a table may mean, found by what it says of them."""

    def __init__(self, living: Iterable[LivingCpts]) -> None:
        self._numbers: dict[str, list[LivingCpts]] = {}
        self._finess: dict[str, list[LivingCpts]] = {}
        self._keys: dict[str, list[LivingCpts]] = {}
        for each in living:
            self._numbers.setdefault(str(each.id), []).append(each)
            self._keys.setdefault(each.key, []).append(each)
            if each.finess:
                self._finess.setdefault(each.finess, []).append(each)

    def meant(self, number: str, finess: str, key: str) -> list[LivingCpts]:
        """List those that fit all that is given; what is empty is not given."""
        if number:
            found = self._numbers.get(number, [])
        elif finess:
            found = self._finess.get(finess, [])
        else:
            found = self._keys.get(key, [])
        return [
            each
            for each in found
            if (not finess or each.finess == finess) and (not key or each.key == key)
        ]


def living_cpts(session: ReadingSession, day: date) -> list[LivingCpts]:
    """List the CPTS that have not ended by a day."""
    return [LivingCpts(**row) for row in session.execute(_LIVING, {"day": day}).mappings()]


def search_keys(session: ReadingSession, names: Iterable[str]) -> dict[str, str]:
    """Give the key under which the registry compares each name."""
    rows = session.execute(_KEYS, {"names": sorted(set(names))})
    return {row.given: row.key for row in rows}


def regions_of(session: ReadingSession, cpts_ids: Collection[int], day: date) -> list[str]:
    """List the codes of the regions in which CPTS hold communes on a day."""
    return list(session.scalars(_REGIONS, {"ids": list(cpts_ids), "day": day}))


def note_all_seen(session: WritingSession, viewer_id: int, day: date) -> None:
    """Note that somebody was given the contacts of every CPTS."""
    session.execute(_SEEN, {"viewer": viewer_id, "day": day})
