"""From figures to shapes: scales, areas and bars of the charts. Plain Python, drawing units."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

# Of the bars of the regions, in units: from one to the next, of one, of the names before them.
BAR_STEP, BAR_HEIGHT, NAMES_WIDTH = 27, 21, 204
LINE_WIDTH = 470
COVERAGE_COLOUR = "#3f93ad"
# Since the national agreement of 2019 CPTS sign an ACI.
FIRST_MONTH = date(2019, 1, 1)


def round_ceiling(value: float) -> float:
    """Give the least of 1, 2, 2.5, 4, 5 or 10 times a power of ten that is not below."""
    power = 1.0
    while power * 10 <= value:
        power *= 10
    return next(power * step for step in (1, 2, 2.5, 4, 5, 10) if power * step >= value)


@dataclass(frozen=True, slots=True)
class Plane:
    """Where a chart over time draws: margins around, units of the drawing."""

    width: int = 720
    height: int = 300
    left: int = 68
    right: int = 14
    top: int = 14
    bottom: int = 30

    def x(self, position: int, count: int) -> float:
        """Give the x of a moment among `count` evenly spaced ones."""
        inner = self.width - self.left - self.right
        return round(self.left + inner * (position / max(1, count - 1)), 1)

    def y(self, value: float, ceiling: float) -> float:
        """Give the y of a value on a scale from 0 to `ceiling`."""
        inner = self.height - self.top - self.bottom
        return round(self.height - self.bottom - inner * value / ceiling, 1)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of an axis: where, and what is written beside it."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Area:
    """A band of a chart: its SVG path, and what it stands for."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart, in units."""

    x: float
    y: float
    width: float
    height: float
    name: str


def stacked_areas(
    series: Sequence[tuple[str, Sequence[float]]], plane: Plane, ceiling: float
) -> list[Area]:
    """Stack series over each other, the first one lowest; each has as many values."""
    areas = []
    count = len(series[0][1]) if series else 0
    below = [0.0] * count
    for name, values in series:
        above = [low + value for low, value in zip(below, values, strict=True)]
        upper = [f"{plane.x(i, count)} {plane.y(v, ceiling)}" for i, v in enumerate(above)]
        lower = [f"{plane.x(i, count)} {plane.y(v, ceiling)}" for i, v in enumerate(below)]
        areas.append(Area(name, "M" + "L".join([*upper, *reversed(lower)]) + "Z"))
        below = above
    return areas


def columns(values: Sequence[float], plane: Plane, ceiling: float) -> list[Bar]:
    """Draw a bar per moment; a value of 0 has none."""
    count = len(values)
    inner = plane.width - plane.left - plane.right
    step = inner / max(1, count)
    return [
        Bar(
            round(plane.left + step * i + step * 0.1, 1),
            plane.y(value, ceiling),
            round(step * 0.8, 1),
            round(plane.y(0, ceiling) - plane.y(value, ceiling), 1),
            "",
        )
        for i, value in enumerate(values)
        if value > 0
    ]


def value_ticks(plane: Plane, ceiling: float, steps: int = 4) -> list[tuple[float, float]]:
    """Give the y and the value of the marks of the vertical axis."""
    return [
        (plane.y(ceiling * i / steps, ceiling), ceiling * i / steps) for i in range(steps + 1)
    ]


def year_ticks(days: Sequence[date], plane: Plane) -> list[Tick]:
    """Mark each January."""
    count = len(days)
    return [
        Tick(plane.x(position, count), str(day.year))
        for position, day in enumerate(days)
        if day.month == 1
    ]


def counted_by_region(
    items: Iterable[Mapping[str, Any]], regions: Iterable[str], tiers: Iterable[int]
) -> dict[str, dict[int | None, int]]:
    """Count CPTS by region and tier, in the country under « FR ».

    Parameters: `items`, CPTS as the API tells them, of which each counts in all its regions;
    `regions` and `tiers`, codes and numbers. Those without a tier count under None.
    """
    counts: dict[str, dict[int | None, int]] = {
        code: dict.fromkeys((*tiers, None), 0) for code in (*regions, "FR")
    }
    for item in items:
        for code in (*item["regions"], "FR"):
            counts[code][item["tier"]] += 1
    return counts


def shares_of_line(
    counts: Sequence[tuple[str, int]], width: float, whole: int
) -> list[tuple[str, float, float, int]]:
    """Lay counts end to end on a line: name, start, length in units, and the count."""
    start = 0.0
    pieces = []
    for name, number in counts:
        length = width * number / whole if whole else 0.0
        if number:
            pieces.append((name, round(start, 1), round(length, 1), number))
        start += length
    return pieces
