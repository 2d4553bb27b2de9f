"""The SQL of the search; what no question changes is kept until the registry does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import orjson
from sqlalchemy import select, text

from app.cpts.models import Cpts
from app.cpts.reading import repository as registry
from app.cpts.reading.filtering import Filter
from app.cpts.references import repository as references
from app.database.sessions import ReadingSession
from app.database.statements import statement
from app.directory.search.distances import Origin, Outlines, kilometres
from app.directory.search.facets import ALL, DECLARED, Choices, Facts, Flags
from app.directory.search.filters import JUDGED_TOGETHER, Asked
from app.directory.search.rules import STATES
from app.directory.search.words import Word
from app.http.keeping import Kept, KeptTexts, Moment

# A plan for these very words: one for any would read all communes that are held.
_CUSTOM_PLANS = text("SET LOCAL plan_cache_mode = force_custom_plan")
# Of a few days; of the places and the boxes that stay while people choose filters.
_facts = Kept[Facts](4)
_outlines = Kept[Outlines](4)
_places = Kept["Near | None"](64)
_passing = Kept[frozenset[int]](64)
# Of a thousand CPTS with long texts, all.
_told = {members: KeptTexts(32 * 2**20) for members in (False, True)}


def facts_of(session: ReadingSession, moment: Moment) -> Facts:
    """Give what the CPTS of a day are filtered by."""
    return _facts.get(session, moment, lambda: _read_facts(session, moment.day))


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


@dataclass(frozen=True, slots=True)
class Near:
    """A place by name, and the kilometres from it to the territory of each CPTS."""

    name: str
    km: Mapping[int, float]


def near(session: ReadingSession, code: str, moment: Moment) -> Near | None:
    """Give the distances from a commune, a city's first or what a former one became.

    Parameters: `code`, INSEE. 0 for the CPTS that holds it; None when there is none.
    """
    return _places.get(session, (moment, code), lambda: _read_near(session, code, moment))


def _read_near(session: ReadingSession, code: str, moment: Moment) -> Near | None:
    asked = {"given": code, "day": moment.day}
    row = session.execute(statement(__file__, "origin"), asked).one_or_none()
    if row is None:
        return None
    outlines = _outlines.get(session, moment, lambda: _read_outlines(session, moment.day))
    origin = Origin(row.longitude, row.latitude, row.holder)
    return Near(row.name, kilometres(outlines, origin))


def _read_outlines(session: ReadingSession, day: date) -> Outlines:
    rows = session.execute(statement(__file__, "outlines"), {"day": day})
    return Outlines.of_wkb([(row.cpts_id, bytes(row.shape)) for row in rows])


def passing_others(
    session: ReadingSession, asked: Asked, moment: Moment
) -> frozenset[int] | None:
    """List the ids that pass the filters which are not judged together, if any is asked."""
    # One by one: together the planner asks one of them again for each CPTS.
    passing = [
        _passing.get(
            session, (moment, key, value), partial(_read_passing, session, key, value, moment)
        )
        for key, value in asked.filters.asked.items()
        if key not in JUDGED_TOGETHER
    ]
    return passing[0].intersection(*passing[1:]) if passing else None


def _read_passing(
    session: ReadingSession, key: Filter[Any], value: Any, moment: Moment
) -> frozenset[int]:
    return frozenset(session.scalars(select(Cpts.id).where(key.condition(value, moment.day))))


def told_of(
    session: ReadingSession, cpts_ids: Sequence[int], moment: Moment, *, members: bool
) -> dict[int, dict[str, Any]]:
    """Give what is told of CPTS, by id, without persons: of members also their sheets."""

    def read(ids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        sheets = _sheets(session, ids) if members else {}
        for each in registry.described(session, ids, moment.day):
            if members:
                yield each.id, f"{each.properties[:-1]},{sheets[each.id][1:]}".encode()
            else:
                yield each.id, each.properties.encode()

    found = _told[members].get(session, moment, cpts_ids, read)
    return {number: orjson.loads(text) for number, text in found.items()}


def _sheets(session: ReadingSession, cpts_ids: Sequence[int]) -> dict[int, str]:
    """Give what CPTS wrote, by id, as JSON: presentation, members, actions."""
    rows = session.execute(statement(__file__, "sheets"), {"ids": list(cpts_ids)})
    return {row.id: row.sheet for row in rows}
