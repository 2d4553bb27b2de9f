"""What an import of contacts is told as: a few sentences, and a table of its rows."""

from app.files.cells import csv_table
from app.institutions.rules import Outcome, Report

OUTCOMES = {
    Outcome.ADDED: "ajoutée",
    Outcome.CHANGED: "modifiée",
    Outcome.UNCHANGED: "déjà telle",
    Outcome.REFUSED: "refusée",
}
_REPORT_COLUMNS = ("row", "place", "organisation", "outcome", "detail")
_TOLD = 20


def summary(report: Report) -> list[str]:
    """Tell in French what an import did, and why it did nothing."""
    said = ", ".join(
        f"{report.count(outcome)} {label}{'s' if report.count(outcome) > 1 else ''}"
        for outcome, label in OUTCOMES.items()
        if report.count(outcome)
    )
    lines = len(report.lines)
    told = [f"{lines} {'lignes' if lines > 1 else 'ligne'} : {said or 'aucune'}."]
    if report.removed:
        removed = "Contacts qui seraient retirés" if report.tried else "Contacts retirés"
        told.append(f"{removed} : {len(report.removed)}.")
    if report.is_refused:
        told.append("Rien n'a été écrit : corrigez les lignes refusées, puis recommencez.")
    elif report.tried:
        told.append("Essai seulement : rien n'a été écrit.")
    refused = [line for line in report.lines if line.outcome is Outcome.REFUSED]
    return [*told, *(f"Ligne {line.row} : {line.detail}" for line in refused[:_TOLD])]


def report_text(report: Report) -> str:
    """Give the report as CSV, one line per row of the table."""
    rows = [
        (line.row, line.place, line.organisation, str(line.outcome), line.detail)
        for line in report.lines
    ]
    return csv_table(_REPORT_COLUMNS, rows).decode()
