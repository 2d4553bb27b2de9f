"""The figures of the page, of one snapshot of the registry, and the same as CSV."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from app.cpts.reading.service import coverage, cpts_of_day
from app.cpts.references import repository as references
from app.cpts.stages import RECOGNISED_STAGES, SIGNED_STAGE
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.french import alphabetical, by_name, number, percent
from app.web.figures.rules import UNKNOWN_COLOUR, coverage_labels
from app.web.statistics.repository import count_undated, coverage_by_month, cpts_by_month
from app.web.statistics.rules import (
    FIRST_MONTH,
    LINE_WIDTH,
    Area,
    Bar,
    Plane,
    Tick,
    columns,
    counted_by_region,
    round_ceiling,
    shares_of_line,
    stacked_areas,
    value_ticks,
    year_ticks,
)


@dataclass(frozen=True, slots=True)
class Month:
    """The deployment on the last day of a month, or on the last day asked for."""

    day: date
    by_stage: dict[str, int]
    signed_within: int
    population: int
    communes: int

    @property
    def cpts(self) -> int:
        """All CPTS of that day."""
        return sum(self.by_stage.values())

    @property
    def signed(self) -> int:
        """Those whose ACI is signed."""
        return self.by_stage.get(SIGNED_STAGE, 0)


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart over time: areas or bars, and the marks of its axes."""

    plane: Plane
    years: list[Tick]
    values: list[Tick]
    areas: list[Area]
    bars: list[Bar]


def statistics(session: ReadingSession, at: date | None) -> dict[str, Any]:
    """Give the values of the page.

    Parameters: `at`, the day of the figures, today when None; the evolution ends on it,
    or today when it is still to come.
    """
    levels = {
        level: orjson.loads(coverage(session, level, (), at))
        for level in ("country", "region", "department")
    }
    country = levels["country"]["items"][0]
    labels = references.stage_labels(session)
    months = evolution(session, at)
    day = at or today()
    return {
        "day": day,
        "at": at.isoformat() if at else None,
        "country": country,
        "cpts_count": sum(country["cpts_by_stage"].values()),
        "labels": labels,
        "regions": levels["region"]["items"],
        "departments": levels["department"]["items"],
        "region_lines": region_lines(levels["region"]["items"]),
        "line_width": LINE_WIDTH,
        "sizes": sizes(session, day),
        "themes": themes(session, day),
        "coverage_steps": coverage_labels(),
        "unknown_colour": UNKNOWN_COLOUR,
        "months": months,
        "undated": count_undated(session, min(day, today())),
        "years": _years(months),
        "deployment": deployment_chart(months, list(labels)) if len(months) > 1 else None,
        "signatures": signature_chart(months) if len(months) > 1 else None,
        "covered": coverage_chart(months, country["population"]) if len(months) > 1 else None,
        "frames": _frames(),
        "first_month": FIRST_MONTH.isoformat(),
        "present": today().isoformat(),
    }


@dataclass(frozen=True, slots=True)
class Sizes:
    """CPTS by region and tier: `labels` by tier, None for those without one if there are any.

    `rows` are code, name and counts in the order of `labels`, by name; `country` counts each
    CPTS once.
    """

    labels: dict[int | None, str]
    rows: Sequence[tuple[str, str, Sequence[int]]]
    country: Sequence[int]


def sizes(session: ReadingSession, day: date) -> Sizes:
    """Count the CPTS of a day by region and tier."""
    labels: dict[int | None, str] = {
        each.tier: each.label for each in references.tiers(session, day)
    }
    regions = sorted(references.regions(session), key=lambda each: alphabetical(each.name))
    counts = counted_by_region(
        cpts_of_day(session, day),
        [each.code for each in regions],
        [tier for tier in labels if tier is not None],
    )
    if counts["FR"][None]:
        labels[None] = "Non connue"
    return Sizes(
        labels,
        [
            (each.code, each.name, [counts[each.code][tier] for tier in labels])
            for each in regions
        ],
        [counts["FR"][tier] for tier in labels],
    )


@dataclass(frozen=True, slots=True)
class ThemeCount:
    """How many CPTS work on a theme, and which part they are of all, 0 to 1."""

    mission: str
    slug: str
    label: str
    number: int
    share: float


def themes(session: ReadingSession, day: date) -> list[ThemeCount]:
    """Count the CPTS of a day that work on each theme, in the order of the missions."""
    items = cpts_of_day(session, day)
    counts = Counter(theme["slug"] for item in items for theme in item["themes"])
    return [
        ThemeCount(
            each.mission_label,
            each.slug,
            each.label,
            counts[each.slug],
            counts[each.slug] / len(items) if items else 0.0,
        )
        for each in references.themes(session)
    ]


def evolution(session: ReadingSession, at: date | None) -> list[Month]:
    """Give the deployment month by month since 2019, up to a day that is not to come."""
    last = min(at or today(), today())
    if last < FIRST_MONTH:
        return []
    by_day: dict[date, dict[str, int]] = {}
    signed_within: dict[date, int] = {}
    for row in cpts_by_month(session, FIRST_MONTH, last):
        by_day.setdefault(row.day, {})[row.stage] = row.number
        if row.stage == SIGNED_STAGE:
            signed_within[row.day] = row.reached
    covered = coverage_by_month(session, FIRST_MONTH, last, RECOGNISED_STAGES)
    return [
        Month(row.day, by_day[row.day], signed_within[row.day], row.population, row.communes)
        for row in covered
    ]


def _years(months: Sequence[Month]) -> list[dict[str, Any]]:
    """Sum up each year: as of its last month, and the ACI signed in it."""
    last = {month.day.year: month for month in months}
    return [
        {
            "month": month,
            "signed_within": sum(m.signed_within for m in months if m.day.year == year),
        }
        for year, month in last.items()
    ]


def _frames() -> list[dict[str, str]]:
    """List the years that the map shows: their last day, and today."""
    present = today()
    past = [date(year, 12, 31) for year in range(FIRST_MONTH.year, present.year)]
    return [{"at": day.isoformat(), "label": str(day.year)} for day in past] + [
        {"at": "", "label": "aujourd’hui"}
    ]


def region_lines(regions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lay out a bar for each region, in the order of their names."""
    totals = {each["code"]: sum(each["cpts_by_stage"].values()) for each in regions}
    longest = max(totals.values(), default=0)
    return [
        {
            "name": each["name"],
            "total": totals[each["code"]],
            "pieces": shares_of_line(list(each["cpts_by_stage"].items()), LINE_WIDTH, longest),
        }
        for each in by_name(regions)
    ]


def _chart(
    months: Sequence[Month], highest: float, write: Any, plane: Plane
) -> tuple[float, list[Tick], list[Tick]]:
    ceiling = round_ceiling(max(highest, 1))
    values = [Tick(y, write(value)) for y, value in value_ticks(plane, ceiling)]
    return ceiling, values, year_ticks([month.day for month in months], plane)


def deployment_chart(months: Sequence[Month], stages: Sequence[str]) -> Chart:
    """Draw the CPTS by stage over time, the furthest stage lowest."""
    plane = Plane()
    ceiling, values, years = _chart(months, max(month.cpts for month in months), number, plane)
    series = [
        (slug, [float(month.by_stage.get(slug, 0)) for month in months])
        for slug in reversed(stages)
    ]
    return Chart(plane, years, values, stacked_areas(series, plane, ceiling), [])


def signature_chart(months: Sequence[Month]) -> Chart:
    """Draw the ACI signed within each month."""
    plane = Plane(height=220)
    counts = [float(month.signed_within) for month in months]
    ceiling, values, years = _chart(months, max(4.0, *counts), number, plane)
    return Chart(plane, years, values, [], columns(counts, plane, ceiling))


def coverage_chart(months: Sequence[Month], population: int) -> Chart:
    """Draw the share of a country's population that is covered over time."""
    plane = Plane(height=260)
    shares = [month.population / population if population else 0.0 for month in months]
    values = [Tick(y, percent(value, 0)) for y, value in value_ticks(plane, 1.0)]
    years = year_ticks([month.day for month in months], plane)
    return Chart(plane, years, values, stacked_areas([("population", shares)], plane, 1.0), [])
