"""What the pages of regions and departments show, of one snapshot of the registry."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, Literal

import orjson

from app.cpts.reading import service as reading
from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import OFFERED_WITHIN_A_PLACE, STAGE
from app.cpts.reading.schemas import CoverageLevel
from app.cpts.references import repository as references
from app.cpts.references.schemas import DepartmentItem, RegionItem, StageItem
from app.cpts.stages import RECOGNISED_STAGES
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.french import by_name
from app.http.paging import NOWHERE
from app.http.parameters import MAXIMUM_LIMIT
from app.institutions import service as institutions
from app.institutions.repository import Contact
from app.problems import NotFound
from app.web.layout.controls import form_controls
from app.web.territories.repository import Place, free_communes, holding
from app.web.territories.rules import address, columns, counts_of_choices, in_order
from app.web.territories.schemas import Downloads, StageCount, TerritoryPage

FREE_SHOWN = 60
FREE_PER_PAGE = 500
COLUMN_LABELS = {
    "name": "CPTS",
    "stage": "Stade",
    "population": "Habitants",
    "tier": "Taille",
    "communes": "Communes",
}


def coverage(
    session: ReadingSession, level: CoverageLevel, stages: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Give the coverage per territory, as the API tells it."""
    told: dict[str, Any] = orjson.loads(reading.coverage(session, level, stages, None))
    return told


def stage_counts(stages: Sequence[StageItem], counts: Mapping[str, int]) -> list[StageCount]:
    """Set out how many CPTS are at each stage, in order, as parts of a bar."""
    total = sum(counts.values())
    found = []
    start = 0.0
    for stage in stages:
        count = counts.get(stage.slug, 0)
        width = 100 * count / total if total else 0.0
        found.append(
            StageCount(
                slug=stage.slug,
                label=stage.label,
                meaning=stage.meaning,
                count=count,
                start=round(start, 2),
                width=round(width, 2),
            )
        )
        start += width
    return found


def home(session: ReadingSession) -> dict[str, Any]:
    """Give what the home page shows: headline figures, regions with their departments."""
    country = coverage(session, "country")
    figures = country["items"][0]
    return {
        "figures": figures,
        "day": country["date"],
        "counted": _counted_stages(session, country["stages"]),
        "by_stage": stage_counts(references.stages(session), figures["cpts_by_stage"]),
        "total": sum(figures["cpts_by_stage"].values()),
        "regions": regions(session),
    }


def regions(session: ReadingSession) -> list[Mapping[str, Any]]:
    """Give every region with its coverage and its departments, by name."""
    by_code: dict[str, dict[str, Any]] = {
        item["code"]: {**item, "departments": []}
        for item in coverage(session, "region")["items"]
    }
    for department in references.departments(session, today()):
        by_code[department.region]["departments"].append(department)
    return by_name(by_code.values())


def region_page(
    session: ReadingSession, code: str, filters: Filters, sort: str
) -> TerritoryPage:
    """Give the page of a region; raises `NotFound`, or `Invalid` for unknown filters."""
    found = next((r for r in references.regions(session) if r.code == code), None)
    if found is None:
        raise NotFound(f"Aucune région ne porte le code « {code} ».")
    place = Place("region", code)
    return _page(session, place, found.name, region=found, filters=filters, sort=sort)


def department_page(
    session: ReadingSession, code: str, filters: Filters, sort: str
) -> TerritoryPage:
    """Give the page of a department; raises `NotFound`, or `Invalid` for unknown filters."""
    known = references.departments(session, today())
    found = next((d for d in known if d.code == code), None)
    if found is None:
        raise NotFound(f"Aucun département ne porte le code « {code} ».")
    region = next(r for r in references.regions(session) if r.code == found.region)
    place = Place("department", code)
    return _page(session, place, found.name, region=region, filters=filters, sort=sort)


def free_page(
    session: ReadingSession, level: Literal["region", "department"], code: str, number: int
) -> dict[str, Any]:
    """Give a page of the communes of a place that nobody holds, the most populous first.

    Parameters: `number` of the page, from 1. Raises `NotFound` for an unknown place or a
    page beyond the last.
    """
    day = today()
    known: Sequence[RegionItem | DepartmentItem] = (
        references.regions(session)
        if level == "region"
        else references.departments(session, day)
    )
    found = next((place for place in known if place.code == code), None)
    place = Place(level, code)
    held = holding(session, place, [], day)
    pages = max(1, ceil(held.communes_free / FREE_PER_PAGE))
    if found is None or number > pages:
        raise NotFound("Cette liste de communes n'existe pas.")
    return {
        "level": level,
        "code": code,
        "name": found.name,
        "day": day.isoformat(),
        "holding": held,
        "base": _base(session, place),
        "number": number,
        "pages": pages,
        "communes": free_communes(
            session,
            place,
            day,
            limit=FREE_PER_PAGE,
            offset=(number - 1) * FREE_PER_PAGE,
        ),
    }


def _page(
    session: ReadingSession,
    place: Place,
    name: str,
    *,
    region: RegionItem,
    filters: Filters,
    sort: str,
) -> TerritoryPage:
    stages = references.stages(session)
    ranks = {stage.slug: stage.rank for stage in stages}
    listed = orjson.loads(reading.cpts_page(session, filters, NOWHERE))
    items = [{**cpts, "rank": ranks.get(cpts["stage"], 0)} for cpts in listed["items"]]
    controls = form_controls(
        session, OFFERED_WITHIN_A_PLACE, filters, _counts(session, filters, items)
    )
    asked_stages = filters[STAGE]
    counting = list(asked_stages) or list(RECOGNISED_STAGES)
    day = today()
    held = holding(session, place, [c["id"] for c in items if c["stage"] in counting], day)
    chosen = filters.kept(lambda key: not key.names_a_place)
    own = [(place.level, place.code), *chosen.pairs()]
    everything = [*own, ("limit", str(MAXIMUM_LIMIT))]
    path = f"/{'regions' if place.level == 'region' else 'departements'}/{place.code}"
    counts: dict[str, int] = {}
    for cpts in items:
        counts[cpts["stage"]] = counts.get(cpts["stage"], 0) + 1
    return TerritoryPage(
        level=place.level,
        code=place.code,
        name=name,
        region_code=region.code,
        region_name=region.name,
        filtered=bool(chosen.asked),
        beyond_stages=any(key is not STAGE for key in chosen.asked),
        chosen=chosen.pairs(),
        sort=sort,
        day=day.isoformat(),
        map_address=address("/maps/cpts", own),
        cpts=in_order(items, sort),
        columns=columns(path, chosen.pairs(), sort, COLUMN_LABELS),
        by_stage=stage_counts(stages, counts),
        holding=held,
        base=_base(session, place),
        counted=_counted_stages(session, counting),
        controls=controls,
        departments=_departments(session, place, filters),
        free=free_communes(session, place, day, limit=FREE_SHOWN),
        free_address=f"{path}/communes-sans-cpts",
        contacts=_contacts(session, place, name),
        downloads=Downloads(
            json=address("/api/v1/cpts", everything),
            geojson=address("/api/v1/cpts.geojson", everything),
            compositions=address("/api/v1/compositions.csv", everything),
            csv=address("/donnees/cpts.csv", own),
            geopackage=address("/donnees/cpts.gpkg", own),
        ),
    )


def _counts(
    session: ReadingSession, filters: Filters, items: Sequence[Mapping[str, Any]]
) -> dict[str, Counter[str]]:
    """Count what each choice of the form would leave; `items` are what `filters` leave."""
    held = {key.name: key.held for key in OFFERED_WITHIN_A_PLACE if key.held}
    asked = {key.name: value for key, value in filters.asked.items() if key.name in held}
    if asked:
        others = filters.kept(lambda key: key.name not in held)
        items = orjson.loads(reading.cpts_page(session, others, NOWHERE))["items"]
    return counts_of_choices(items, held, asked)


def _contacts(
    session: ReadingSession, place: Place, name: str
) -> list[tuple[str, list[Contact]]]:
    """Tell whom to call in a place, and in each department of a region."""
    if place.level == "department":
        found = institutions.of_departments(session, [place.code])[place.code]
        return [(name, found)] if found else []
    groups: dict[str, list[Contact]] = {name: []}
    for each in institutions.of_region(session, place.code):
        of = name if each.place.level == "region" else each.place.label
        groups.setdefault(of, []).append(each)
    return list(groups.items()) if any(groups.values()) else []


def _base(session: ReadingSession, place: Place) -> dict[str, Any]:
    """Tell what is declared complete of a place."""
    found = coverage(session, place.level)["items"]
    return next(item for item in found if item["code"] == place.code)


def _counted_stages(session: ReadingSession, slugs: Sequence[str]) -> str:
    """Name the stages that count as coverage, such as « ACI signé »."""
    if set(slugs) == set(RECOGNISED_STAGES):
        return "à partir du stade « Lettre d’intention validée »"
    labels = [s.label for s in references.stages(session) if s.slug in slugs]
    named = " ou ".join(f"« {label} »" for label in labels)
    return f"au stade {named}"


def _departments(
    session: ReadingSession, place: Place, filters: Filters
) -> list[dict[str, Any]]:
    """Give the coverage of a region's departments, by the stages of the filter alone."""
    if place.level == "department":
        return []
    codes = {d.code for d in references.departments(session, today(), [place.code])}
    rows = coverage(session, "department", filters[STAGE])["items"]
    return [
        {**row, "cpts": sum(row["cpts_by_stage"].values())}
        for row in rows
        if row["code"] in codes
    ]
