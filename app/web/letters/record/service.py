"""What the pages of letters show, each reader according to his rights."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.cpts.drawing.repository import Surroundings, surroundings
from app.cpts.drawing.rules import Label, placed_labels
from app.cpts.references import repository as references
from app.cpts.references.schemas import RegionItem, ThemeItem
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.geography.resolution import Given
from app.http.paging import PageAddress
from app.letters.attachments import rules as attachments
from app.letters.check.schemas import LetterCheck
from app.letters.check.service import Question, check_letter
from app.letters.conciliations.rules import OUTCOME_LABELS
from app.letters.reading import service as reading
from app.letters.reading.schemas import LetterFilters
from app.letters.record.actions import Action
from app.letters.record.rules import (
    KIND_LABELS,
    PENDING,
    STATE_LABELS,
    Agent,
    may_conciliate,
    outcome_of,
)
from app.letters.record.schemas import Decision
from app.letters.record.territory import day_of_effect
from app.web.letters.conciliations.service import rivalry
from app.web.letters.verdicts import verdict_words

EVENTS: Mapping[str, str] = {
    "deposited": "Dépôt",
    "corrected": "Correction",
    "territory": "Territoire modifié",
    "conciliation_opened": "Conciliation ouverte",
    "conciliation_closed": "Conciliation close",
    "decision": "Décision",
    "opinion": "Avis de l’URPS",
    "validated": "Validation",
    "refused": "Refus",
    "withdrawn": "Retrait",
    "attached": "Pièce ajoutée",
    "detached": "Pièce retirée",
}
AUTHORITIES: Mapping[str, str] = {"ars": "ARS", "assurance_maladie": "Assurance Maladie"}
POSITIONS: Mapping[str, str] = {
    "favorable": "Favorable",
    "defavorable": "Défavorable",
    "reserve": "Réservé",
}

DRAWING_WIDTH, DRAWING_HEIGHT = 640, 420
# Beyond, the window holds little more than the territory: thousands of outlines are slow.
_WIDE_WINDOW, _NARROW_WINDOW, _MANY_COMMUNES = 1.8, 1.15, 150
_MOST_DRAWN = 1_000


def own_region(agent: Agent | None, filters: LetterFilters, *, asked: bool) -> LetterFilters:
    """Begin with the agent's own region as long as nothing was asked for."""
    if agent is None or agent.region is None or asked:
        return filters
    return LetterFilters(regions=(agent.region,))


def letters_values(
    session: ReadingSession, agent: Agent | None, filters: LetterFilters, address: PageAddress
) -> dict[str, Any]:
    """Gather the list of letters, the open conciliations and the choices of its filters."""
    page = reading.letters_page(session, agent, filters, address)
    open_ones = reading.conciliations(
        session, agent, is_open=True, regions=filters.regions, departments=filters.departments
    )
    return {
        "page": page,
        "links": {link["rel"]: link["href"] for link in page["links"]},
        "filters": filters,
        "conciliations": open_ones["items"],
        "regions": regions(session),
        "states": STATE_LABELS,
        "kinds": KIND_LABELS,
    }


def letter_values(
    session: ReadingSession, agent: Agent | None, letter_id: int
) -> dict[str, Any]:
    """Gather one letter, its timeline and, while it is pending, what the check says today.

    Raises:
        NotFound: no such letter.
    """
    letter = reading.letter_detail(session, agent, letter_id)
    communes = letter["territory"]["communes"] + letter["territory"]["withdrawn"]
    rivals = _rivals(session, agent, letter)
    codes = {each["code"] for each in communes}
    codes = codes.union(*rivals["territories"].values()) if rivals else codes
    return {
        "letter": letter,
        "rivals": rivals,
        "today": today().isoformat(),
        "themes": themes(session) if "correct" in letter["actions"] else [],
        "check": _check(session, letter) if letter["state"] in PENDING else None,
        "merged": [cpts["id"] for cpts in letter.get("merged_cpts") or []],
        "regions": regions(session),
        "events": EVENTS,
        "authorities": AUTHORITIES,
        "positions": POSITIONS,
        "verdict_words": verdict_words,
        "pending_states": PENDING,
        "outcomes": OUTCOME_LABELS,
        "attachment_kinds": attachments.KIND_LABELS,
        "attachment_types": attachments.SUFFIXES,
    } | drawing_values(session, sorted(codes))


def decision_outlook(
    letter: Mapping[str, Any], agent: Agent, sent: Decision
) -> dict[str, Any] | None:
    """Tell what a decision would lead to, None when it cannot be theirs to take.

    Gives `authority`, `decision`, `outcome` (a state, None while the other decision is
    awaited) and `effect`, the day from which a letter that is validated would count.
    """
    everywhere = agent.reach("letters.decide") == "everywhere"
    authority = sent.authority if everywhere else agent.role
    if Action.DECIDE not in letter["actions"] or authority is None:
        return None
    known = {name: said["position"] for name, said in letter["decisions"].items() if said}
    decided_on = max(
        [sent.decided_on or today()]
        + [
            date.fromisoformat(said["given_on"])
            for said in letter["decisions"].values()
            if said
        ]
    )
    return {
        "authority": authority,
        "decision": sent.decision,
        "outcome": outcome_of(known | {authority: sent.decision}),
        "effect": max(letter["effective_on"] or decided_on, decided_on),
    }


def _rivals(
    session: ReadingSession, agent: Agent | None, letter: Mapping[str, Any]
) -> dict[str, Any] | None:
    for each in letter["conciliations"]:
        if each["closed_on"] is None:
            told = reading.conciliation_detail(session, agent, each["id"])
            return rivalry(session, agent, told)
    return None


def conciliation_values(
    session: ReadingSession, agent: Agent | None, conciliation_id: int
) -> dict[str, Any]:
    """Gather one conciliation and, for who may see them, the territories of its letters.

    Raises:
        NotFound: no such conciliation.
    """
    conciliation = reading.conciliation_detail(session, agent, conciliation_id)
    letters = [
        reading.letter_detail(session, agent, party["id"]) for party in conciliation["letters"]
    ]
    rivals = rivalry(session, agent, conciliation)
    codes = {each["code"] for each in conciliation["communes"]}
    codes = codes.union(*rivals["territories"].values()) if rivals else codes
    return {
        "conciliation": conciliation,
        "letters": letters,
        "outcomes": OUTCOME_LABELS,
        "states": STATE_LABELS,
        "pending_states": PENDING,
        "may_close": conciliation["open"] and may_conciliate(agent, conciliation["regions"]),
        "rivals": rivals,
        "today": today().isoformat(),
    } | drawing_values(session, sorted(codes))


def regions(session: ReadingSession) -> list[RegionItem]:
    """List the regions, by code."""
    return references.regions(session)


def themes(session: ReadingSession) -> list[ThemeItem]:
    """List the themes that a letter may choose as orientations."""
    return references.themes(session)


def drawing_values(
    session: ReadingSession, codes: Sequence[str], day: date | None = None
) -> dict[str, Any]:
    """Draw communes among those around them, coloured by who holds them on a day."""
    drawing = None
    if 0 < len(codes) <= _MOST_DRAWN:
        drawing = surroundings(
            session,
            codes,
            day or today(),
            width=DRAWING_WIDTH,
            height=DRAWING_HEIGHT,
            times=_WIDE_WINDOW if len(codes) <= _MANY_COMMUNES else _NARROW_WINDOW,
        )
    return {
        "drawing": drawing,
        "drawing_width": DRAWING_WIDTH,
        "drawing_height": DRAWING_HEIGHT,
        "drawn_labels": _labels(drawing) if drawing else [],
        "stage_labels": references.stage_labels(session),
    }


def _labels(drawing: Surroundings) -> list[Label]:
    # A commune that is asked for counts as wider, so that it is named before the others.
    return placed_labels(
        (
            (each.name, each.x, each.y, each.width + (200 if each.asked else 0), False)
            for each in drawing.shapes
            if each.kind == "commune"
        ),
        DRAWING_WIDTH,
        DRAWING_HEIGHT,
    )


def _check(session: ReadingSession, letter: Mapping[str, Any]) -> LetterCheck:
    amended = letter.get("cpts")
    return check_letter(
        session,
        Question(
            given=[Given(each["code"]) for each in letter["territory"]["communes"]],
            exclude_cpts=amended["id"] if amended else None,
            exclude_letters=(letter["id"],),
            effective_on=day_of_effect(letter["effective_on"]),
        ),
    )
