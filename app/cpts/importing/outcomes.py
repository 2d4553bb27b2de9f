"""What became of every row, and why a CPTS stays out: the lines of the report."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from app.cpts.importing.grouping import ListedCpts
from app.cpts.importing.material import Material
from app.cpts.importing.report import ReportLine
from app.cpts.importing.rules import Decision, Obstacle, Outcome
from app.cpts.importing.values import department_of
from app.french import short_date
from app.geography.resolution import CommuneRef


def report_lines(
    material: Material, decision: Decision, as_of: date
) -> tuple[list[ReportLine], dict[str, str]]:
    """Give one line per entry in the file's order, and why each CPTS stays out."""
    told: dict[int, tuple[Outcome, str]] = {}
    kept_out: dict[str, str] = {}
    for cpts in material.listed:
        enters = cpts.position in decision.granted
        holders = {
            code: _described(material, holder, as_of)
            for code, holder in decision.contested.get(cpts.position, {}).items()
        }
        first_fault: int | None = None
        for row in cpts.rows:
            told[row] = _row_outcome(material, cpts, row, holders, enters=enters)
            is_cause = told[row][0] not in (Outcome.SKIPPED, Outcome.LOADED, Outcome.CORRECTED)
            if is_cause and first_fault is None:
                first_fault = row
        if enters:
            continue
        reason = cpts.fault.detail if cpts.fault else ""
        if not reason and first_fault is not None:
            entry = material.entries[first_fault]
            reason = (
                f"ligne {entry.row}, {entry.given or 'sans commune'} : {told[first_fault][1]}"
            )
        kept_out[cpts.name or "(sans nom)"] = reason
        for row in cpts.rows:
            if told[row][0] is Outcome.SKIPPED:
                told[row] = (Outcome.SKIPPED, f"CPTS écartée : {reason}")
    holders_of_rows = {row: cpts for cpts in material.listed for row in cpts.rows}
    lines = [
        _line(material, holders_of_rows[row], row, *told[row])
        if row in holders_of_rows
        else _line_of_none(material, row)
        for row in range(len(material.entries))
    ]
    return lines, kept_out


def _line_of_none(material: Material, row: int) -> ReportLine:
    """Give the line of a row that is no single CPTS's: nobody's, or shared by several."""
    entry, reading = material.entries[row], material.readings[row]
    if entry.is_unclaimed:
        outcome, detail = Outcome.SKIPPED, reading.detail
    elif row not in material.shared:
        outcome, detail = (
            Outcome.AMBIGUOUS,
            _joined(
                "plusieurs CPTS dans une cellule, qui ne sont pas toutes dans le fichier",
                reading.detail,
            ),
        )
    elif reading.outcome.went_in:
        names = " et ".join(f"« {cpts.name} »" for cpts in material.shared[row])
        outcome, detail = (
            Outcome.CONFLICT,
            _joined(f"commune demandée par {names}, attribuée à aucune", reading.detail),
        )
    else:
        outcome, detail = reading.outcome, reading.detail
    line = _line(material, None, row, outcome, detail)
    return replace(line, is_unclaimed=entry.is_unclaimed)


def _row_outcome(
    material: Material,
    cpts: ListedCpts,
    row: int,
    holders: Mapping[str, str],
    *,
    enters: bool,
) -> tuple[Outcome, str]:
    reading = material.readings[row]
    if not reading.outcome.went_in:
        return reading.outcome, reading.detail
    if cpts.fault is not None:
        return cpts.fault.outcome, cpts.fault.detail
    taken = [commune for commune in reading.communes if commune.code in holders]
    if taken:
        by_holder: dict[str, list[str]] = {}
        for commune in taken:
            names = by_holder.setdefault(holders[commune.code], [])
            names.append(f"{commune.name} ({commune.code})")
        alone = len(reading.communes) == 1
        told = " ; ".join(
            f"{'commune' if alone else ', '.join(names)} déjà tenue par {who}"
            for who, names in by_holder.items()
        )
        rest = " ; la CPTS entre sans elle" if enters else ""
        return Outcome.CONFLICT, _joined(told + rest, reading.detail)
    if not enters:
        return Outcome.SKIPPED, ""
    named = material.communes[cpts.position]
    again = [c for c in reading.communes if named[c.code] != row]
    if again:
        first = material.entries[named[again[0].code]].row
        return Outcome.CORRECTED, _joined(f"déjà nommée à la ligne {first}", reading.detail)
    return reading.outcome, reading.detail


def _described(material: Material, holder: Obstacle, as_of: date) -> str:
    where = ""
    if holder.position is not None:
        first = material.entries[material.listed[holder.position].rows[0]]
        where = f", même fichier, ligne {first.row}"
    if holder.held_from and holder.held_from > as_of:
        where += f", à partir du {short_date(holder.held_from)}"
    if holder.held_until:
        where += f", jusqu'au {short_date(holder.held_until)}"
    label = material.labels.get(holder.stage, holder.stage)
    return f"« {holder.name} » ({label}{where})"


def _line(
    material: Material, cpts: ListedCpts | None, row: int, outcome: Outcome, detail: str
) -> ReportLine:
    entry = material.entries[row]
    reading = material.readings[row]
    sheet = f"feuille « {entry.sheet} »" if entry.sheet else ""
    return ReportLine(
        entry.row,
        entry.cpts,
        entry.given,
        _department(entry.department),
        outcome,
        [commune.code for commune in reading.communes],
        [commune.name for commune in reading.communes],
        _joined(sheet, detail, *entry.notes, *(cpts.remarks.get(row, ()) if cpts else ())),
        group=cpts.position if cpts else None,
        candidates=reading.candidates or _parts(reading.communes),
    )


def _parts(communes: Sequence[CommuneRef]) -> Sequence[CommuneRef]:
    """Give the parts of a divided city that a row takes together: some may be meant."""
    parts = [commune for commune in communes if commune.part_of]
    return parts if len(parts) > 1 else ()


def _joined(*parts: str) -> str:
    return " ; ".join(part for part in parts if part)


def _department(text: str) -> str:
    """Give a department as a code when it is written as a number alone, else as written."""
    number = re.fullmatch(r"\d{1,3}|2[abAB]", text.strip(), re.ASCII)
    return (department_of(text) or text) if number else text
