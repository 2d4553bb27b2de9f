"""The SQL of the releases that the database knows of."""

from sqlalchemy import select

from app.cpts.models import Cpts
from app.database.sessions import ReadingSession
from app.geography.models import GeographyRefusal, GeographyRelease


def loaded(session: ReadingSession) -> GeographyRelease | None:
    """Give the release that is loaded."""
    return session.get(GeographyRelease, 1)


def refused(session: ReadingSession) -> GeographyRefusal | None:
    """Give the release that could not be loaded, if one is in wait."""
    return session.get(GeographyRefusal, 1)


def numbers(session: ReadingSession, names: set[str]) -> dict[str, int]:
    """Give the numbers of living CPTS by name, to lead to them."""
    rows = session.execute(
        select(Cpts.name, Cpts.id).where(Cpts.name.in_(names), Cpts.ended_on.is_(None))
    )
    return {row.name: row.id for row in rows}
