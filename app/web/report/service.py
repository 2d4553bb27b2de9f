"""The figures of a report, of one snapshot of the registry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from app.cpts.reading import repository as registry
from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import REGION
from app.cpts.reading.service import check_values, coverage
from app.cpts.references import repository as references
from app.cpts.stages import SIGNED_STAGE
from app.database.calendar import today, year_before
from app.database.sessions import ReadingSession
from app.files.office_tables import Heading, Sheet
from app.geography.division.notes import parts_made
from app.web.report import rules
from app.web.report.rules import Changes, Compared


@dataclass(frozen=True, slots=True)
class Department:
    """The coverage of a department on the day of the report, and a year before.

    A share is one that is known only where the registry is declared complete that day.
    """

    code: str
    name: str
    complete: bool
    complete_before: bool
    cpts: int
    population: int
    covered: int
    share: float
    share_before: float


@dataclass(frozen=True, slots=True)
class Report:
    """What stands on a day, in the country or a region, beside what stood a year before.

    `whole` and `whole_before` are items of the coverage.
    """

    day: date
    before: date
    region: str | None
    place: str
    whole: Mapping[str, Any]
    whole_before: Mapping[str, Any]
    count: Compared
    stages: Sequence[Compared]
    tiers: Sequence[Compared]
    missions: Sequence[Compared]
    themes: Sequence[Compared]
    departments: Sequence[Department]
    changes: Changes
    signed: Sequence[Mapping[str, Any]]


def report(session: ReadingSession, at: date | None, region: str | None) -> Report:
    """Gather a report.

    Parameters: `at`, its day, today when None; `region`, INSEE code, the country when None.
    Raises `Invalid` for an unknown region.
    """
    if region is not None:
        check_values(session, region=(region,))
    day = at or today()
    before = year_before(day)
    now, earlier = (_items(session, each, region) for each in (day, before))
    themes = references.themes(session)
    tiers = {each.tier: each.label for each in references.tiers(session, day)}
    labels = references.stage_labels(session)
    names = {each.code: each.name for each in references.regions(session)}
    whole, whole_before = (_whole(session, each, region) for each in (day, before))
    return Report(
        day=day,
        before=before,
        region=region,
        place=names[region] if region else "France",
        whole=whole,
        whole_before=whole_before,
        count=Compared("CPTS", len(now), len(earlier)),
        stages=rules.counted("stage", labels, now, earlier),
        tiers=rules.counted("tier", tiers, now, earlier),
        missions=rules.counted_by_theme(
            {each.mission: each.mission_label for each in themes}, now, earlier, "mission"
        ),
        themes=rules.counted_by_theme({each.slug: each.label for each in themes}, now, earlier),
        departments=_departments(session, day, before, region),
        changes=rules.changes(now, _as_divided(session, earlier, before, day)),
        signed=[item for item in now if item["stage"] == SIGNED_STAGE],
    )


def _items(session: ReadingSession, day: date, region: str | None) -> list[dict[str, Any]]:
    filters = Filters({REGION: (region,)} if region else {}, at=day)
    ids = registry.matching(session, filters, day)
    if not ids:
        return []
    return [
        orjson.loads(found.properties)
        | {"codes": {each["code"] for each in orjson.loads(found.communes or "[]")}}
        for found in registry.described(session, ids, day, with_communes=True)
    ]


def _as_divided(
    session: ReadingSession, items: Sequence[dict[str, Any]], before: date, day: date
) -> list[dict[str, Any]]:
    # Whoever holds all the quarters of the commune that it held has gained and lost nothing.
    parts = parts_made(session, before, day)
    return [{**item, "codes": rules.as_divided(item["codes"], parts)} for item in items]


def _whole(session: ReadingSession, day: date, region: str | None) -> Mapping[str, Any]:
    items = orjson.loads(coverage(session, "region" if region else "country", (), day))["items"]
    found: Mapping[str, Any] = next(
        item for item in items if region is None or item["code"] == region
    )
    return found


def _departments(
    session: ReadingSession, day: date, before: date, region: str | None
) -> list[Department]:
    inside = {
        each.code for each in references.departments(session, day, (region,) if region else ())
    }
    now, earlier = (
        {
            item["code"]: item
            for item in orjson.loads(coverage(session, "department", (), each))["items"]
        }
        for each in (day, before)
    )
    return [
        Department(
            code=code,
            name=item["name"],
            complete=item["complete"],
            complete_before=earlier[code]["complete"],
            cpts=sum(item["cpts_by_stage"].values()),
            population=item["population"],
            covered=item["population_covered"],
            share=item["share_covered"],
            share_before=earlier[code]["share_covered"],
        )
        for code, item in now.items()
        if code in inside
    ]


def sheets(found: Report) -> list[Sheet]:
    """Give a report as tables for offices, each a sheet."""
    compared = [
        Heading("Quoi"),
        Heading(f"Au {found.day:%d/%m/%Y}", "Nombre de CPTS au jour du bilan."),
        Heading(f"Au {found.before:%d/%m/%Y}", "Nombre de CPTS un an plus tôt."),
        Heading("Évolution"),
    ]
    tables = (
        ("Stades", found.stages),
        ("Tailles", found.tiers),
        ("Missions", found.missions),
        ("Thèmes", found.themes),
    )
    return [
        *(
            Sheet(
                title,
                compared,
                [(each.label, each.now, each.before, each.difference) for each in rows],
            )
            for title, rows in tables
        ),
        Sheet(
            "Départements",
            [
                Heading("Code"),
                Heading("Département"),
                Heading("Renseigné", "Le contenu du registre y est déclaré complet."),
                Heading("CPTS"),
                Heading("Population", "Population municipale (INSEE)."),
                Heading("Population couverte"),
                Heading("Part couverte", share=True),
                Heading("Renseigné un an plus tôt", "De même, un an avant le jour du bilan."),
                Heading("Part un an plus tôt", share=True),
            ],
            [
                (
                    each.code,
                    each.name,
                    each.complete,
                    each.cpts,
                    each.population,
                    each.covered,
                    each.share,
                    each.complete_before,
                    each.share_before,
                )
                for each in found.departments
            ],
        ),
        Sheet(
            "Changements",
            [Heading("Changement"), Heading("CPTS"), Heading("Détail")],
            _changes(found.changes),
        ),
        Sheet(
            "ACI signés",
            [
                Heading("CPTS"),
                Heading("Signé depuis", "Vide quand la date n’est pas connue."),
                Heading("Taille"),
                Heading("Population"),
                Heading("Départements"),
            ],
            [
                (
                    each["name"],
                    date.fromisoformat(each["stage_since"]) if each["stage_since"] else None,
                    each["tier"],
                    each["population"],
                    ", ".join(each["departments"]),
                )
                for each in found.signed
            ],
        ),
    ]


def _changes(found: Changes) -> list[tuple[str, str, str]]:
    return [
        *(("Nouvelle", each["name"], each["stage_label"] or "") for each in found.new),
        *(
            ("Stade", each["name"], f"{former} → {each['stage_label'] or 'stade non connu'}")
            for each, former in found.advanced
        ),
        *(
            ("Territoire", each.cpts["name"], f"+{each.gained}, −{each.lost} communes")
            for each in found.moved
        ),
        *(("Fin", each["name"], "") for each in found.ended),
    ]
