"""The SQL of what CPTS are compared by."""

from datetime import date

from app.database.sessions import ReadingSession
from app.database.statements import statement
from app.directory.comparable.rules import Profile


def profiles(
    session: ReadingSession, cpts_id: int, day: date
) -> dict[int, tuple[Profile, float | None]]:
    """Give what every CPTS of a day is compared by, and its kilometres from one of them."""
    rows = session.execute(statement(__file__, "profiles"), {"own": cpts_id, "day": day})
    return {
        row.id: (
            Profile(row.id, row.name, row.tier, row.density, row.since, row.themes),
            row.km,
        )
        for row in rows
    }
