"""The SQL of the reading side. JSON is written by PostgreSQL and passed on as text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.cpts.reading.schemas import Detail, Filters
from app.database.calendar import today
from app.database.statements import statement


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


def _execute(session: Session, name: str, parameters: dict[str, Any]) -> Any:
    # A plan for these very filters: a NULL one vanishes and the index of another serves.
    session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
    return session.execute(statement(__file__, name), parameters)


def _filter_parameters(filters: Filters, day: date) -> dict[str, Any]:
    box = filters.bbox
    return {
        "day": day,
        "regions": list(filters.regions) or None,
        "departments": list(filters.departments) or None,
        "stages": list(filters.stages) or None,
        "themes": list(filters.themes) or None,
        "tiers": list(filters.tiers) or None,
        "q": filters.q,
        "west": box and box.west,
        "south": box and box.south,
        "east": box and box.east,
        "north": box and box.north,
        "limit": filters.limit,
        "offset": filters.offset,
    }


def find_cpts(
    session: Session,
    filters: Filters,
    day: date,
    *,
    cpts_id: int | None = None,
    detail: Detail | None = None,
    with_communes: bool = False,
) -> tuple[int, list[FoundCpts]]:
    """Find the CPTS of a day that pass the filters.

    Parameters: `day`, as of which everything is told; `detail`, the generalisation of the
    geometry, none without. Returns how many pass in all, and a page of them in order.
    """
    rows = _execute(
        session,
        "cpts",
        {
            **_filter_parameters(filters, day),
            # What is planned lies ahead of now, whatever day is shown.
            "today": today(),
            "id": cpts_id,
            "detail": detail,
            "with_communes": with_communes,
        },
    ).all()
    found = [
        FoundCpts(row.id, row.properties, row.geometry, row.ended_on, row.communes)
        for row in rows
        if row.id is not None
    ]
    return rows[0].number_matched, found


def lifetime(session: Session, cpts_id: int) -> tuple[date, date | None] | None:
    """Give the first day of a CPTS and the first day without it; None for no such CPTS."""
    row = session.execute(
        text("SELECT started_on, ended_on FROM cpts WHERE id = :id"), {"id": cpts_id}
    ).one_or_none()
    return None if row is None else (row.started_on, row.ended_on)


def accepted_values(session: Session) -> dict[str, list[Any]]:
    """Give the values that each filter accepts, by the filter's name."""
    row = session.execute(statement(__file__, "accepted_values")).one()
    return {name: value or [] for name, value in row._mapping.items()}  # noqa: SLF001


def compositions(session: Session, filters: Filters, day: date) -> tuple[int, int, list[Any]]:
    """List the communes of the CPTS of a page.

    Returns how many CPTS pass the filters, how many are on the page, and one row per CPTS
    and commune with the columns of the statement.
    """
    parameters = _filter_parameters(filters, day)
    matched, page = find_cpts(session, filters, day)
    rows = session.execute(
        statement(__file__, "compositions"),
        {"day": parameters["day"], "ids": [found.id for found in page]},
    ).all()
    return matched, len(page), list(rows)


@dataclass(frozen=True, slots=True)
class Course:
    """What led a CPTS to where it is on a day, as published files write it.

    `stages` is `slug:date:recorded|…` in the order of the stages, the date empty when it is
    not known; `communes` is `code:from|code:from:until|…`. Either is None for none.
    """

    stages: str | None
    communes: str | None


def courses(session: Session, cpts_ids: Sequence[int], day: date) -> dict[int, Course]:
    """Give, by id, the stages that CPTS had reached on a day, and since when they hold what."""
    rows = session.execute(statement(__file__, "courses"), {"ids": list(cpts_ids), "day": day})
    return {row.id: Course(row.stages, row.communes) for row in rows}


def reference_list(session: Session, name: str, **parameters: Any) -> str:
    """Give a list of reference as JSON text.

    Parameters: `name` of the list (`regions`, `departments`, `stages`, `themes`,
    `tiers`), and what its statement asks for; `day` is today unless given.
    """
    asked = {"day": today(), **parameters}
    return session.execute(statement(__file__, name), asked).scalar_one() or "[]"


def coverage(session: Session, level: str, stages: list[str], day: date) -> str:
    """Give the coverage of each territory of a level as JSON text.

    Parameters: `level`, `country`, `region` or `department`; `stages`, those that count.
    """
    return (
        _execute(
            session, "coverage", {"level": level, "stages": stages, "day": day}
        ).scalar_one()
        or "[]"
    )


def recognised_stages(session: Session) -> list[str]:
    """Give the stages from the validated letter of intent on, in order."""
    return list(session.scalars(statement(__file__, "recognised_stages")))
