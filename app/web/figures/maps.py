"""Maps of the registry as figures: who stands where, for any filter, and what is covered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import orjson

from app.cpts.drawing.repository import (
    DepartmentPath,
    TerritoryPath,
    department_paths,
    extents,
    region_paths,
    territory_paths,
)
from app.cpts.drawing.rules import FRAMES, HEIGHT, WIDTH, Frame, frames_around, placed_labels
from app.cpts.reading import repository as registry
from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import BBOX, SEARCH
from app.cpts.reading.service import check_filters, coverage
from app.cpts.references import repository as references
from app.cpts.references.schemas import DepartmentItem
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.french import counted, percent
from app.french import day as written_day
from app.maps.palette import BORDER_COLOUR, DASHED_STAGES, PAPER_COLOUR, stage_colour
from app.maps.picture import by_stage, drawn_territories
from app.maps.rules import places_asked, unknown_text
from app.maps.service import map_heading
from app.web.figures.drawing import (
    FONT,
    INK,
    PATTERNS,
    SEA,
    Figure,
    Key,
    names_written,
    xml_text,
)
from app.web.figures.rules import UNKNOWN_COLOUR, coverage_colour, coverage_labels

# Those that do not answer to the filter.
OTHERS_COLOUR = "#d3d8de"
# Of the grid that points lie on, in units: a tenth of a millimetre in print, a pixel on a page.
_FINE_STEP, _PAGE_STEP = 0.2, 1.0
# Departments whose names are written rather than those of CPTS.
_MOST_WITH_CPTS_NAMED = 1


@dataclass(frozen=True, slots=True)
class _Scene:
    """What a map is drawn of: frames, what lies in them, and what is asked for there."""

    frames: Sequence[Frame]
    land: Sequence[DepartmentPath]
    territories: Sequence[TerritoryPath]
    shown: Collection[int]
    inside: Collection[str] | None
    unknown: Collection[str]
    regions: str


def map_of_cpts(session: ReadingSession, filters: Filters, *, fine: bool = True) -> Figure:
    """Draw the CPTS of a filter by stage, others muted.

    Parameters: `filters`, whose page counts for nothing; `fine`, for print, or light for a
    page. A filter that names a place shows it, a text the departments of what it finds, any
    other the country. Raises `Invalid` for values that no reference list knows.
    """
    check_filters(session, filters)
    day = filters.at or today()
    departments = references.departments(session, day)
    shown = set(registry.matching(session, filters, day))
    inside = places_asked(filters, departments)
    frames = _frames(session, filters, departments, shown)
    step = _FINE_STEP if fine else _PAGE_STEP
    height = _height(frames)
    is_place = frames is not FRAMES
    scene = _Scene(
        frames=frames,
        land=department_paths(session, frames, step=step),
        territories=territory_paths(session, frames, day, step=step, labelled=is_place),
        shown=shown,
        inside=inside,
        unknown={each.code for each in departments if not each.complete},
        regions="" if is_place else _regions(session, step),
    )
    labels = references.stage_labels(session)
    content = _content(scene, height, labelled=is_place)
    counts = _counts(session, scene, labels, day)
    told = ", ".join(f"{labels[slug]} : {number}" for slug, number in counts.items())
    dated = f"Au {written_day(day)} – {counted(len(shown), 'CPTS', 'CPTS')}"
    unknown = unknown_text(filters, departments)
    return Figure(
        name=f"carte-cpts-{day.isoformat()}",
        title=map_heading(session, filters) if filters.asked else "Les CPTS selon leur stade",
        dated=f"{dated} ; {unknown}" if unknown else dated,
        description=f"Les territoires des CPTS selon leur stade. {told}.",
        width=WIDTH,
        height=height,
        content=content,
        keys=_keys(scene, labels, counts),
        definitions=_marks(content) + _clips(frames),
    )


def _frames(
    session: ReadingSession,
    filters: Filters,
    departments: Sequence[DepartmentItem],
    shown: Collection[int],
) -> Sequence[Frame]:
    codes: Collection[str] | None = places_asked(filters, departments)
    box = filters[BBOX]
    if codes is None and filters[SEARCH] is not None:
        codes = {
            code
            for found in registry.described(session, sorted(shown), filters.at or today())
            for code in orjson.loads(found.properties)["departments"]
        }
    if codes is None and box is not None:
        codes = [each.code for each in departments]
    if not codes:
        return FRAMES
    sides = (box.west, box.south, box.east, box.north) if box is not None else None
    names = {each.code: each.name for each in departments}
    return frames_around(extents(session, codes, sides), names) or FRAMES


def _height(frames: Sequence[Frame]) -> int:
    if frames is FRAMES:
        return HEIGHT
    caption = 24 if len(frames) > 1 else 0
    return round(max(frame.top + frame.height for frame in frames)) + caption


def _counts(
    session: ReadingSession, scene: _Scene, labels: Mapping[str, str], day: date
) -> dict[str, int]:
    """Count what is asked for by stage, those without a territory too."""
    counts = dict.fromkeys(labels, 0)
    for found in registry.described(session, sorted(scene.shown), day) if scene.shown else ():
        stage = orjson.loads(found.properties)["stage"]
        if stage in counts:
            counts[stage] += 1
    return counts


def _keys(scene: _Scene, labels: Mapping[str, str], counts: Mapping[str, int]) -> list[Key]:
    drawn = {each.cpts_id for each in scene.territories}
    land = {each.code for each in scene.land}
    inside = land if scene.inside is None else land & set(scene.inside)
    is_narrowed = bool(drawn - set(scene.shown))
    keys = [
        Key(f"{label} : {counts[slug]}", stage_colour(slug), dashed=slug in DASHED_STAGES)
        for slug, label in labels.items()
    ]
    if is_narrowed:
        keys.append(Key("Autres CPTS", OTHERS_COLOUR))
    keys.append(Key("Sans CPTS", PAPER_COLOUR))
    if inside & set(scene.unknown):
        keys.append(Key("Territoire non renseigné", PAPER_COLOUR, pattern="unknown"))
    if land - inside:
        keys.append(Key("Hors du territoire choisi", PAPER_COLOUR, pattern="outside"))
    return keys


def _marks(content: str) -> str:
    return "".join(mark for name, mark in PATTERNS.items() if f"url(#{name})" in content)


def _clips(frames: Sequence[Frame]) -> str:
    if frames is FRAMES:
        return ""
    return "".join(
        f'<clipPath id="f{position}"><rect x="{frame.left:g}" y="{frame.top:g}" '
        f'width="{frame.width:g}" height="{frame.height:g}"/></clipPath>'
        for position, frame in enumerate(frames)
    )


def _content(scene: _Scene, height: int, *, labelled: bool) -> str:
    parts = [f'<rect width="{WIDTH}" height="{height}" fill="{SEA}"/>']
    for position, frame in enumerate(scene.frames):
        clip = f' clip-path="url(#f{position})"' if labelled else ""
        parts.append(f'<g stroke-linejoin="round"{clip}>{_part(scene, position)}</g>')
        if labelled and position:
            parts.append(
                f'<rect x="{frame.left:g}" y="{frame.top:g}" width="{frame.width:g}" '
                f'height="{frame.height:g}" fill="none" stroke="{INK}" stroke-width=".6"/>'
            )
    if labelled:
        parts.append(_names(scene))
    parts.append(_frame_names(scene.frames))
    return "".join(parts)


def _part(scene: _Scene, position: int) -> str:
    land = [each for each in scene.land if each.frame == position]
    outlines = "".join(f'<path d="{each.path}"/>' for each in land)
    # Drawn beneath and, as lines, above: written once.
    parts = [
        f'<defs><g id="land{position}">{outlines}</g></defs>',
        f'<use href="#land{position}" fill="{PAPER_COLOUR}"/>',
    ]
    for pattern, codes in (("outside", _outside(scene, land)), ("unknown", _unknown(scene))):
        marked = "".join(f'<path d="{each.path}"/>' for each in land if each.code in codes)
        if marked:
            parts.append(f'<g fill="url(#{pattern})">{marked}</g>')
    drawn = [each for each in scene.territories if each.frame == position]
    others = [each.path for each in drawn if each.cpts_id not in scene.shown]
    if others:
        parts.append(drawn_territories(others, OTHERS_COLOUR))
    parts.append(by_stage(each for each in drawn if each.cpts_id in scene.shown))
    # Limits never heavier than the data, but for those of regions.
    parts.append(
        f'<use href="#land{position}" fill="none" stroke="{BORDER_COLOUR}" '
        'stroke-width=".4" stroke-opacity=".6"/>'
    )
    if position == 0:
        parts.append(scene.regions)
    return "".join(parts)


def _regions(session: ReadingSession, step: float) -> str:
    lines = " ".join(region_paths(session, FRAMES[0], step=step))
    return (
        f'<path class="regions" d="{lines}" fill="none" stroke="{BORDER_COLOUR}" '
        'stroke-width="1.2"/>'
    )


def _outside(scene: _Scene, land: Sequence[DepartmentPath]) -> set[str]:
    if scene.inside is None:
        return set()
    return {each.code for each in land} - set(scene.inside)


def _unknown(scene: _Scene) -> set[str]:
    return set(scene.unknown) if scene.inside is None else set(scene.unknown) & {*scene.inside}


def _names(scene: _Scene) -> str:
    """Write the names that have room: of CPTS in a single department, else of departments."""
    main = scene.frames[0]
    named: Sequence[DepartmentPath | TerritoryPath]
    if scene.inside is not None and len(scene.inside) <= _MOST_WITH_CPTS_NAMED:
        named = [each for each in scene.territories if each.cpts_id in scene.shown]
    else:
        named = [
            each for each in scene.land if scene.inside is None or each.code in scene.inside
        ]
    wanted = [
        (_short(each.name), each.x, each.y, each.width, False)
        for each in named
        if each.frame == 0 and each.x is not None and each.y is not None
    ]
    return names_written(placed_labels(wanted, round(main.width), round(main.height)))


def _short(name: str) -> str:
    return name if len(name) <= 32 else f"{name[:31].rstrip()}…"


def _frame_names(frames: Sequence[Frame]) -> str:
    texts = "".join(
        f'<text x="{round(frame.left + frame.width / 2)}" '
        f'y="{round(frame.top + frame.height + 15)}">{xml_text(frame.name)}</text>'
        for frame in frames[1:]
    )
    return (
        f'<g fill="{INK}" font-family="{FONT}" font-size="11.5" text-anchor="middle">'
        f"{texts}</g>"
    )


def map_of_coverage(session: ReadingSession, at: date | None, *, fine: bool = True) -> Figure:
    """Draw the departments by the share of their population that CPTS cover.

    Parameters: `at`, the day, today when None; `fine` as of `map_of_cpts`.
    """
    answer = orjson.loads(coverage(session, "department", (), at))
    day = at or today()
    shares: Mapping[str, float | None] = {
        item["code"]: item["share_covered"] if item["complete"] else None
        for item in answer["items"]
    }
    step = _FINE_STEP if fine else _PAGE_STEP
    parts = [
        f'<path d="{each.path}" fill="{_share_colour(shares.get(each.code))}">'
        f"<title>{xml_text(each.name)} ({each.code}) : {_share(shares.get(each.code))}</title>"
        "</path>"
        for each in department_paths(session, FRAMES, step=step)
    ]
    keys = [Key(label, colour) for colour, label in coverage_labels()]
    if None in shares.values():
        keys.append(Key("Territoire non renseigné", UNKNOWN_COLOUR))
    return Figure(
        name=f"carte-couverture-{day.isoformat()}",
        title="Part de la population couverte par une CPTS",
        dated=f"Par département, au {written_day(day)} ; CPTS à partir du stade « Lettre "
        "d’intention validée », population municipale (INSEE)",
        description="Les départements, du plus clair (aucun habitant) au plus foncé (tous), "
        "en gris les territoires non renseignés.",
        width=WIDTH,
        height=HEIGHT,
        content=f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{SEA}"/>'
        f'<g stroke="{BORDER_COLOUR}" stroke-width=".7" stroke-linejoin="round">'
        f"{''.join(parts)}</g>{_regions(session, step)}{_frame_names(FRAMES)}",
        keys=keys,
    )


def _share_colour(share: float | None) -> str:
    return UNKNOWN_COLOUR if share is None else coverage_colour(share)


def _share(share: float | None) -> str:
    return "territoire non renseigné" if share is None else percent(share)
