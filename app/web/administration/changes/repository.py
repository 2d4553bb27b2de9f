"""The SQL of what changes are worded with, and of the changes of one transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text

from app.cpts.models import Cpts, CptsChange, CptsTerritory, Stage, Theme
from app.database.arrays import among
from app.database.sessions import ReadingSession, WritingSession
from app.geography.models import Commune
from app.web.administration.changes.rules import Names


@dataclass(frozen=True)
class Recorded:
    """A change as it is on record, or as it would be."""

    id: int
    cpts_id: int
    name: str
    changed_at: datetime
    action: str
    actor: str
    reason: str | None
    revision: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def names(session: ReadingSession, communes: Collection[str]) -> Names:
    """Name stages and themes, in their order, and these communes."""
    stages = session.execute(select(Stage.slug, Stage.label).order_by(Stage.rank))
    themes = session.execute(select(Theme.slug, Theme.label).order_by(Theme.rank))
    named = session.execute(
        select(Commune.code, Commune.name).where(among(Commune.code, communes))
    )
    return Names(
        {row.slug: row.label for row in stages},
        {row.slug: row.label for row in themes},
        {row.code: row.name for row in named},
    )


def check_now(session: WritingSession) -> None:
    """Have the constraints judged that otherwise wait for the commit."""
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


def last_number(session: ReadingSession) -> int:
    """Give the number of the latest change, 0 without any."""
    return session.execute(select(func.coalesce(func.max(CptsChange.id), 0))).scalar_one()


def recorded(
    session: ReadingSession,
    *,
    cpts_id: int | None = None,
    region: str | None = None,
    after: int = 0,
    limit: int = 200,
) -> Sequence[Recorded]:
    """List changes, the latest first.

    Parameters: `cpts_id`, of one CPTS; `region`, of those that have, or had, a commune in
    it; `after`, beyond a number.
    """
    statement = (
        select(CptsChange, Cpts.name)
        .join(Cpts, Cpts.id == CptsChange.cpts_id)
        .where(CptsChange.id > after)
        .order_by(CptsChange.id.desc())
        .limit(limit)
    )
    if cpts_id is not None:
        statement = statement.where(CptsChange.cpts_id == cpts_id)
    if region is not None:
        there = select(CptsTerritory.cpts_id).where(CptsTerritory.regions.contains([region]))
        statement = statement.where(CptsChange.cpts_id.in_(there))
    return [
        Recorded(
            change.id,
            change.cpts_id,
            name,
            change.changed_at,
            change.action,
            change.actor,
            change.reason,
            change.revision,
            change.before,
            change.after,
        )
        for change, name in session.execute(statement)
    ]
