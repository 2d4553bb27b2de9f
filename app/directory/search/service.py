"""Searching the directory, and telling of one CPTS: of one snapshot of the database."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from app.cpts.reading import repository as registry
from app.cpts.reading.filtering import Filter
from app.cpts.reading.filters import FILTERS, THEME
from app.cpts.reading.service import check_filters, cpts_item
from app.database.calendar import today, year_before
from app.database.sessions import ReadingSession
from app.directory.contacts import repository as contacts
from app.directory.search import repository
from app.directory.search.facets import Choices, Facts, Question, facets, judge
from app.directory.search.filters import (
    ACTION_STATE,
    COUNTED,
    MEMBERS_MAX,
    MEMBERS_MIN,
    MISSION,
    NEAR,
    THEME_MATCH,
    WITHIN_KM,
    Asked,
)
from app.directory.search.rules import Hit, Wish, reasons
from app.directory.search.words import (
    LEAST_ASTRAY,
    Answers,
    answers,
    places_of,
    ranks_of,
    resembling_places,
)
from app.directory.sheets.rules import is_stale
from app.geography import naming
from app.geography.repository import known_codes
from app.http.paging import PageAddress
from app.problems import Invalid

# Notes that somebody is shown the contacts of CPTS, and tells of which they may be shown.
Shown = Callable[[Collection[int]], Collection[int]]


def listed(
    session: ReadingSession, asked: Asked, address: PageAddress, shown: Shown | None = None
) -> dict[str, Any]:
    """Give a page of the directory, with what each further choice would leave.

    Parameters: `shown`, for members' contacts; nobody's are given without it.

    Raises:
        Invalid: values that no reference list knows; distances from nowhere.
    """
    found = find(session, asked)
    labels = {name: _labels(choices) for name, choices in found.facets.items()}
    states: tuple[str, ...] = asked.filters[ACTION_STATE]
    wish = Wish(
        themes=_chosen(asked, THEME, labels),
        missions=_chosen(asked, MISSION, labels),
        states=states,
        text=asked.text,
        near=found.near,
        members=asked.members,
    )
    items = described(session, found.page, asked.filters.at or today(), asked.members, shown)
    for hit, item in zip(found.page, items, strict=True):
        item["reasons"] = reasons(hit, item, wish)
    return {
        "items": items,
        "facets": found.facets,
        "number_matched": found.matched,
        "number_returned": len(items),
        "links": address.links(asked, found.matched, len(items)),
    }


@dataclass(frozen=True, slots=True)
class Found:
    """The ids that pass, in order, one page of them, and the choices by filter.

    `near` is the name of the commune from which distances are counted.
    """

    ids: list[int]
    page: list[Hit]
    facets: Mapping[str, list[dict[str, Any]]]
    near: str | None

    @property
    def matched(self) -> int:
        """How many pass."""
        return len(self.ids)


def find(session: ReadingSession, asked: Asked) -> Found:
    """Find what passes the filters.

    Raises:
        Invalid: as `listed`.
    """
    day = asked.filters.at or today()
    facts = repository.facts_of(session, day)
    _check_values(session, asked, facts.choices)
    code, near = _place(session, asked)
    words = _words_found(session, facts, asked, day)
    km = repository.distances(session, code, day) if code else None
    judgement = judge(
        facts,
        Question(
            asked={key.name: asked.filters[key] for key in COUNTED if asked.filters[key]},
            every=asked.filters[THEME_MATCH] == "all",
            ranks=ranks_of(words),
            km=km,
            within_km=asked.filters[WITHIN_KM],
            among=repository.passing_others(session, asked, day),
            members_min=asked.filters[MEMBERS_MIN],
            members_max=asked.filters[MEMBERS_MAX],
            members=asked.members,
            sort=asked.sort,
            fresh_from=year_before(day).toordinal(),
        ),
    )
    page = [
        Hit(n, (km or {}).get(n), (words or {}).get(n, (0, ()))[1])
        for n in judgement.ids[asked.offset : asked.offset + asked.limit]
    ]
    return Found(judgement.ids, page, facets(facts, judgement), near)


def ids_of(session: ReadingSession, asked: Asked) -> list[int]:
    """List the ids of all that pass the filters, in order; raises `Invalid` as `listed`."""
    return find(session, asked).ids


def _words_found(
    session: ReadingSession, facts: Facts, asked: Asked, day: date
) -> Answers | None:
    if asked.text is None:
        return None
    members = asked.members
    words = repository.words_of(session, asked.text, members=members)
    found = {word.word: places_of(facts, word, members=members) for word in words}
    astray = [
        word for word, places in found.items() if not places and len(word) >= LEAST_ASTRAY
    ]
    if astray:
        like = repository.words_like(session, astray, day, members=members)
        for word in astray:
            found[word] = resembling_places(facts, like[word], members=members)
    return answers(list(found.values()))


def described(
    session: ReadingSession,
    hits: Sequence[Hit],
    day: date,
    members: bool,
    shown: Shown | None = None,
) -> list[dict[str, Any]]:
    """Tell of CPTS as of a day, in the order given; of public data only unless `members`."""
    ids = [hit.id for hit in hits]
    if not ids:
        return []
    items = [orjson.loads(each.properties) for each in registry.described(session, ids, day)]
    if members:
        written = repository.sheets(session, ids)
        called = contacts_of(session, ids, shown)
        now = today()
        for item in items:
            item.update(written[item["id"]], **called[item["id"]])
            confirmed = item["confirmed_on"]
            item["stale"] = is_stale(confirmed and date.fromisoformat(confirmed), now)
    for hit, item in zip(hits, items, strict=True):
        if hit.km is not None:
            item["distance_km"] = round(hit.km, 1)
    return items


def contacts_of(
    session: ReadingSession, cpts_ids: Sequence[int], shown: Shown | None
) -> dict[int, dict[str, Any]]:
    """Give the contacts of CPTS that may be shown, and of which they are withheld."""
    day = today()
    having = set(contacts.having(session, cpts_ids, day)) if shown else set()
    allowed = set(shown(having)) if shown and having else set()
    called = contacts.contacts(session, sorted(allowed), day) if allowed else {}
    return {
        each: {
            "contacts": called.get(each, []),
            "contacts_withheld": each in having and each not in allowed,
        }
        for each in cpts_ids
    }


def single(session: ReadingSession, cpts_id: int, shown: Shown | None = None) -> dict[str, Any]:
    """Tell of one CPTS all that members are told.

    Raises:
        NotFound: there is no such CPTS.
    """
    item = cpts_item(session, cpts_id)
    [told] = described(session, [Hit(cpts_id)], today(), members=True, shown=shown)
    return told | item | {"reasons": []}


def _place(session: ReadingSession, asked: Asked) -> tuple[str | None, str | None]:
    """Give the commune of today from which distances are counted, and its name."""
    given = asked.filters[NEAR]
    if given is None:
        for name, is_asked in (
            ("sort", asked.sort == "distance"),
            ("within_km", asked.filters[WITHIN_KM] is not None),
        ):
            if is_asked:
                raise Invalid.at(
                    "query", name, message="Les distances sont comptées depuis « near ».",
                    accepted=["avec near=CODE d'une commune"],
                )  # fmt: skip
        return None, None
    code = naming.commune_code(given)
    rows = known_codes(session, [code]).get(code, []) if code and len(given) == 5 else []
    if not rows:
        raise Invalid.at(
            "query", "near", message="Aucune commune n'a ce code.", accepted=["code INSEE"]
        )
    return rows[0].code, rows[0].name or rows[0].commune


def _check_values(
    session: ReadingSession, asked: Asked, choices: Mapping[str, Choices]
) -> None:
    """Refuse what no list of choices holds."""
    for key in COUNTED:
        accepted = choices[key.name].values
        if set(asked.filters[key]) - set(accepted):
            # A tier of another day is known, and finds nothing.
            check_filters(session, asked.filters.kept(lambda each: each in FILTERS))
            if key not in FILTERS:
                raise Invalid.at(
                    "query", key.name, message="Valeur inconnue.", accepted=accepted
                )


def _labels(choices: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {choice["value"]: choice["label"] for choice in choices}


def _chosen(
    asked: Asked, key: Filter[tuple[str, ...]], labels: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    known = labels.get(key.name, {})
    return {value: known.get(value, value) for value in asked.filters[key]}
