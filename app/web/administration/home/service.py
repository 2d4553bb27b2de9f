"""What the front page of the administration shows."""

from typing import Any

from app.cpts.references import repository as references
from app.database.sessions import ReadingSession
from app.web.administration.changes import service as changes
from app.web.administration.changes.repository import recorded

_LATEST = 8


def overview(session: ReadingSession, *, region: str | None) -> dict[str, Any]:
    """Gather the latest changes, and the name of the region that one works for.

    Parameters: `region`, None for the whole country.
    """
    names = {each.code: each.name for each in references.regions(session)}
    return {
        "region_name": names.get(region) if region else None,
        "latest": changes.told(session, recorded(session, region=region, limit=_LATEST)),
    }
