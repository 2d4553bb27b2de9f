"""What the pages of an atlas show, of one snapshot of the registry."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import DEPARTMENT, REGION
from app.cpts.reading.schemas import CoverageLevel
from app.cpts.reading.service import coverage, cpts_of_day
from app.cpts.references import repository as references
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.french import aligned_percent, by_name, day, number, percent
from app.progress import Step
from app.web.figures.answers import sources
from app.web.figures.drawing import height_of, with_legend
from app.web.figures.maps import map_of_cpts
from app.web.layout.wording import COVERED, coverage_base
from app.web.typesetting.printing import document_request, typeset_texts

_TEMPLATE = Path(__file__).parent / "templates" / "atlas.typ"
# From how many CPTS on they stand in three columns rather than two.
_MANY = 46
Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A page: what it is called, its map, its figures, its parts, its CPTS by stage.

    `within` is the region of a department; `map_ratio`, the height of its map over the
    width; `parts` are rows of the places within it.
    """

    level: int
    name: str
    within: str
    map: str
    map_text: str
    map_ratio: float
    figures: Sequence[Sequence[str]]
    base: str
    parts_title: str
    parts: Sequence[Sequence[str]]
    stages: Sequence[tuple[str, Sequence[Sequence[str]]]]
    columns: int


def atlas_request(
    session: ReadingSession, at: date | None, *, base: str, step: Step
) -> tuple[bytes, int]:
    """Word the request that typesets an atlas; give it and how many places there are.

    Parameters: `at`, its day, today when None; `base`, the outside address of the service,
    empty when none is settled; `step` is advanced by one for each place.
    """
    shown = at or today()
    drawings: dict[str, str] = {}
    pages = []
    for place, drawing in _places(session, shown):
        drawings[place.map] = drawing
        pages.append(asdict(place))
        step.advance()
    data = {
        "title": "Atlas des CPTS",
        "dated": f"Situation au {day(shown)}",
        "places": pages,
        "definitions": COVERED.replace("jour du bilan", "jour de l’atlas"),
        "sources": sources(session, base),
    }
    request = document_request(
        _TEMPLATE, typeset_texts(data), drawings, seen_at="le site, aux pages de ces CPTS,"
    )
    return request, len(pages)


def _places(session: ReadingSession, shown: date) -> Iterable[tuple[Place, str]]:
    items = cpts_of_day(session, shown)
    regions = by_name(_coverage(session, "region", shown))
    departments = _coverage(session, "department", shown)
    region_of = {each.code: each.region for each in references.departments(session, shown)}
    names = {each["code"]: each["name"] for each in regions}
    labels = references.stage_labels(session)

    def place(
        item: Item, filters: Filters, level: int, parts: Sequence[Item], own: Sequence[Item]
    ) -> tuple[Place, str]:
        figure = map_of_cpts(session, filters)
        is_department = DEPARTMENT in filters.asked
        return Place(
            level=level,
            name=f"{item['name']} ({item['code']})" if is_department else item["name"],
            within=names[region_of[item["code"]]] if is_department else "",
            map=f"{'departement' if is_department else 'place'}-{item['code']}.svg",
            map_text=f"{item['name']}. {figure.description}",
            map_ratio=height_of(figure) / figure.width,
            figures=_figures(item, len(own)),
            base=coverage_base(item),
            parts_title="Département" if filters.asked else "Région",
            parts=[_row(each) for each in parts],
            stages=_by_stage(labels, own) if filters.asked else [],
            columns=3 if len(own) > _MANY else 2,
        ), with_legend(figure)

    (country,) = _coverage(session, "country", shown)
    yield place(country, Filters(at=shown), 1, regions, items)
    for region in regions:
        code = region["code"]
        within = [each for each in departments if region_of[each["code"]] == code]
        own = [each for each in items if code in each["regions"]]
        yield place(region, Filters({REGION: (code,)}, at=shown), 1, within, own)
        for department in within:
            held = [each for each in items if department["code"] in each["departments"]]
            filters = Filters({DEPARTMENT: (department["code"],)}, at=shown)
            yield place(department, filters, 2, (), held)


def _coverage(session: ReadingSession, level: CoverageLevel, shown: date) -> list[Item]:
    items: list[Item] = orjson.loads(coverage(session, level, (), shown))["items"]
    return items


def _figures(item: Item, count: int) -> list[list[str]]:
    return [
        ["CPTS", number(count)],
        ["Habitants", number(item["population"])],
        ["Population couverte", percent(item["share_covered"])],
        [
            "Communes couvertes",
            f"{number(item['communes_covered'])} / {number(item['communes'])}",
        ],
    ]


def _row(item: Item) -> list[str]:
    return [
        item["name"],
        number(sum(item["cpts_by_stage"].values())),
        number(item["population"]),
        aligned_percent(item["share_covered"]) if item["complete"] else "non renseigné",
    ]


def _by_stage(
    labels: Mapping[str, str], items: Sequence[Item]
) -> list[tuple[str, list[list[str]]]]:
    """List CPTS by stage, the furthest first; those of unknown stage last."""
    listed = []
    for slug, label in (*reversed([*labels.items()]), (None, "Stade non connu")):
        own = [each for each in items if each["stage"] == slug]
        if own:
            rows = [
                [each["name"], number(each["tier"]), number(each["population"])] for each in own
            ]
            listed.append((f"{label} ({number(len(own))})", rows))
    return listed
