"""The journal as a page and as files shows it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.database.calendar import PARIS
from app.database.sessions import ReadingSession
from app.files.office_tables import Heading, Sheet
from app.web.administration.changes import repository as naming
from app.web.administration.changes.rules import ACTIONS, Names, communes_in, lines
from app.web.directory.editing.service import SHEET_ACTIONS, parts
from app.web.letters.record.service import EVENTS

KINDS: Mapping[str, str] = {
    "cpts": "CPTS",
    "letter": "Lettres",
    "sheet": "Fiches de l’annuaire",
    "act": "Administration",
}
ACTS: Mapping[str, str] = {
    "refusal-dismissed": "Demande écartée",
    "report-settled": "Signalement clos",
    "completeness-declared": "Département déclaré complet",
    "completeness-withdrawn": "Complétude retirée",
    "institution-added": "Contact d’institution ajouté",
    "institution-changed": "Contact d’institution modifié",
    "institution-removed": "Contact d’institution retiré",
    "person-invited": "Personne invitée",
    "role-changed": "Rôle changé",
    "person-suspended": "Accès suspendu",
    "person-erased": "Personne effacée",
    "second-factor-removed": "Second facteur retiré",
    "sessions-ended": "Sessions closes",
    "token-revoked": "Jeton révoqué",
    "import-asked": "Import demandé",
    "import-undone": "Import annulé",
    "sheets-imported": "Fiches importées",
    "commune-divided": "Commune divisée",
    "division-undone": "Division annulée",
}
_DETAILS: Mapping[str, str] = {
    "on": "à partir du",
    "before": "avant",
    "after": "après",
    "outcome": "suite donnée",
    "answered": "répondu",
    "claimant": "demandeur",
    "file": "fichier",
    "sheets": "fiches écrites",
    "quarters": "quartiers",
}
HEADERS = ("Moment", "Nature", "Action", "Objet", "Par", "Motif", "Ce qui change")


def told(session: ReadingSession, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Word entries for a page or a file, in their order."""
    communes = set().union(*(communes_in(each["before"], each["after"]) for each in entries))
    names = naming.names(session, communes)
    return [_told(each, names) for each in entries]


def as_sheet(rows: Iterable[Mapping[str, Any]]) -> Sheet:
    """Give worded entries as a table for offices."""
    return Sheet("Journal", [Heading(title) for title in HEADERS], map(_cells, rows))


def _cells(row: Mapping[str, Any]) -> Sequence[Any]:
    changes = " ; ".join(f"{n.member} : {n.before} → {n.after}" for n in row["lines"])
    return (
        row["moment"],
        row["kind_label"],
        row["action"],
        row["subject"],
        row["actor"],
        row["reason"],
        changes or row["details"],
    )


def _told(each: Mapping[str, Any], names: Names) -> dict[str, Any]:
    kind = each["kind"]
    words = {"cpts": ACTIONS, "letter": EVENTS, "sheet": SHEET_ACTIONS, "act": ACTS}[kind]
    link = {
        "cpts": "/administration/cpts/{}#historique",
        "letter": "/lettres/{}",
        "sheet": "/administration/cpts/{}",
    }.get(kind)
    return {
        "moment": each["moment"].astimezone(PARIS),
        "kind_label": KINDS[kind],
        "action": words.get(each["action"], each["action"]),
        "subject": each["subject"],
        "link": link.format(each["subject_id"]) if link else None,
        "actor": each["actor"],
        "reason": each["reason"],
        "lines": lines(each["before"], each["after"], names),
        "details": _details(kind, each["details"]),
    }


def _details(kind: str, details: Mapping[str, Any] | None) -> str:
    told = details or {}
    if kind == "sheet":
        return ", ".join(parts(told["parts"], contacts_changed=told["contacts"]))
    if kind != "act":
        return ""
    return " ; ".join(
        f"{label} : {'oui' if told[name] is True else told[name]}"
        for name, label in _DETAILS.items()
        if told.get(name) not in (None, "", False)
    )
