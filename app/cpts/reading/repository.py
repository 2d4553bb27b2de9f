"""The SQL of the reading side. JSON is written by PostgreSQL and passed on as text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import TextClause, or_, select, text

from app.cpts.models import Cpts
from app.cpts.reading.filtering import Filters
from app.cpts.reading.schemas import Detail
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.database.statements import script, statement
from app.http.keeping import KeptTexts, Moment

_CUSTOM_PLANS = text("SET LOCAL plan_cache_mode = force_custom_plan")


@dataclass(frozen=True, slots=True)
class FoundCpts:
    """A CPTS of a page: its JSON `properties`, GeoJSON `geometry` and JSON `communes`.

    `geometry` is None without territory or when none was asked for; `communes` when they
    were not asked for.
    """

    id: int
    properties: str
    geometry: str | None
    ended_on: date | None
    communes: str | None


def matching(session: ReadingSession, filters: Filters, day: date) -> list[int]:
    """List the ids of the CPTS of a day that pass the filters, whatever the page, in order.

    The order is what filters rank by, then the name, then the id.
    """
    statement = (
        select(Cpts.id)
        .where(
            Cpts.started_on <= day,
            or_(Cpts.ended_on.is_(None), day < Cpts.ended_on),
            *(key.condition(value, day) for key, value in filters.asked.items()),
        )
        .order_by(
            *(key.rank(value) for key, value in filters.asked.items() if key.rank),
            Cpts.name_key,
            Cpts.name,
            Cpts.id,
        )
    )
    # A plan for these very values: of a box, or of a region, how much it lets through.
    session.execute(_CUSTOM_PLANS)
    return list(session.scalars(statement))


def page_of(ids: Sequence[int], filters: Filters) -> Sequence[int]:
    """Give the part of the ids that the filters' page holds."""
    return ids[filters.offset : filters.offset + filters.limit]


def described(
    session: ReadingSession,
    cpts_ids: Sequence[int],
    day: date,
    *,
    detail: Detail | None = None,
    with_communes: bool = False,
) -> list[FoundCpts]:
    """Tell of CPTS, in the order of their ids' list, as of a day.

    Parameters: `detail`, the generalisation of the geometry, none without.
    """
    rows = session.execute(
        statement(__file__, "cpts"),
        {
            "ids": list(cpts_ids),
            "lowest": min(cpts_ids, default=None),
            "highest": max(cpts_ids, default=None),
            "day": day,
            # What is planned lies ahead of now, whatever day is shown.
            "today": today(),
            "detail": detail,
            "with_communes": with_communes,
        },
    )
    return [
        FoundCpts(row.id, row.properties, row.geometry, row.ended_on, row.communes)
        for row in rows
    ]


def find_cpts(
    session: ReadingSession, filters: Filters, day: date, *, detail: Detail | None = None
) -> tuple[int, list[FoundCpts]]:
    """Find the CPTS of a day that pass the filters.

    Parameters: as of `described`. Returns how many pass in all, and a page of them in order.
    """
    ids = matching(session, filters, day)
    page = page_of(ids, filters)
    return len(ids), described(session, page, day, detail=detail) if page else []


# Of France at the country's scale 1.7 MB.
_FEATURES = KeptTexts(most_bytes=16 * 2**20)


def features(
    session: ReadingSession, cpts_ids: Sequence[int], moment: Moment, detail: Detail
) -> dict[int, bytes]:
    """Give CPTS of a day as GeoJSON Features, by id, each once for a state of the registry.

    Parameters: `detail`, the generalisation of the geometry. A Feature ends with the brace of
    its properties and its own.
    """

    def read(ids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        for found in described(session, ids, moment.day, detail=detail):
            yield found.id, feature(found, found.properties).encode()

    return _FEATURES.get(session, (moment, detail), cpts_ids, read)


def feature(cpts: FoundCpts, properties: str) -> str:
    """Write a CPTS as a GeoJSON Feature with some properties, a JSON object."""
    return (
        f'{{"type":"Feature","id":{cpts.id},"geometry":{cpts.geometry or "null"},'
        f'"properties":{properties}}}'
    )


def lifetime(session: ReadingSession, cpts_id: int) -> tuple[date, date | None] | None:
    """Give the first day of a CPTS and the first day without it; None for no such CPTS."""
    row = session.execute(
        text("SELECT started_on, ended_on FROM cpts WHERE id = :id"), {"id": cpts_id}
    ).one_or_none()
    return None if row is None else (row.started_on, row.ended_on)


def compositions(
    session: ReadingSession, filters: Filters, day: date
) -> tuple[int, int, list[Any]]:
    """List the communes of the CPTS of a page.

    Returns how many CPTS pass the filters, how many are on the page, and one row per CPTS
    and commune with the columns of the statement.
    """
    ids = matching(session, filters, day)
    page = page_of(ids, filters)
    rows = session.execute(_with_stages("compositions"), {"day": day, "ids": list(page)}).all()
    return len(ids), len(page), list(rows)


@dataclass(frozen=True, slots=True)
class Course:
    """What led a CPTS to where it is on a day, as published files write it.

    `stages` is `slug:date:recorded|…` in the order of the stages, the date empty when it is
    not known; `communes` is `code:from|code:from:until|…`. Either is None for none.
    """

    stages: str | None
    communes: str | None


def courses(session: ReadingSession, cpts_ids: Sequence[int], day: date) -> dict[int, Course]:
    """Give, by id, the stages that CPTS had reached on a day, and since when they hold what."""
    rows = session.execute(_with_stages("courses"), {"ids": list(cpts_ids), "day": day})
    return {row.id: Course(row.stages, row.communes) for row in rows}


@cache
def _with_stages(name: str) -> TextClause:
    reached = script(__file__, "stages_reached")
    return text(script(__file__, name).format(stages=reached))


def coverage(session: ReadingSession, level: str, stages: list[str], day: date) -> str:
    """Give the coverage of each territory of a level as JSON text.

    Parameters: `level`, `country`, `region` or `department`; `stages`, those that count.
    """
    session.execute(_CUSTOM_PLANS)
    asked = {"level": level, "stages": stages, "day": day}
    return session.execute(statement(__file__, "coverage"), asked).scalar_one() or "[]"
