"""Files to take away: kept until the registry changes, named, and as offices open them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from fastapi import Request
from starlette.responses import Response

from app.database.sessions import ReadingSession
from app.files.cells import CSV_MEDIA_TYPE
from app.files.office_tables import XLSX_MEDIA_TYPE, Sheet, csv_for_excel, workbook
from app.french import day as french_day
from app.http.addresses import settled_base
from app.http.caching import keep_until_change
from app.http.repository import current_revision
from app.web.layout.repository import holds_demonstration
from app.web.layout.sources import LICENCE, SOURCES


def file_to_keep(
    request: Request, session: ReadingSession, body: bytes, media_type: str, name: str
) -> Response:
    """Answer with a file of a name, kept until the registry changes."""
    keep_until_change(request, current_revision(session))
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=headers)


def csv_to_keep(request: Request, session: ReadingSession, sheet: Sheet, name: str) -> Response:
    """Answer with a table as Excel in French opens it."""
    return file_to_keep(request, session, csv_for_excel(sheet), CSV_MEDIA_TYPE, name)


def workbook_to_keep(
    request: Request, session: ReadingSession, sheets: Sequence[Sheet], name: str, *, day: date
) -> Response:
    """Answer with tables as a workbook that says where they come from.

    Parameters: `day` that the tables show.
    """
    query = f"?{request.url.query}" if request.url.query else ""
    changed_at = current_revision(session).changed_at
    about = [
        ("Situation au", french_day(day)),
        ("Dernier changement", french_day(changed_at)),
        ("Adresse de ce fichier", f"{settled_base(request)}{request.url.path}{query}"),
        ("Sources", " ; ".join(source["title"] for source in SOURCES)),
        ("Licence", LICENCE["title"]),
    ]
    if holds_demonstration(session):
        about.append(("Démonstration", "Ce fichier peut contenir des CPTS fictives."))
    body = workbook(sheets, written_at=changed_at, about=about)
    return file_to_keep(request, session, body, XLSX_MEDIA_TYPE, name)


def table_to_take(sheet: Sheet, name: str) -> Response:
    """Answer with a table for one reader, which nobody keeps.

    Parameters: `name` of the file, which ends in `.csv` (as Excel in French opens it) or
    `.xlsx`.
    """
    if name.endswith(".xlsx"):
        media_type = XLSX_MEDIA_TYPE
        body = workbook([sheet], written_at=datetime.now(UTC))
    else:
        media_type, body = CSV_MEDIA_TYPE, csv_for_excel(sheet)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return Response(body, media_type=media_type, headers=headers)
