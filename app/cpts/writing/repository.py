"""The SQL that changes the registry. Everything works on sets, so that an import of the
whole country costs a handful of statements."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.cpts.models import (
    Cpts,
    CptsStage,
    CptsTheme,
    Stage,
    Theme,
)
from app.cpts.writing.rules import StageRecord
from app.database.arrays import among, of_rows
from app.database.sessions import ReadingSession, WritingSession


def insert_cpts(session: WritingSession, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Create CPTS and give their ids in the order of the rows (columns of `cpts`)."""
    statement = insert(Cpts).returning(Cpts.id, sort_by_parameter_order=True)
    return list(session.execute(statement, [dict(row) for row in rows]).scalars())


def first_days(session: ReadingSession, cpts_ids: Collection[int]) -> list[date]:
    """Give the first day in the registry of each of these CPTS."""
    return list(
        session.execute(select(Cpts.started_on).where(among(Cpts.id, cpts_ids))).scalars()
    )


def read_cpts(session: WritingSession, cpts_id: int) -> Cpts | None:
    """Read a CPTS as it stands now, None when there is none."""
    return session.get(Cpts, cpts_id, populate_existing=True)


def update_cpts_columns(
    session: WritingSession, cpts_id: int, values: Mapping[str, Any]
) -> None:
    """Change columns of a CPTS and its date of change."""
    session.execute(
        update(Cpts)
        .where(Cpts.id == cpts_id)
        .values(updated_at=func.clock_timestamp(), **values)
    )


def theme_slugs(session: ReadingSession) -> list[str]:
    """List the slugs of all themes, in their order."""
    return list(session.execute(select(Theme.slug).order_by(Theme.rank)).scalars())


def stages_of(session: ReadingSession, cpts_id: int) -> list[StageRecord]:
    """Give the stage timeline of a CPTS, in the order of the stages."""
    statement = (
        select(CptsStage.stage_slug, CptsStage.since, CptsStage.recorded_on)
        .join(Stage, Stage.slug == CptsStage.stage_slug)
        .where(CptsStage.cpts_id == cpts_id)
        .order_by(Stage.rank)
    )
    return [StageRecord(*row) for row in session.execute(statement)]


def put_stages(session: WritingSession, rows: Sequence[tuple[int, StageRecord]]) -> None:
    """Record stages by CPTS; one that stands already gets the new dates."""
    if not rows:
        return
    statement = of_rows(
        upsert(CptsStage),
        [
            {
                "cpts_id": cpts_id,
                "stage_slug": record.slug,
                "since": record.since,
                "recorded_on": record.recorded_on,
            }
            for cpts_id, record in rows
        ],
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["cpts_id", "stage_slug"],
            set_={
                "since": statement.excluded.since,
                "recorded_on": statement.excluded.recorded_on,
            },
        )
    )


def drop_stages(session: WritingSession, cpts_id: int, slugs: Collection[str]) -> None:
    """Take stages out of the timeline of a CPTS."""
    if slugs:
        session.execute(
            delete(CptsStage).where(
                CptsStage.cpts_id == cpts_id, CptsStage.stage_slug.in_(slugs)
            )
        )


def themes_of(session: ReadingSession, cpts_id: int) -> list[str]:
    """List the themes of a CPTS, by slug."""
    statement = select(CptsTheme.theme_slug).where(CptsTheme.cpts_id == cpts_id)
    return list(session.execute(statement).scalars())


def themes_by_cpts(session: ReadingSession, cpts_ids: Collection[int]) -> dict[int, list[str]]:
    """List the themes of each of these CPTS, by slug."""
    found: dict[int, list[str]] = {each: [] for each in cpts_ids}
    statement = select(CptsTheme.cpts_id, CptsTheme.theme_slug).where(
        among(CptsTheme.cpts_id, cpts_ids)
    )
    for row in session.execute(statement):
        found[row.cpts_id].append(row.theme_slug)
    return found


def set_themes(session: WritingSession, themes: Mapping[int, Collection[str]]) -> None:
    """Replace the themes of these CPTS."""
    session.execute(delete(CptsTheme).where(among(CptsTheme.cpts_id, themes)))
    rows = [
        {"cpts_id": cpts_id, "theme_slug": slug}
        for cpts_id, slugs in themes.items()
        for slug in dict.fromkeys(slugs)
    ]
    if rows:
        session.execute(of_rows(upsert(CptsTheme), rows))
