"""What the command prints of an import that kept something out, in French, by CPTS."""

from collections.abc import Iterable, Iterator, Sequence

from app.cpts.importing.report import ReportLine, by_cpts, counted
from app.cpts.importing.rules import Outcome
from app.french import others

_MOST_CPTS = 50
_MOST_REASONS = 10
_MOST_ROWS = 12

_TO_DO = {
    Outcome.AMBIGUOUS: "précisez ce qui est ambigu (code INSEE ou département dans le fichier, "
    "ou --department 04,83 pour toute la liste)",
    Outcome.UNKNOWN: "corrigez ce qui est inconnu (communes, stades)",
    Outcome.CONFLICT: "réglez les conflits (--on-conflict without-commune admet une CPTS sans "
    "la commune déjà tenue)",
}


def kept_out(lines: Sequence[ReportLine], *, reported: bool) -> Iterator[str]:
    """Tell what did not go in, a block for each CPTS with its reasons, then what to do.

    Parameters: `reported`, whether the rows are in a report that was asked for. Gives
    nothing when everything went in. Names are never cut.
    """
    missing = [line for line in lines if not line.outcome.went_in and not line.is_unclaimed]
    if not missing:
        return
    groups = [
        (group, rows)
        for group, rows in by_cpts(lines)
        if any(not row.outcome.went_in and not row.is_unclaimed for row in rows)
    ]
    for group, rows in groups[:_MOST_CPTS]:
        yield from _block(group, rows)
    if len(groups) > _MOST_CPTS:
        yield f"… et {others(len(groups) - _MOST_CPTS)} CPTS : voir --report."
    yield _next_steps(missing, reported=reported)


def _block(group: int | None, rows: Sequence[ReportLine]) -> Iterator[str]:
    kept = any(row.outcome.went_in for row in rows)
    name = rows[0].cpts or "(sans nom)"
    if group is None:
        title = "Lignes qui ne sont à aucune CPTS seule"
    else:
        title = f"{name} : entrée en partie" if kept else f"{name} : écartée"
    yield f"{title} ({counted(rows)})"
    causes: dict[str, list[ReportLine]] = {}
    for row in rows:
        is_cause = not row.outcome.went_in and row.outcome is not Outcome.SKIPPED
        if is_cause and not row.is_unclaimed:
            causes.setdefault(row.detail, []).append(row)
    if not causes:
        causes = {row.detail: [row] for row in rows if not row.outcome.went_in}
    for detail, same in list(causes.items())[:_MOST_REASONS]:
        yield f"  {_rows(same)} : {detail}"
    if len(causes) > _MOST_REASONS:
        more = len(causes) - _MOST_REASONS
        motives = "un autre motif" if more == 1 else f"{more} autres motifs"
        yield f"  … et {motives} : voir --report."


def _rows(rows: Sequence[ReportLine]) -> str:
    if len(rows) == 1:
        return f"ligne {rows[0].row}, {rows[0].given or 'sans commune'}"
    numbers = list(dict.fromkeys(str(row.row) for row in rows))
    more = len(numbers) - _MOST_ROWS
    shown = ", ".join(numbers[:_MOST_ROWS]) + (f" et {others(more)}" if more > 0 else "")
    return f"ligne {shown}" if len(numbers) == 1 else f"lignes {shown}"


def _next_steps(missing: Iterable[ReportLine], *, reported: bool) -> str:
    outcomes = {line.outcome for line in missing}
    steps = [step for outcome, step in _TO_DO.items() if outcome in outcomes]
    where = "le rapport dit tout, ligne par ligne" if reported else "--report dit tout"
    if not steps:
        steps = ["corrigez ce qui est dit ci-dessus"]
    return (
        f"Pour que tout entre : {' ; '.join(steps)} ; puis relancez le même fichier, ce qui "
        f"est entré n'y change pas ({where})."
    )
