"""The SQL of the search, and the facts of a day, kept until the registry changes."""

from collections.abc import Mapping, Sequence
from datetime import date
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from cachetools import LRUCache
from sqlalchemy import Connection, Engine, select, text

from app.cpts.models import Cpts
from app.cpts.references import repository as references
from app.database.sessions import ReadingSession
from app.database.statements import statement
from app.directory.search.facets import ALL, DECLARED, Choices, Facts, Flags
from app.directory.search.filters import JUDGED_TOGETHER, Asked
from app.directory.search.rules import STATES
from app.directory.search.words import Word
from app.http.repository import Revision, current_revision

# A plan for these very words: one for any would read all communes that are held.
_CUSTOM_PLANS = text("SET LOCAL plan_cache_mode = force_custom_plan")
_DAYS_KEPT = 4


class _Place:
    """Where the facts of one day are put by the one who reads them; others wait for that."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.facts: Facts | None = None


Kept = LRUCache[tuple[Revision, date], _Place]
# By what sessions are bound to: a process may serve several databases, and requests have
# threads of their own.
_kept: WeakKeyDictionary[Engine | Connection, Kept] = WeakKeyDictionary()
_lock = Lock()


def facts_of(session: ReadingSession, day: date) -> Facts:
    """Give what the CPTS of a day are filtered by, of the session's own snapshot.

    Kept in the process while the registry's revision is the same: every table that it is
    read from advances it.
    """
    revision = current_revision(session)
    with _lock:
        kept = _kept.setdefault(session.get_bind(), LRUCache(maxsize=_DAYS_KEPT))
        place = kept.setdefault((revision, day), _Place())
    with place.lock:
        if place.facts is None:
            place.facts = _read_facts(session, day)
        return place.facts


def _read_facts(session: ReadingSession, day: date) -> Facts:
    rows = list(session.execute(statement(__file__, "facts"), {"day": day}).mappings())
    themes = references.themes(session)
    missions = {theme.mission: theme.mission_label for theme in themes}
    choices = {
        "region": _choices((each.code, each.name) for each in references.regions(session)),
        "department": _choices(
            (each.code, each.name) for each in references.departments(session, day)
        ),
        "stage": _choices((each.slug, each.label) for each in references.stages(session)),
        "tier": _choices(
            (str(each.tier), each.label) for each in references.tiers(session, day)
        ),
        "theme": _choices((each.slug, each.label) for each in themes),
        "mission": _choices(missions.items()),
        "action_state": _choices(STATES.items()),
    }
    return Facts(
        ids=np.array([row["id"] for row in rows], dtype=np.int64),
        population=np.array([row["population"] for row in rows], dtype=np.int64),
        members=np.array(
            [np.nan if row["members_count"] is None else row["members_count"] for row in rows],
            dtype=np.float64,
        ),
        confirmed=np.array(
            [row["confirmed_on"].toordinal() if row["confirmed_on"] else 0 for row in rows],
            dtype=np.int64,
        ),
        has={
            "region": _flags(choices["region"], [row["regions"] for row in rows]),
            "department": _flags(choices["department"], [row["departments"] for row in rows]),
            "stage": _flags(choices["stage"], [[row["stage"]] for row in rows]),
            "tier": _flags(choices["tier"], [[row["tier"]] for row in rows]),
        },
        work={
            told: _flags(choices["theme"], [row[told] for row in rows])
            for told in (DECLARED, ALL, *STATES)
        },
        named=[row["named"] for row in rows],
        communes=[row["communes"] for row in rows],
        missions=_flags(choices["mission"], [[theme.mission] for theme in themes]),
        choices=choices,
    )


def _choices(pairs: Any) -> Choices:
    values, labels = zip(*pairs, strict=True)
    return Choices(tuple(values), tuple(labels))


def _flags(choices: Choices, rows: Sequence[Sequence[str | None]]) -> Flags:
    places = {value: place for place, value in enumerate(choices.values)}
    flags = np.zeros((len(rows), len(places)), dtype=np.bool_)
    for number, values in enumerate(rows):
        for value in values:
            if value in places:
                flags[number, places[value]] = True
    return flags


def words_of(session: ReadingSession, sought: str, *, members: bool) -> list[Word]:
    """Give the words of a text, with the themes that have them and who wrote them.

    Parameters: `members`, whether what is for members is searched too.
    """
    session.execute(_CUSTOM_PLANS)
    rows = session.execute(statement(__file__, "words"), {"text": sought, "members": members})
    return [Word(row.word, row.themes, row.written) for row in rows]


def words_like(
    session: ReadingSession, words: Sequence[str], day: date, *, members: bool
) -> dict[str, Word]:
    """Give what resembles words, by word; parameters as of `words_of`."""
    rows = session.execute(
        statement(__file__, "resembling"),
        {"words": list(words), "day": day, "members": members},
    )
    return {
        row.word: Word(row.word, row.themes, row.written, row.named, row.communes)
        for row in rows
    }


def distances(session: ReadingSession, commune: str, day: date) -> dict[int, float]:
    """Give the kilometres from a commune to the territory of each CPTS, 0 inside it."""
    rows = session.execute(statement(__file__, "distances"), {"commune": commune, "day": day})
    return {row.cpts_id: float(row.km) for row in rows}


def passing_others(session: ReadingSession, asked: Asked, day: date) -> frozenset[int] | None:
    """List the ids that pass the filters which are not judged together, if any is asked."""
    others = [
        key.condition(value, day)
        for key, value in asked.filters.asked.items()
        if key not in JUDGED_TOGETHER
    ]
    if not others:
        return None
    return frozenset(session.scalars(select(Cpts.id).where(*others)))


def sheets(session: ReadingSession, cpts_ids: Sequence[int]) -> Mapping[int, dict[str, Any]]:
    """Give what CPTS wrote on their sheets, by id: presentation, members, actions."""
    rows = session.execute(statement(__file__, "sheets"), {"ids": list(cpts_ids)})
    return {row.id: row.sheet for row in rows}
