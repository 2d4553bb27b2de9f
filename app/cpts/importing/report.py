"""The import's report: what became of every row of the file."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.cpts.importing.rules import Outcome
from app.files.cells import csv_table
from app.files.sources import unusable
from app.geography.resolution import CommuneRef

COLUMNS = (
    "row", "cpts", "given", "department", "outcome", "commune_code", "commune_name", "detail",
)  # fmt: skip


@dataclass(frozen=True)
class ReportLine:
    """One line of the report; several codes and names are joined by « ; »."""

    row: int
    cpts: str
    given: str
    department: str
    outcome: Outcome
    commune_codes: Sequence[str]
    commune_names: Sequence[str]
    detail: str
    # The row says that nobody holds its commune: nothing was kept out.
    is_unclaimed: bool = False
    # The place in the file of the row's CPTS, None for a row of nobody or of several.
    group: int | None = None
    # The communes that a row may mean which is not resolved.
    candidates: Sequence[CommuneRef] = ()


def write_report(path: Path, lines: Sequence[ReportLine]) -> None:
    """Write the report as CSV (UTF-8, comma), by CPTS, one line per commune of a row.

    Cells that a spreadsheet would take for a formula get an apostrophe before them.
    Raises `Failure` (exit status 2) when the file cannot be written.
    """
    told = (line for _, rows in by_cpts(lines) for line in rows)
    try:
        path.write_bytes(csv_table(COLUMNS, map(_cells, told)))
    except OSError as error:
        raise unusable(
            f"Le rapport « {path} » ne peut pas être écrit ({error.strerror})."
        ) from None


def _cells(line: ReportLine) -> tuple[Any, ...]:
    return (
        line.row,
        line.cpts,
        line.given,
        line.department,
        line.outcome.value,
        " ; ".join(line.commune_codes),
        " ; ".join(line.commune_names),
        line.detail,
    )


def by_cpts(lines: Sequence[ReportLine]) -> list[tuple[int | None, list[ReportLine]]]:
    """Bring the lines of each CPTS together, in the order in which the file first names it.

    Rows that are no single CPTS's come last; within a group, rows keep their order.
    """
    groups: dict[int | None, list[ReportLine]] = {}
    for line in lines:
        groups.setdefault(line.group, []).append(line)
    alone = groups.pop(None, [])
    return [*groups.items(), *([(None, alone)] if alone else [])]


def counted(lines: Sequence[ReportLine]) -> str:
    """Say in French how many rows had each outcome."""
    labels = {
        Outcome.LOADED: "chargées",
        Outcome.CORRECTED: "corrigées",
        Outcome.AMBIGUOUS: "ambiguës",
        Outcome.UNKNOWN: "inconnues",
        Outcome.CONFLICT: "en conflit",
        Outcome.SKIPPED: "écartées avec leur CPTS",
    }
    counts = Counter(line.outcome for line in lines if not line.is_unclaimed)
    told = [
        f"{counts[outcome]} {label}" for outcome, label in labels.items() if counts[outcome]
    ]
    unclaimed = sum(line.is_unclaimed for line in lines)
    if unclaimed:
        told.append(f"{unclaimed} sans CPTS")
    return ", ".join(told)


def check_writable(path: Path) -> None:
    """Check, before a long import, that its report can be written; leaves a file as it is.

    Raises `Failure` (exit status 2).
    """
    try:
        with path.open("a", encoding="utf-8"):
            pass
    except OSError as error:
        raise unusable(
            f"Le rapport « {path} » ne peut pas être écrit ({error.strerror})."
        ) from None
