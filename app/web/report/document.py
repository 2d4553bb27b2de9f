"""The report as a document: what the page shows, in sections of sentences and tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from app.french import aligned_percent, counted, day, number, percent
from app.web.layout.wording import COVERED, coverage_base
from app.web.report.rules import Changes, Compared
from app.web.report.service import Report

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `figures` are the positions of its columns of figures."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    figures: Sequence[int] = ()
    total: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part; `lines` are the items of a list after the table."""

    title: str
    level: int = 2
    text: Sequence[str] = ()
    table: Table | None = None
    lines: Sequence[str] = field(default=())


def view(report: Report, sources: Sequence[str], map_text: str) -> dict[str, Any]:
    """Give everything that the document says, as plain texts, lists and dicts.

    Parameters: `sources`, from where it is; `map_text`, what its map shows.
    """
    whole, before = report.whole, report.whole_before
    return {
        "title": f"Bilan des CPTS : {report.place}",
        "dated": f"Situation au {day(report.day)}, et ce qui a changé depuis le "
        f"{day(report.before)}.",
        "foot": f"Bilan des CPTS, {report.place}, au {day(report.day)}",
        "figures": [
            ["CPTS", number(report.count.now), f"{number(report.count.before)} un an plus tôt"],
            ["ACI signés", number(len(report.signed)), "CPTS en fonctionnement"],
            [
                "Population couverte",
                percent(whole["share_covered"]),
                f"{percent(before['share_covered'])} un an plus tôt",
            ],
            [
                "Communes couvertes",
                number(whole["communes_covered"]),
                f"sur {number(whole['communes'])}",
            ],
        ],
        "base": coverage_base(whole),
        "map_text": map_text,
        "sections": [asdict(section) for section in _sections(report)],
        "definitions": COVERED,
        "sources": list(sources),
    }


def _sections(report: Report) -> Iterable[Section]:
    for title, what, rows in (
        ("CPTS par stade", "Stade", report.stages),
        ("CPTS par taille", "Taille", report.tiers),
        ("CPTS qui travaillent sur un thème de la mission", "Mission", report.missions),
        ("CPTS qui travaillent sur le thème", "Thème", report.themes),
    ):
        yield Section(title, table=_compared(report, what, rows))
    yield Section("Couverture par département", table=_departments(report))
    yield from _changes(report.changes)
    yield Section(
        "CPTS dont l’ACI est signé",
        text=[] if report.signed else ["Aucune."],
        table=_signed(report.signed) if report.signed else None,
    )


def _compared(report: Report, what: str, rows: Sequence[Compared]) -> Table:
    return Table(
        [what, day(report.day), day(report.before), "En un an"],
        [
            [
                each.label,
                number(each.now),
                number(each.before),
                f"{'+' if each.difference > 0 else ''}{number(each.difference)}",
            ]
            for each in rows
        ],
        figures=(1, 2, 3),
    )


def _departments(report: Report) -> Table:
    return Table(
        ["Département", "CPTS", "Population couverte", "Part", "Un an plus tôt"],
        [
            [
                f"{each.code} {each.name}",
                number(each.cpts),
                number(each.covered),
                aligned_percent(each.share) if each.complete else "non renseigné",
                aligned_percent(each.share_before) if each.complete_before else "non renseigné",
            ]
            for each in report.departments
        ],
        figures=(1, 2, 3, 4),
    )


def _changes(changes: Changes) -> Iterable[Section]:
    nothing = ["Rien n’a changé."] if changes.is_empty else []
    yield Section("Ce qui a changé en un an", text=nothing)
    for title, lines in (
        ("Nouvelles CPTS", [_with(each["name"], each["stage_label"]) for each in changes.new]),
        ("CPTS qui ont pris fin", [each["name"] for each in changes.ended]),
        (
            "Stades",
            [
                f"{each['name']} – {former}, puis {each['stage_label'] or 'stade non connu'}"
                for each, former in changes.advanced
            ],
        ),
        (
            "Territoires",
            [
                _with(each.cpts["name"], _moved(each.gained, each.lost))
                for each in changes.moved
            ],
        ),
    ):
        if lines:
            yield Section(f"{title} ({number(len(lines))})", level=3, lines=lines)


def _with(name: str, more: str | None) -> str:
    return f"{name} – {more}" if more else name


def _moved(gained: int, lost: int) -> str:
    told = []
    if gained:
        told.append(f"{counted(gained, 'commune')} en plus")
    if lost:
        told.append(f"{counted(lost, 'commune')} en moins")
    return ", ".join(told)


def _signed(signed: Sequence[Mapping[str, Any]]) -> Table:
    return Table(
        ["CPTS", "Signé depuis", "Taille", "Population"],
        [
            [
                each["name"],
                day(each["stage_since"]) if each["stage_since"] else "date inconnue",
                number(each["tier"]),
                number(each["population"]),
            ]
            for each in signed
        ],
        figures=(2, 3),
    )
