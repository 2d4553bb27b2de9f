"""The files of a selection: CSV, XLSX, vCard."""

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

import vobject

from app.files.cells import csv_cell, spreadsheet_safe

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
    """Write the people as CSV for spreadsheets in French: `;` and a mark of UTF-8."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";")
    writer.writerow(label for _, label in COLUMNS)
    for row in rows:
        writer.writerow([csv_cell(_text(row[name])) for name, _ in COLUMNS])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def xlsx_file(rows: Rows) -> bytes:
    """Write the people as a workbook."""
    # Slow to import, and for this only.
    from openpyxl import Workbook  # noqa: PLC0415

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Contacts")
    sheet.append([label for _, label in COLUMNS])
    for row in rows:
        sheet.append([spreadsheet_safe(_text(row[name])) for name, _ in COLUMNS])
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


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
