"""The national maps as SVG files: who stands where on a day, and how much is covered."""

from collections.abc import Mapping
from datetime import date
from html import escape

import orjson

from app.cpts.drawing.repository import department_paths, region_paths, stage_paths
from app.cpts.drawing.rules import FRAMES, HEIGHT, WIDTH
from app.cpts.reading.service import coverage
from app.cpts.references import repository as references
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.french import day as written_day
from app.french import percent
from app.maps.palette import BORDER_COLOUR, DASHED_STAGES, PAPER_COLOUR, stage_colour
from app.web.statistics.rules import UNKNOWN_COLOUR, coverage_colour

_INK = "#0b0f14"
_SEA = "#e1e9ee"


def deployment_map(session: ReadingSession, at: date | None) -> str:
    """Draw the territories of a day by stage as an SVG document."""
    day = at or today()
    labels = references.stage_labels(session)
    found = stage_paths(session, FRAMES, day)
    parts = []
    for path in found:
        dashes = ' stroke-dasharray="3 2"' if path.stage in DASHED_STAGES else ""
        parts.append(
            f'<path d="{path.path}" fill="{stage_colour(path.stage)}" '
            f'stroke="{BORDER_COLOUR}" stroke-width=".4"{dashes}/>'
        )
    counts = dict.fromkeys(labels, 0)
    for path in found:
        if path.frame != 1:  # Paris is drawn twice
            counts[path.stage] += path.number
    told = ", ".join(f"{labels[slug]} : {number}" for slug, number in counts.items())
    outlines = "".join(f'<path d="{each.path}"/>' for each in department_paths(session, FRAMES))
    land = f'<defs><g id="o">{outlines}</g></defs><use href="#o" fill="{PAPER_COLOUR}"/>'
    # Limits never heavier than the data, but for those of regions.
    parts.append(
        f'<use href="#o" fill="none" stroke="{BORDER_COLOUR}" stroke-width=".4" '
        'stroke-opacity=".6"/>'
    )
    parts.append(_regions(session))
    return _document(
        f"Carte des CPTS au {written_day(day)}",
        f"Les territoires des CPTS selon leur stade. {told}.",
        land + "".join(parts),
    )


def coverage_map(session: ReadingSession, at: date | None) -> str:
    """Draw the departments by the share of their population that CPTS cover, as SVG."""
    answer = orjson.loads(coverage(session, "department", (), at))
    shares: Mapping[str, float | None] = {
        item["code"]: item["share_covered"] if item["complete"] else None
        for item in answer["items"]
    }
    parts = [
        f'<path d="{each.path}" fill="{_share_colour(shares.get(each.code))}">'
        f"<title>{escape(each.name)} ({each.code}) : {_share(shares.get(each.code))}</title>"
        "</path>"
        for each in department_paths(session, FRAMES)
    ]
    return _document(
        f"Part de la population couverte par une CPTS, au {written_day(at or today())}",
        "Les départements, du plus clair (aucun habitant) au plus foncé (tous), en gris les "
        "territoires non renseignés ; le tableau "
        "de la page donne chaque valeur.",
        f'<g stroke="{BORDER_COLOUR}" stroke-width=".7">{"".join(parts)}</g>'
        + _regions(session),
    )


def _regions(session: ReadingSession) -> str:
    lines = " ".join(region_paths(session, FRAMES[0]))
    return (
        f'<path class="regions" d="{lines}" fill="none" stroke="{BORDER_COLOUR}" '
        'stroke-width="1.2"/>'
    )


def _share_colour(share: float | None) -> str:
    return UNKNOWN_COLOUR if share is None else coverage_colour(share)


def _share(share: float | None) -> str:
    return "territoire non renseigné" if share is None else percent(share)


def _document(title: str, description: str, content: str) -> str:
    # Presentation attributes only: a policy without inline styles holds for it too.
    frames = "".join(
        f'<text x="{round(frame.left + frame.width / 2)}" '
        f'y="{round(frame.top + frame.height + 15)}">{escape(frame.name)}</text>'
        for frame in FRAMES[1:]
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-labelledby="t d" lang="fr">'
        f'<title id="t">{escape(title)}</title><desc id="d">{escape(description)}</desc>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{_SEA}"/>'
        f'<g stroke-linejoin="round">{content}</g>'
        f'<g fill="{_INK}" font-family="system-ui, Liberation Sans, DejaVu Sans, sans-serif" '
        f'font-size="11.5" text-anchor="middle">{frames}</g></svg>'
    )
