"""Searching the directory, and telling of one CPTS: of one snapshot of the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.cpts.reading.filtering import Filter
from app.cpts.reading.filters import FILTERS, THEME
from app.cpts.reading.service import check_filters, cpts_item
from app.database.calendar import today, year_before
from app.database.sessions import ReadingSession
from app.directory.contacts.service import Showing, contacts_of
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
from app.directory.search.repository import Near
from app.directory.search.rules import Hit, Wish, reasons
from app.directory.search.words import (
    LEAST_ASTRAY,
    Answers,
    answers,
    places_of,
    resembling_places,
)
from app.directory.sheets.rules import is_stale
from app.geography.evidence.codes import unit_code
from app.http.keeping import Kept, Moment, moment_of
from app.http.paging import PageAddress
from app.problems import Invalid

# What somebody looks for, while they choose filters.
_answers = Kept[Answers](64)


def listed(
    session: ReadingSession, asked: Asked, address: PageAddress, shown: Showing | None = None
) -> dict[str, Any]:
    """Give a page of the directory, with what each further choice would leave.

    Parameters: `shown`, for members' contacts; nobody's are given without it.

    Raises:
        Invalid: values that no reference list knows; distances from nowhere.
    """
    moment = moment_of(session, asked.filters.at or today())
    found = find(session, asked, moment)
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
    items = described(session, found.page, moment, asked.members, shown)
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


def find(session: ReadingSession, asked: Asked, moment: Moment) -> Found:
    """Find what passes the filters.

    Raises:
        Invalid: as `listed`.
    """
    day = moment.day
    facts = repository.facts_of(session, moment)
    _check_values(session, asked, facts.choices)
    near = _near(session, asked, moment)
    words = _words_found(session, facts, asked, moment)
    km = near.km if near else None
    judgement = judge(
        facts,
        Question(
            asked={key.name: asked.filters[key] for key in COUNTED if asked.filters[key]},
            every=asked.filters[THEME_MATCH] == "all",
            ranks=words.ranks if words else None,
            km=km,
            within_km=asked.filters[WITHIN_KM],
            among=repository.passing_others(session, asked, moment),
            members_min=asked.filters[MEMBERS_MIN],
            members_max=asked.filters[MEMBERS_MAX],
            members=asked.members,
            sort=asked.sort,
            fresh_from=year_before(day).toordinal(),
        ),
    )
    ids = facts.ids.tolist()
    page = [
        Hit(ids[row], (km or {}).get(ids[row]), words.kinds(row) if words else ())
        for row in judgement.rows[asked.offset : asked.offset + asked.limit]
    ]
    return Found(
        [ids[row] for row in judgement.rows],
        page,
        facets(facts, judgement),
        near.name if near else None,
    )


def ids_of(session: ReadingSession, asked: Asked) -> list[int]:
    """List the ids of all that pass the filters, in order; raises `Invalid` as `listed`."""
    return find(session, asked, moment_of(session, asked.filters.at or today())).ids


def _words_found(
    session: ReadingSession, facts: Facts, asked: Asked, moment: Moment
) -> Answers | None:
    text, members = asked.text, asked.members
    if text is None:
        return None
    return _answers.get(
        session,
        (moment, text, members),
        lambda: _read_answers(session, facts, text, moment.day, members=members),
    )


def _read_answers(
    session: ReadingSession, facts: Facts, text: str, day: date, *, members: bool
) -> Answers:
    words = repository.words_of(session, text, members=members)
    found = {word.word: places_of(facts, word, members=members) for word in words}
    astray = [
        word for word, places in found.items() if not places.any() and len(word) >= LEAST_ASTRAY
    ]
    if astray:
        like = repository.words_like(session, astray, day, members=members)
        for word in astray:
            found[word] = resembling_places(facts, like[word], members=members)
    return answers(facts, list(found.values()))


def described(
    session: ReadingSession,
    hits: Sequence[Hit],
    moment: Moment,
    members: bool,
    shown: Showing | None = None,
) -> list[dict[str, Any]]:
    """Tell of CPTS as of a day, in the order given; of public data only unless `members`."""
    ids = [hit.id for hit in hits]
    if not ids:
        return []
    told = repository.told_of(session, ids, moment, members=members)
    items = [told[each] for each in ids]
    if members:
        called = contacts_of(session, ids, shown)
        for item in items:
            item.update(called[item["id"]])
            confirmed = item["confirmed_on"]
            item["stale"] = is_stale(confirmed and date.fromisoformat(confirmed), moment.today)
    for hit, item in zip(hits, items, strict=True):
        item["distance_km"] = None if hit.km is None else round(hit.km, 1)
    return items


def single(
    session: ReadingSession, cpts_id: int, shown: Showing | None = None
) -> dict[str, Any]:
    """Tell of one CPTS all that members are told.

    Raises:
        NotFound: there is no such CPTS.
    """
    item = cpts_item(session, cpts_id)
    moment = moment_of(session, today())
    [told] = described(session, [Hit(cpts_id)], moment, members=True, shown=shown)
    return told | item | {"reasons": []}


def _near(session: ReadingSession, asked: Asked, moment: Moment) -> Near | None:
    """Give the place from which distances are counted, None when no distance is asked."""
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
        return None
    code = unit_code(given)
    found = repository.near(session, code, moment) if code else None
    if found is None:
        raise Invalid.at(
            "query", "near", message="Aucune commune n'a ce code.", accepted=["code INSEE"]
        )
    return found


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
