"""What the pages of CPTS show, and what their forms mean."""

from collections.abc import Mapping
from typing import Any

from app.cpts.models import Cpts
from app.cpts.references import repository as references
from app.cpts.writing.service import COLUMNS
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.problems import NotFound
from app.web.administration.changes import service as changes
from app.web.administration.changes.repository import recorded
from app.web.administration.cpts import repository

PAGE = 50
_MOST_CANDIDATES = 20


def found(
    session: ReadingSession, asked: str, *, region: str | None, ended: bool, offset: int
) -> dict[str, Any]:
    """Gather the list of CPTS."""
    rows = repository.find(
        session, asked, today(), region=region, ended=ended, limit=PAGE, offset=offset
    )
    return {
        "rows": rows,
        "number_found": rows[0].number if rows else 0,
        "asked": asked,
        "ended": ended,
        "offset": offset,
        "page_size": PAGE,
        "stage_labels": references.stage_labels(session),
    }


def present(session: ReadingSession, cpts_id: int) -> Cpts:
    """Give a CPTS, ended or not; raises `NotFound`."""
    cpts = repository.cpts(session, cpts_id)
    if cpts is None:
        raise NotFound(f"Aucune CPTS ne porte l'identifiant {cpts_id}.")
    return cpts


def regions_of(session: ReadingSession, cpts_id: int) -> list[str]:
    """List the regions in which a CPTS has, or ever had, a commune."""
    return repository.regions_ever(session, cpts_id)


def sheet_values(
    session: ReadingSession, cpts_id: int, *, absorbed: str, region: str | None
) -> dict[str, Any]:
    """Gather all of a CPTS: sheet, stages, communes, refused claims, history.

    Parameters: `absorbed`, the name by which one to be merged into it is looked for;
    `region`, in which.
    """
    cpts = present(session, cpts_id)
    history = recorded(session, cpts_id=cpts_id)
    candidates = (
        [
            each
            for each in repository.find(
                session, absorbed, today(), region=region, ended=False, limit=_MOST_CANDIDATES
            )
            if each.id != cpts_id
        ]
        if absorbed
        else []
    )
    return {
        "cpts": cpts,
        "is_ended": cpts.ended_on is not None and cpts.ended_on <= today(),
        "stages": repository.stages(session, cpts_id),
        "stage_labels": references.stage_labels(session),
        "own_themes": repository.themes(session, cpts_id),
        "themes": references.themes(session),
        "held": repository.held(session, cpts_id, today()),
        "refused": repository.refused(session, cpts_id),
        "history": changes.told(session, history),
        "absorbed": absorbed,
        "candidates": candidates,
        "today": today(),
    }


def changed_members(cpts: Cpts, themes: list[str], sent: Mapping[str, Any]) -> dict[str, Any]:
    """Give the members of the sheet that a form changes; what it empties is None."""
    values: dict[str, Any] = {
        name: sent[name] or None
        for name in COLUMNS
        if name in sent and (sent[name] or None) != getattr(cpts, name)
    }
    if "themes" in sent and set(sent["themes"]) != set(themes):
        values["themes"] = sent["themes"]
    return values


def themes_of(session: ReadingSession, cpts_id: int) -> list[str]:
    """List the themes of a CPTS, by slug."""
    return repository.themes(session, cpts_id)
