"""What is to be followed in a region: letters, CPTS that stand still, contracts, reports."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from app.cpts.references import repository as references
from app.cpts.stages import SIGNED_STAGE
from app.database.calendar import PARIS, today
from app.database.sessions import ReadingSession
from app.files.office_tables import Heading, Sheet
from app.letters.reading import service as reading
from app.letters.reading.schemas import LetterFilters
from app.letters.record.rules import DECIDING, PENDING, Agent, State
from app.problems import Forbidden, NotFound
from app.web.agents import repository, rules
from app.web.agents.rules import Item, Section
from app.web.letters.record.service import AUTHORITIES

TITLES: Mapping[Section, str] = {
    Section.DECIDE: "À décider",
    Section.CONCILIATE: "En conciliation",
    Section.ALONE: "Sans la décision de l’autre autorité",
    Section.STANDS_STILL: "CPTS dont le stade n’avance plus",
    Section.ENDS: "ACI qui s’achèvent dans l’année",
    Section.REPORTS: "Signalements sans suite",
}
_HEADERS = ("Rubrique", "Objet", "Détail", "Depuis", "Échéance", "Jours restants", "Adresse")
_LETTERS_A_PAGE = 1_000
_LONGEST_MESSAGE = 200


def region_named(session: ReadingSession, agent: Agent, code: str) -> str:
    """Give the name of a region that somebody follows.

    Raises:
        NotFound: no such region.
        Forbidden: another's.
    """
    names = {each.code: each.name for each in references.regions(session)}
    if code not in names:
        raise NotFound("Cette région n'existe pas.")
    if agent.reach("region.follow") != "everywhere" and agent.region != code:
        raise Forbidden("Chacun suit sa propre région.")
    return names[code]


def to_follow(
    session: ReadingSession, agent: Agent, region: str
) -> dict[Section, Sequence[Item]]:
    """Gather what is to be followed in a region, by section.

    Reports of an error hold messages of visitors: only for whoever answers them.
    """
    day = today()
    items = [*_letters(session, agent, region), *_cpts(session, region, day)]
    reports = (
        repository.reports_of_region(session, region, day)
        if _may_read_reports(agent, region)
        else []
    )
    for report in reports:
        about = f"/cpts/{report.cpts_id}" if report.cpts_id else f"/communes/{report.commune}"
        items.append(
            Item(
                Section.REPORTS,
                report.about,
                about,
                report.message[:_LONGEST_MESSAGE],
                since=report.reported_at.astimezone(PARIS).date(),
            )
        )
    found = rules.by_section(items)
    if not _may_read_reports(agent, region):
        del found[Section.REPORTS]
    return found


def _may_read_reports(agent: Agent, region: str) -> bool:
    reach = agent.reach("reports.handle")
    return reach == "everywhere" or (reach is not None and agent.region == region)


def as_sheet(found: Mapping[Section, Sequence[Item]]) -> Sheet:
    """Give what is to be followed as a table for offices."""
    return Sheet("À suivre", [Heading(title) for title in _HEADERS], _rows(found))


def _rows(found: Mapping[Section, Sequence[Item]]) -> list[tuple[Any, ...]]:
    day = today()
    return [
        (
            TITLES[section],
            item.name,
            item.detail,
            item.since,
            item.due,
            item.days_left(day),
            item.address,
        )
        for section, items in found.items()
        for item in items
    ]


def _letters(session: ReadingSession, agent: Agent, region: str) -> list[Item]:
    filters = LetterFilters(regions=(region,), states=PENDING, limit=_LETTERS_A_PAGE)
    found = []
    for letter in reading.letters_page(session, agent, filters)["items"]:
        known = {name for name, said in (letter.get("decisions") or {}).items() if said}
        missing = [name for name in DECIDING if name not in known]
        item = Item(
            Section.DECIDE,
            letter["name"] or f"{letter['kind_label']} n° {letter['id']}",
            f"/lettres/{letter['id']}",
            f"{letter['kind_label']}, instruite par {letter['lead_region']['name']}",
            since=letter["deposited_on"],
            due=rules.decision_due(letter["deposited_on"]),
        )
        if letter["state"] == State.IN_CONCILIATION:
            found.append(replace(item, section=Section.CONCILIATE))
        elif len(missing) == 1:
            awaited = f"{item.detail} ; attendue : {AUTHORITIES[missing[0]]}"
            found.append(replace(item, section=Section.ALONE, detail=awaited))
        else:
            found.append(item)
    return found


def _cpts(session: ReadingSession, region: str, day: date) -> list[Item]:
    found = []
    for cpts in repository.stages_of_region(session, region, day):
        address = f"/cpts/{cpts.id}"
        if cpts.stage == SIGNED_STAGE:
            end = rules.ends_soon(cpts.since, day) if cpts.since else None
            if end is not None:
                found.append(
                    Item(
                        Section.ENDS, cpts.name, address, cpts.label, since=cpts.since, due=end
                    )
                )
            continue
        since = cpts.since or cpts.recorded_on
        if rules.stands_still(since, day):
            detail = cpts.label if cpts.since else f"{cpts.label}, date inconnue, inscrit alors"
            found.append(Item(Section.STANDS_STILL, cpts.name, address, detail, since=since))
    return found
