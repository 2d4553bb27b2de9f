"""The figures of the page as tables: names for programs, headings for offices."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from app.cpts.reading.schemas import CoverageLevel
from app.cpts.reading.service import coverage
from app.cpts.references import repository as references
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.files.cells import csv_table
from app.files.office_tables import Heading, Sheet
from app.web.statistics.service import evolution, sizes, themes

_COVERED = "dans le territoire d’une CPTS dont la lettre d’intention au moins est validée"


@dataclass(frozen=True, slots=True)
class Table:
    """Figures in rows: `columns` are a name and a heading each."""

    title: str
    columns: Sequence[tuple[str, Heading]]
    rows: Iterable[Sequence[Any]]

    def as_csv(self) -> bytes:
        """Write it as CSV (UTF-8, comma), with the names of the columns."""
        return csv_table((name for name, _ in self.columns), self.rows)

    def for_offices(self) -> Sheet:
        """Give it with the headings of its columns."""
        return Sheet(self.title, [heading for _, heading in self.columns], self.rows)


def territories(session: ReadingSession, level: CoverageLevel, at: date | None) -> Table:
    """Give the figures of the regions or departments of a day, today when None.

    Parameters: `level`, `region` or `department`.
    """
    answer = orjson.loads(coverage(session, level, (), at))
    labels = references.stage_labels(session)
    day = date.fromisoformat(answer["date"])
    columns = [
        ("date", Heading("Date", "Jour dont sont les chiffres.")),
        ("code", Heading("Code", "Code INSEE.")),
        ("name", Heading("Nom", "Nom officiel.")),
        ("population", Heading("Population", "Population municipale (INSEE).")),
        (
            "population_covered",
            Heading("Population couverte", f"Habitants des communes {_COVERED}."),
        ),
        (
            "share_covered",
            Heading("Part couverte", "Population couverte sur population.", share=True),
        ),
        ("communes", Heading("Communes", "Communes, et arrondissements municipaux.")),
        ("communes_covered", Heading("Communes couvertes", f"Communes {_COVERED}.")),
        (
            "complete",
            Heading("Renseigné", "Le contenu du registre y est déclaré complet, partout."),
        ),
        (
            "population_complete",
            Heading("Population renseignée", "Population des départements déclarés complets."),
        ),
        *_by_stage(labels),
    ]
    rows = (
        (
            day,
            item["code"],
            item["name"],
            item["population"],
            item["population_covered"],
            item["share_covered"],
            item["communes"],
            item["communes_covered"],
            item["complete"],
            item["population_complete"],
            *(item["cpts_by_stage"].get(slug, 0) for slug in labels),
        )
        for item in answer["items"]
    )
    title = "Régions" if level == "region" else "Départements"
    return Table(title, columns, rows)


def by_size(session: ReadingSession, at: date | None) -> Table:
    """Give the CPTS of a day by region and tier, today when None; the country last."""
    day = at or today()
    found = sizes(session, day)
    columns = [
        ("date", Heading("Date", "Jour dont sont les chiffres.")),
        ("code", Heading("Code", "Code INSEE.")),
        ("name", Heading("Nom", "Nom officiel ; une CPTS compte dans chacune de ses régions.")),
        *(
            (
                f"cpts_tier_{tier or 'unknown'}",
                Heading(f"CPTS : {label}", "CPTS de cette taille."),
            )
            for tier, label in found.labels.items()
        ),
        ("cpts", Heading("CPTS", "CPTS de toute taille.")),
    ]
    places = [*found.rows, ("FR", "France", found.country)]
    rows = [(day, code, name, *counts, sum(counts)) for code, name, counts in places]
    return Table("Tailles", columns, rows)


def by_theme(session: ReadingSession, at: date | None) -> Table:
    """Give the CPTS of a day by theme, today when None."""
    day = at or today()
    columns = [
        ("date", Heading("Date", "Jour dont sont les chiffres.")),
        ("mission", Heading("Mission", "Mission dont est le thème.")),
        ("slug", Heading("Identifiant", "Nom du thème dans l'interface de programmation.")),
        ("theme", Heading("Thème", "Thème de travail.")),
        ("cpts", Heading("CPTS", "CPTS qui travaillent sur ce thème.")),
        ("share", Heading("Part", "De toutes les CPTS.", share=True)),
    ]
    rows = [
        (day, each.mission, each.slug, each.label, each.number, round(each.share, 4))
        for each in themes(session, day)
    ]
    return Table("Thèmes", columns, rows)


def course(session: ReadingSession, at: date | None) -> Table:
    """Give the deployment month by month, until a day, today when None."""
    labels = references.stage_labels(session)
    columns = [
        ("date", Heading("Date", "Dernier jour du mois, ou jour demandé.")),
        *_by_stage(labels),
        ("aci_signed_within_month", Heading("ACI signés dans le mois", "CPTS.")),
        (
            "population_covered",
            Heading("Population couverte", f"Habitants des communes {_COVERED}."),
        ),
        ("communes_covered", Heading("Communes couvertes", f"Communes {_COVERED}.")),
    ]
    rows = (
        (
            month.day,
            *(month.by_stage.get(slug, 0) for slug in labels),
            month.signed_within,
            month.population,
            month.communes,
        )
        for month in evolution(session, at)
    )
    return Table("Évolution", columns, rows)


def _by_stage(labels: dict[str, str]) -> list[tuple[str, Heading]]:
    return [
        (f"cpts_{slug}", Heading(f"CPTS : {label}", "CPTS qui sont à ce stade."))
        for slug, label in labels.items()
    ]
