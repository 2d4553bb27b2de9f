"""The charts of the page as figures."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

import orjson

from app.cpts.reading.service import coverage
from app.cpts.references import repository as references
from app.cpts.stages import SIGNED_STAGE
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.french import counted, number
from app.french import day as written_day
from app.maps.palette import BORDER_COLOUR, stage_colour
from app.problems import NotFound
from app.web.figures.drawing import FONT, INK, LINE, Figure, Key, written, xml_text
from app.web.statistics.repository import count_undated
from app.web.statistics.rules import (
    BAR_HEIGHT,
    BAR_STEP,
    COVERAGE_COLOUR,
    NAMES_WIDTH,
    Area,
    Bar,
    Tick,
)
from app.web.statistics.service import (
    Chart,
    Month,
    coverage_chart,
    deployment_chart,
    evolution,
    region_lines,
    signature_chart,
)

_EDGE = f'stroke="{BORDER_COLOUR}" stroke-width=".6"'


def chart_of_regions(session: ReadingSession, at: date | None) -> Figure:
    """Draw the CPTS of each region by stage, a bar each.

    Parameters: `at`, the day, today when None.
    """
    labels = references.stage_labels(session)
    lines = region_lines(orjson.loads(coverage(session, "region", (), at))["items"])
    day = at or today()
    parts = []
    for position, line in enumerate(lines):
        top = position * BAR_STEP + 8
        end = NAMES_WIDTH
        parts.append(_beside(line["name"], NAMES_WIDTH - 8, top + 15))
        for slug, start, length, _ in line["pieces"]:
            end = NAMES_WIDTH + start + length
            parts.append(
                f'<rect x="{NAMES_WIDTH + start:g}" y="{top}" width="{length:g}" '
                f'height="{BAR_HEIGHT}" fill="{stage_colour(slug)}" {_EDGE}/>'
            )
        parts.append(written(number(line["total"]), end + 6, top + 15, 13, bold=True))
    return Figure(
        name=f"cpts-par-region-{day.isoformat()}",
        title="CPTS par région et par stade",
        dated=f"Au {written_day(day)} ; une CPTS à cheval sur plusieurs régions compte dans "
        "chacune",
        description=" ; ".join(
            f"{line['name']} : {counted(line['total'], 'CPTS', 'CPTS')}" for line in lines
        ),
        width=720,
        height=len(lines) * BAR_STEP + 14,
        content="".join(parts),
        keys=[Key(label, stage_colour(slug)) for slug, label in labels.items()],
    )


def _deployment(months: Sequence[Month], session: ReadingSession) -> tuple[Chart, Any, Any]:
    labels = references.stage_labels(session)
    keys = [Key(label, stage_colour(slug)) for slug, label in labels.items()]
    return deployment_chart(months, list(labels)), stage_colour, keys


def _signatures(months: Sequence[Month], _session: ReadingSession) -> tuple[Chart, Any, Any]:
    return signature_chart(months), lambda _name: stage_colour(SIGNED_STAGE), ()


def _coverage(months: Sequence[Month], session: ReadingSession) -> tuple[Chart, Any, Any]:
    country = orjson.loads(coverage(session, "country", (), months[-1].day))["items"][0]
    chart = coverage_chart(months, country["population"])
    return chart, lambda _name: COVERAGE_COLOUR, ()


# By its name in the address: its title and how it is drawn.
_OVER_TIME: Mapping[
    str, tuple[str, Callable[[Sequence[Month], ReadingSession], tuple[Chart, Any, Any]]]
] = {
    "stades": ("CPTS par stade, à la fin de chaque mois", _deployment),
    "signatures": ("ACI signés, mois par mois", _signatures),
    "couverture": (
        "Part de la population couverte par une CPTS, à la fin de chaque mois",
        _coverage,
    ),
}


def chart_over_time(name: str, session: ReadingSession, at: date | None) -> Figure:
    """Draw a chart from 2019 to a day.

    Parameters: `name`, `stades`, `signatures` or `couverture`; `at`, the day, today when
    None. Raises `NotFound` where there are no figures.
    """
    title, draw = _OVER_TIME[name]
    months = evolution(session, at)
    if len(months) < 2:
        raise NotFound("Aucun chiffre n’est tenu avant 2019.")
    last = months[-1].day
    chart, colour, keys = draw(months, session)
    undated = count_undated(session, last)
    dated = f"De janvier 2019 au {written_day(last)}"
    if undated:
        dated += (
            f" ; sans {counted(undated, 'CPTS', 'CPTS')} dont la date du stade est inconnue"
        )
    plane = chart.plane
    shapes: list[Area | Bar] = [*chart.areas, *chart.bars]
    parts = [
        *(_level(mark, plane.left, plane.width - plane.right) for mark in chart.values),
        *(_year(mark, plane.height, plane.bottom) for mark in chart.years),
        *(_shape(shape, colour(shape.name)) for shape in shapes),
    ]
    return Figure(
        name=f"cpts-{name}-{last.isoformat()}",
        title=title,
        dated=dated,
        description=f"{title}, {dated[0].lower()}{dated[1:]}.",
        width=plane.width,
        height=plane.height,
        content="".join(parts),
        keys=keys,
    )


def _beside(text: str, x: float, y: float, size: float = 13) -> str:
    """Write a text that ends at `x`."""
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="end" font-family="{FONT}" '
        f'font-size="{size}" fill="{INK}">{xml_text(text)}</text>'
    )


def _level(mark: Tick, left: int, right: int) -> str:
    line = (
        f'<path d="M{left} {mark.at}H{right}" fill="none" stroke="{LINE}" stroke-width=".7"/>'
    )
    return line + _beside(mark.label, left - 8, mark.at + 4)


def _year(mark: Tick, height: int, bottom: int) -> str:
    line = f'<path d="M{mark.at} {height - bottom}v6" fill="none" stroke="{LINE}"/>'
    return line + written(mark.label, mark.at, height - 8, 13)


def _shape(shape: Area | Bar, fill: str) -> str:
    if isinstance(shape, Area):
        return f'<path d="{shape.path}" fill="{fill}" {_EDGE}/>'
    return (
        f'<rect x="{shape.x}" y="{shape.y}" width="{shape.width}" height="{shape.height}" '
        f'fill="{fill}" {_EDGE}/>'
    )


# By their names in addresses.
CHARTS: Mapping[str, Callable[[ReadingSession, date | None], Figure]] = {
    "regions": chart_of_regions,
    **{name: partial(chart_over_time, name) for name in _OVER_TIME},
}
