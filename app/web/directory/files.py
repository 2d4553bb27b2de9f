"""The files of a selection: CSV, XLSX, vCard."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import vobject

from app.files.office_tables import Heading, Sheet, csv_for_excel, workbook

COLUMNS = (
    ("cpts", "CPTS"),
    ("role", "Fonction"),
    ("name", "Nom"),
    ("email", "Courriel"),
    ("phone", "Téléphone"),
    ("website", "Site"),
    ("address", "Adresse"),
)
# What no cell of a workbook nor line of a card can hold.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Rows = Sequence[dict[str, Any]]


def csv_file(rows: Rows) -> bytes:
    """Write the people as CSV for Excel in French."""
    return csv_for_excel(_sheet(rows))


def xlsx_file(rows: Rows) -> bytes:
    """Write the people as a workbook."""
    return workbook([_sheet(rows)], written_at=datetime.now(UTC))


def _sheet(rows: Rows) -> Sheet:
    return Sheet(
        "Contacts",
        [Heading(label) for _, label in COLUMNS],
        ([_text(row[name]) for name, _ in COLUMNS] for row in rows),
    )


def vcard_file(rows: Rows) -> bytes:
    """Write the people as cards (vCard 3.0)."""
    cards = []
    for row in rows:
        name = _line(row["name"]) or _line(row["cpts"])
        card = vobject.vCard()
        card.add("fn").value = name
        card.add("n").value = vobject.vcard.Name(family=name)
        card.add("org").value = [_line(row["cpts"])]
        for kind, value in (("title", row["role"]), ("email", row["email"]),
                            ("tel", row["phone"]), ("url", row["website"])):  # fmt: skip
            if value:
                card.add(kind).value = _line(value)
        cards.append(card.serialize())
    return "".join(cards).encode()


def _text(value: Any) -> str:
    return _CONTROL.sub("", str(value or ""))


def _line(value: Any) -> str:
    return " ".join(_text(value).split())
