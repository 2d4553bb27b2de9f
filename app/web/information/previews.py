"""The images that social networks show of a page: what is on them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from app.cpts.reading import repository as registry
from app.cpts.reading.schemas import CoverageLevel, Detail, Filters
from app.cpts.reading.service import coverage, reference_list
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.http.parameters import MAXIMUM_LIMIT
from app.maps.palette import stage_colour
from app.maps.repository import department_outlines
from app.maps.rules import is_overseas
from app.web.information.drawing import Preview, Shape, StageLine, draw_preview
from app.web.layout.french import day, number, percent
from app.web.layout.repository import holds_demonstration

Features = Sequence[Mapping[str, Any]]


def of_country(session: ReadingSession) -> bytes:
    """Draw the country: metropolitan France, and the overseas departments beneath."""
    outlines = _outlines(session, "national")
    overseas = [item for item in outlines if is_overseas(item["properties"]["code"])]
    mainland = [item for item in outlines if not is_overseas(item["properties"]["code"])]
    cpts = _cpts(session, Filters(limit=MAXIMUM_LIMIT), "national")
    insets = [_territory([item], cpts) for item in overseas]
    preview = _described(session, "country", "FR", "Les CPTS de France")
    return draw_preview(preview, _territory(mainland, cpts), insets)


def of_region(session: ReadingSession, code: str) -> bytes | None:
    """Draw a region, None when there is none of this code."""
    cpts = Filters(regions=(code,), limit=MAXIMUM_LIMIT)
    return _of_part(session, "region", code, cpts, lambda item: item["region"] == code)


def of_department(session: ReadingSession, code: str) -> bytes | None:
    """Draw a department, None when there is none of this code."""
    cpts = Filters(departments=(code,), limit=MAXIMUM_LIMIT)
    return _of_part(session, "department", code, cpts, lambda item: item["code"] == code)


def _of_part(
    session: ReadingSession,
    level: CoverageLevel,
    code: str,
    filters: Filters,
    belongs: Callable[[Mapping[str, Any]], bool],
) -> bytes | None:
    outlines = [item for item in _outlines(session, "region") if belongs(item["properties"])]
    if not outlines:
        return None
    territory = _territory(outlines, _cpts(session, filters, "region"))
    return draw_preview(_described(session, level, code), territory, [])


def _outlines(session: ReadingSession, detail: Detail) -> Features:
    features: Features = orjson.loads(department_outlines(session, detail))["features"]
    return features


def _cpts(session: ReadingSession, filters: Filters, detail: Detail) -> Features:
    _, found = registry.find_cpts(session, filters, today(), detail=detail)
    return [
        {
            "geometry": orjson.loads(cpts.geometry),
            "stage": orjson.loads(cpts.properties)["stage"],
        }
        for cpts in found
        if cpts.geometry
    ]


def _territory(outlines: Features, cpts: Features) -> tuple[list[Shape], list[Shape]]:
    """Give what lies beneath, which the view fits, and the CPTS over it."""
    return (
        [Shape(item["geometry"], None) for item in outlines],
        [Shape(item["geometry"], stage_colour(item["stage"] or "")) for item in cpts],
    )


def _described(
    session: ReadingSession, level: CoverageLevel, code: str, title: str | None = None
) -> Preview:
    told = orjson.loads(coverage(session, level, (), None))
    covered = next(item for item in told["items"] if item["code"] == code)
    stages = orjson.loads(reference_list(session, "stages"))["items"]
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
            StageLine(stage["label"], stage_colour(stage["slug"]), by_stage[stage["slug"]])
            for stage in stages
        ),
        dated=f"Au {day(today())}",
        demonstration=holds_demonstration(session),
    )
