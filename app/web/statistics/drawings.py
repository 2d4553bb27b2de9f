"""The national maps of the page, as light SVG documents; the page says the rest."""

from datetime import date

from app.cpts.reading.filtering import Filters
from app.database.sessions import ReadingSession
from app.web.figures.drawing import bare
from app.web.figures.maps import map_of_coverage, map_of_cpts


def deployment_map(session: ReadingSession, at: date | None) -> str:
    """Draw the territories of a day by stage as an SVG document."""
    return bare(map_of_cpts(session, Filters(at=at), fine=False))


def coverage_map(session: ReadingSession, at: date | None) -> str:
    """Draw the departments by the share of their population that CPTS cover, as SVG."""
    return bare(map_of_coverage(session, at, fine=False))
