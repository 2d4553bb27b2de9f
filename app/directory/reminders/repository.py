"""The SQL of reminders: whose sheet is owed one, and that it was sent."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from app.database.sessions import ReadingSession, WritingSession


@dataclass(frozen=True, slots=True)
class EditedSheet:
    """A sheet of a living CPTS, and the addresses of those who may confirm it."""

    cpts_id: int
    name: str
    confirmed_on: date | None
    written_on: date
    editors: tuple[str, ...]


_EDITED = text("""
    SELECT s.cpts_id, p.name, s.confirmed_on,
           CAST(s.updated_at AT TIME ZONE 'Europe/Paris' AS date) AS written_on,
           array_agg(e.email ORDER BY e.email) AS editors
    FROM cpts_sheet s
    JOIN cpts p ON p.id = s.cpts_id AND (p.ended_on IS NULL OR p.ended_on > CAST(:day AS date))
    JOIN person e ON e.cpts_id = p.id AND e.role = 'editor'
        AND e.confirmed_at IS NOT NULL AND e.suspended_at IS NULL
    GROUP BY s.cpts_id, p.name
    ORDER BY s.cpts_id
""")

# Of several at once one writes it, and the others then find it. A sheet that others write
# again and again before it is ever confirmed is not reminded of each time.
_NOTE = text("""
    INSERT INTO sheet_reminder (cpts_id, due_on, kind, sent_on)
    SELECT :cpts_id, CAST(:due_on AS date), :kind, CAST(:day AS date)
    WHERE NOT EXISTS (
        SELECT FROM sheet_reminder r
        WHERE r.cpts_id = :cpts_id AND r.kind = :kind AND r.sent_on > CAST(:day AS date) - 30
    )
    ON CONFLICT DO NOTHING
    RETURNING cpts_id
""")


def edited_sheets(session: ReadingSession, day: date) -> list[EditedSheet]:
    """List the sheets that somebody may confirm on a day."""
    rows = session.execute(_EDITED, {"day": day})
    return [EditedSheet(**{**row, "editors": tuple(row["editors"])}) for row in rows.mappings()]


def note_reminder(
    session: WritingSession, cpts_id: int, due_on: date, kind: str, day: date
) -> bool:
    """Note that a CPTS is reminded, and tell whether it was not before."""
    values = {"cpts_id": cpts_id, "due_on": due_on, "kind": kind, "day": day}
    return session.execute(_NOTE, values).first() is not None
