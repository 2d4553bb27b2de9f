"""What another release of the geography would change."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from app.database.sessions import ReadingSession
from app.failures import Failure
from app.geography.loading.preview import Preview, preview_geography
from app.geography.loading.service import GEO_DATA
from app.web.administration.geography import repository

Previews = list[tuple[str, Preview | None, str]]


def previews(engine: Engine, following: Path | None) -> Previews:
    """Work out what each release at hand would change: its label, that, or why it cannot be.

    Parameters: `following`, the folder of the next one, if the operator has named it.
    """
    return list(_previews(engine, following))


def _previews(engine: Engine, following: Path | None) -> Iterator[tuple[str, Any, str]]:
    for label, directory in (
        ("Les fichiers de cette installation", GEO_DATA),
        ("La géographie à venir", following),
    ):
        if directory is not None:
            try:
                yield label, preview_geography(engine, directory), ""
            except Failure as failure:
                yield label, None, failure.message


def values(session: ReadingSession, found: Previews) -> dict[str, Any]:
    """Gather what the page shows."""
    names = {
        name
        for _, preview, _ in found
        if preview is not None
        for each in (
            [claim.holder for claim in preview.straddling],
            *[stranded.holders for stranded in preview.stranded],
        )
        for name in each
    }
    return {
        "loaded": repository.loaded(session),
        "refused": repository.refused(session),
        "previews": found,
        "numbers": repository.numbers(session, names),
    }
