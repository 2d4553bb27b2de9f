"""What a draft of a letter leads to, before anything is written."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from app.cpts.agreements.service import planned_territory, territory_on
from app.cpts.reading import service as reading
from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import SEARCH
from app.cpts.references import repository as references
from app.cpts.stages import FIRST_STAGE
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.geography.repository import communes_by_code
from app.geography.resolution import Given, Resolution, resolve
from app.geography.units import CommuneRef
from app.http.paging import NOWHERE
from app.letters.check.file_reading import FileContent
from app.letters.check.schemas import LetterCheck
from app.letters.check.service import Question, check_letter
from app.letters.notes.service import Note
from app.letters.record.rules import Agent, Kind, sees_names
from app.letters.record.territory import day_of_effect
from app.problems import NotFound, Problem
from app.web.letters.deposit.rules import (
    ADD,
    COMMUNES,
    LISTS,
    WITHDRAW,
    Draft,
    Withdrawal,
    written,
)
from app.web.letters.record.service import drawing_values
from app.web.letters.verdicts import verdict_words

_CPTS_SHOWN = 12


@dataclass(frozen=True)
class ReadList:
    """What the texts of a list lead to, and those that lead to no one commune."""

    communes: Mapping[str, CommuneRef]
    doubts: Sequence[Resolution]


@dataclass(frozen=True)
class Outlook:
    """What becomes of a territory: its codes before and after, and the check of the latter.

    `stray` are the texts of communes that are to be withdrawn and are not there.
    """

    before: frozenset[str]
    after: frozenset[str]
    stray: Sequence[str] = ()
    check: LetterCheck | None = None
    check_before: LetterCheck | None = None

    @property
    def added(self) -> frozenset[str]:
        """The communes that come."""
        return self.after - self.before

    @property
    def withdrawn(self) -> frozenset[str]:
        """The communes that go."""
        return self.before - self.after


def names_of(session: ReadingSession, codes: Iterable[str]) -> dict[str, str]:
    """Give the names of communes of today by their codes; what is none is left out."""
    wanted = [code for code in codes if len(code) == 5 and code.isalnum()]
    return {
        each.code: each.name for each in communes_by_code(session, wanted, today()).values()
    }


def lines_of_file(session: ReadingSession, content: FileContent) -> list[str]:
    """Write what a file asks for as lines of a list; what it leaves open stays as it is."""
    answer = check_letter(session, Question(given=content.given, surface=content.surface))
    found = [f"{each.name} ({each.code})" for each in answer.territory.communes]
    return found + [each.given for each in answer.unresolved if each.given != "geometry"]


def cpts_named(session: ReadingSession, text: str) -> list[dict[str, Any]]:
    """Find the CPTS of today that a text may name, the best first."""
    if not text.strip():
        return []
    asked = Filters({SEARCH: text.strip()}, limit=_CPTS_SHOWN)
    found: list[dict[str, Any]] = orjson.loads(reading.cpts_page(session, asked, NOWHERE))[
        "items"
    ]
    exact = [each for each in found if each["name"].casefold() == text.strip().casefold()]
    return exact if len(exact) == 1 else found


def cpts_of(session: ReadingSession, cpts_id: int) -> dict[str, Any] | None:
    """Give a CPTS by its number, None where there is none."""
    try:
        return reading.cpts_item(session, cpts_id)
    except NotFound:
        return None


def draft_of_territory(
    session: ReadingSession, lines: Sequence[str], cpts_id: int | None
) -> Draft:
    """Make the draft of a whole territory: for a recognised CPTS, what differs from its own.

    Parameters: `cpts_id`, the CPTS that it would amend, or the dynamic that it advances.
    """
    cpts = cpts_of(session, cpts_id) if cpts_id is not None else None
    if cpts is None or cpts["stage"] == FIRST_STAGE:
        return Draft(lists={COMMUNES: lines}, cpts=cpts["id"] if cpts else None)
    read = _read(session, {COMMUNES: lines})[COMMUNES]
    held = territory_on(session, cpts["id"], today())
    open_lines = [each.given.text or "" for each in read.doubts]
    added = [written(unit) for code, unit in read.communes.items() if code not in held]
    gone = names_of(session, held - read.communes.keys())
    return Draft(
        kind=Kind.AMENDMENT,
        cpts=cpts["id"],
        lists={
            ADD: [*added, *open_lines],
            WITHDRAW: [f"{name} ({code})" for code, name in sorted(gone.items())],
        },
    )


def draft_of_note(session: ReadingSession, note: Note) -> Draft:
    """Make the draft of a territory that was checked before, of its day of effect."""
    lines = [f"{each.name} ({each.code})" for each in note.answer.territory.communes]
    lines += [each.given for each in note.answer.unresolved if each.given != "geometry"]
    draft = draft_of_territory(session, lines, note.question.exclude_cpts)
    return replace(draft, effective_on=note.question.effective_on)


def deposit_values(
    session: ReadingSession, agent: Agent, draft: Draft, *, shown: bool
) -> dict[str, Any]:
    """Gather what the page of a deposit shows of a draft.

    Parameters: `shown`, whether its territory is to be judged and drawn yet.
    """
    chosen, found = _chosen(session, draft)
    merged = [each for each in (cpts_of(session, number) for number in draft.merged) if each]
    candidates = [each for each in cpts_named(session, draft.merged_name) if each not in merged]
    if len(candidates) == 1:
        merged, candidates = [*merged, *candidates], []
    values = {
        "draft": draft,
        "chosen_cpts": chosen,
        "found_cpts": found,
        "merged_cpts": merged,
        "found_merged": candidates,
    }
    read = _read(session, draft.lists) if shown else {}
    values["lists"] = read
    outlook = (
        _of_draft(session, agent, draft, chosen=chosen, merged=merged, read=read)
        if shown
        else None
    )
    return values | outlook_values(session, outlook)


def correction_values(
    session: ReadingSession, agent: Agent, letter: Mapping[str, Any], draft: Draft
) -> dict[str, Any]:
    """Gather what the page shows that adds to a letter's territory and withdraws from it."""
    read = _read(session, draft.lists)
    before = frozenset(each["code"] for each in letter["territory"]["communes"])
    cpts = letter.get("cpts")
    outlook = None
    if any(draft.lines(name) for name in LISTS):
        outlook = _difference(before, read)
        question = Question(
            exclude_cpts=cpts["id"] if cpts else None,
            exclude_letters=(letter["id"],),
            effective_on=day_of_effect(letter["effective_on"]),
            names_letters=sees_names(agent),
        )
        outlook = _judged(session, outlook, question)
    return {"draft": draft, "lists": read} | outlook_values(session, outlook)


def outlook_values(session: ReadingSession, outlook: Outlook | None) -> dict[str, Any]:
    """Gather the panel of a territory before and after, None of it without any."""
    if outlook is None or outlook.check is None:
        return {"outlook": outlook, "withdrawal": None, "drawing": None}
    check = outlook.check
    before = outlook.check_before
    facts = communes_by_code(session, outlook.withdrawn | outlook.added, check.effective_on)
    withdrawal = None
    if outlook.withdrawn and before is not None:
        withdrawal = Withdrawal(
            names=[facts[code].name for code in sorted(outlook.withdrawn)],
            codes=outlook.withdrawn,
            population=sum(facts[code].population for code in outlook.withdrawn),
            of_population=before.territory.population,
            of_communes=len(outlook.before),
        )
    return {
        "outlook": outlook,
        "withdrawal": withdrawal,
        "verdict": verdict_words(check),
        "changed": {code: facts[code].name for code in sorted(facts)},
    } | drawing_values(session, sorted(outlook.after | outlook.withdrawn), check.effective_on)


def _chosen(
    session: ReadingSession, draft: Draft
) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Give the CPTS that a draft names, or those among which it has to choose.

    A name that was written goes before the CPTS that was chosen earlier.
    """
    found = cpts_named(session, draft.cpts_name)
    picked = [each for each in found if each["id"] == draft.cpts]
    if len(found) == 1 or picked:
        return (picked or found)[0], []
    if draft.cpts_name or draft.cpts is None:
        return None, found
    return cpts_of(session, draft.cpts), []


def _of_draft(
    session: ReadingSession,
    agent: Agent,
    draft: Draft,
    *,
    chosen: Mapping[str, Any] | None,
    merged: Sequence[Mapping[str, Any]],
    read: Mapping[str, ReadList],
) -> Outlook | None:
    day = day_of_effect(draft.effective_on)
    own = [chosen["id"]] if chosen else []
    if draft.kind == Kind.MERGER:
        held: set[str] = set()
        for number in [*own, *(each["id"] for each in merged)]:
            held |= planned_territory(session, number, day)
        outlook = Outlook(frozenset(held), frozenset(held))
    elif draft.kind == Kind.AMENDMENT:
        if chosen is None:
            return None
        outlook = _difference(frozenset(territory_on(session, chosen["id"], day)), read)
    else:
        outlook = Outlook(frozenset(), frozenset(_codes(read, COMMUNES)))
    question = Question(
        exclude_cpts=own[0] if own else None,
        effective_on=day,
        names_letters=sees_names(agent),
    )
    return _judged(session, outlook, question)


def _difference(before: frozenset[str], read: Mapping[str, ReadList]) -> Outlook:
    added, gone = _codes(read, ADD), _codes(read, WITHDRAW)
    leaving = read[WITHDRAW].communes if WITHDRAW in read else {}
    stray = [written(unit) for code, unit in leaving.items() if code not in before]
    return Outlook(before, frozenset((before | added) - gone), stray)


def _judged(session: ReadingSession, outlook: Outlook, question: Question) -> Outlook:
    def check(codes: Collection[str]) -> LetterCheck | None:
        if not codes:
            return None
        given = [Given(code) for code in sorted(codes)]
        try:
            return check_letter(session, replace(question, given=given))
        except Problem:
            # Beyond what a check takes: the deposit says so.
            return None

    before = outlook.before
    return replace(
        outlook,
        check=check(outlook.after),
        check_before=check(before) if before and before != outlook.after else None,
    )


def _codes(read: Mapping[str, ReadList], name: str) -> set[str]:
    return set(read[name].communes) if name in read else set()


def _read(session: ReadingSession, lists: Mapping[str, Sequence[str]]) -> dict[str, ReadList]:
    found = {}
    for name, lines in lists.items():
        answers = resolve(session, [Given(line) for line in lines])
        communes = {
            unit.code: unit
            for answer in answers
            if answer.outcome == "resolved"
            for unit in answer.communes
        }
        doubts = [each for each in answers if each.outcome != "resolved"]
        found[name] = ReadList(communes, doubts)
    return found


def stage_labels(session: ReadingSession) -> Mapping[str, str]:
    """Give the labels of stages by slug."""
    return references.stage_labels(session)
