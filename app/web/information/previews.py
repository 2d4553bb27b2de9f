"""The images that social networks show of a page: what is on them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

import orjson

from app.cpts.reading import repository as registry
from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import DEPARTMENT, REGION
from app.cpts.reading.schemas import CoverageLevel, Detail
from app.cpts.reading.service import coverage
from app.cpts.references import repository as references
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.french import day, number, percent
from app.http.parameters import MAXIMUM_LIMIT
from app.maps.palette import stage_colour
from app.maps.repository import DepartmentExtent, department_outlines, departments
from app.maps.rules import is_overseas, merged
from app.web.information.drawing import Preview, Shape, StageLine, draw_preview
from app.web.layout.repository import holds_demonstration

Features = Sequence[Mapping[str, Any]]


def of_country(session: ReadingSession) -> bytes:
    """Draw the country: metropolitan France, and the overseas departments beneath."""
    extents = departments(session)
    outlines = _outlines(session, "national", extents)
    cpts = _cpts(session, Filters(limit=MAXIMUM_LIMIT), "national")
    mainland = [extent.code for extent in extents if not is_overseas(extent.code)]
    overseas = [extent.code for extent in extents if is_overseas(extent.code)]
    return draw_preview(
        _described(session, "country", "FR", "CPTS de France"),
        _territory(mainland, outlines, cpts),
        [_territory([code], outlines, cpts) for code in overseas],
    )


def of_region(session: ReadingSession, code: str) -> bytes | None:
    """Draw a region, None when there is none of this code."""
    extents = [extent for extent in departments(session) if extent.region == code]
    filters = Filters({REGION: (code,)}, limit=MAXIMUM_LIMIT)
    return _of_part(session, "region", code, extents, filters)


def of_department(session: ReadingSession, code: str) -> bytes | None:
    """Draw a department, None when there is none of this code."""
    extents = [extent for extent in departments(session) if extent.code == code]
    filters = Filters({DEPARTMENT: (code,)}, limit=MAXIMUM_LIMIT)
    return _of_part(session, "department", code, extents, filters)


def _of_part(
    session: ReadingSession,
    level: Literal["region", "department"],
    code: str,
    extents: Sequence[DepartmentExtent],
    filters: Filters,
) -> bytes | None:
    if not extents:
        return None
    territory = _territory(
        [extent.code for extent in extents],
        _outlines(session, level, extents),
        _cpts(session, filters, level),
    )
    return draw_preview(_described(session, level, code), territory, [])


def _outlines(
    session: ReadingSession, detail: Detail, extents: Sequence[DepartmentExtent]
) -> Features:
    box = merged(extent.bounds for extent in extents)
    features: Features = orjson.loads(department_outlines(session, detail, box))["features"]
    return features


def _cpts(session: ReadingSession, filters: Filters, detail: Detail) -> Features:
    _, found = registry.find_cpts(session, filters, today(), detail=detail)
    return [
        {"geometry": orjson.loads(cpts.geometry), **orjson.loads(cpts.properties)}
        for cpts in found
        if cpts.geometry
    ]


def _territory(
    codes: Collection[str], outlines: Features, cpts: Features
) -> tuple[list[Shape], list[Shape]]:
    """Give the departments of these codes, which the view fits, and the CPTS over them."""
    return (
        [Shape(i["geometry"], None) for i in outlines if i["properties"]["code"] in codes],
        [
            Shape(item["geometry"], stage_colour(item["stage"] or ""))
            for item in cpts
            if not set(codes).isdisjoint(item["departments"])
        ],
    )


def _described(
    session: ReadingSession, level: CoverageLevel, code: str, title: str | None = None
) -> Preview:
    told = orjson.loads(coverage(session, level, (), None))
    covered = next(item for item in told["items"] if item["code"] == code)
    stages = references.stages(session)
    by_stage = covered["cpts_by_stage"]
    total = sum(by_stage.values())
    name = covered["name"] if level == "region" else f"{covered['name']} ({code})"
    return Preview(
        title=title or name,
        figures=(
            (number(total), "CPTS" if total != 1 else "CPTS recensée"),
            (percent(covered["share_covered"], 0), "de la population couverte"),
        ),
        stages=tuple(
            StageLine(stage.label, stage_colour(stage.slug), by_stage[stage.slug])
            for stage in stages
        ),
        dated=f"Au {day(today())}",
        demonstration=holds_demonstration(session),
    )
