"""What the sheets show, of one snapshot of the registry."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from app.cpts.communes.service import single_commune
from app.cpts.communes.units import units_of
from app.cpts.drawing.repository import Surroundings, surroundings
from app.cpts.drawing.rules import Label, placed_labels
from app.cpts.reading import repository as reading
from app.cpts.reading.service import cpts_item
from app.cpts.references import repository as references
from app.cpts.references.schemas import DepartmentItem, RegionItem
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.directory.sheets.service import public_sheet
from app.funding.repository import scale_on
from app.geography import naming
from app.geography.division.notes import division_notes
from app.geography.repository import KnownCode, communes_by_postcode, known_codes
from app.institutions import service as institutions
from app.maps.rules import tier_label
from app.problems import NotFound
from app.web.sheets.repository import (
    Quarter,
    ReachedStage,
    commune_names,
    kindred_cpts,
    neighbouring_cpts,
    quarters,
    reached_stages,
)
from app.web.sheets.rules import query_of

DRAWING_WIDTH, DRAWING_HEIGHT = 640, 460
_KINDRED = 8
_LENGTH_OF_CODE = len("06088")


def _names(items: Iterable[RegionItem | DepartmentItem]) -> dict[str, str]:
    return {item.code: item.name for item in items}


def commune_choice(session: ReadingSession, code: str) -> dict[str, Any] | None:
    """Give what a code may mean when it is not one commune: a choice, else None.

    A postal code (`kind` « postcode »), or the code of a commune that was shared out.
    """
    if len(code) > _LENGTH_OF_CODE:
        return None  # a part, which is one thing only
    written = naming.commune_code(code)
    rows = known_codes(session, [written]).get(written, []) if written else []
    if rows:
        # The parts of one commune begin with its code.
        distinct = {row.code[:_LENGTH_OF_CODE] for row in rows}
        shared_out = len(distinct) > 1 and _is_former(rows[0])
        return (
            {"kind": "shared", "code": code, "name": rows[0].name, "communes": _options(rows)}
            if shared_out
            else None
        )
    found = communes_by_postcode(session, [code]).get(code, [])
    if not found:
        raise NotFound("Aucune commune ne porte ni n'a porté ce code.")
    communes = [
        {"code": each.code, "name": each.name, "department": each.department} for each in found
    ]
    return {"kind": "postcode", "code": code, "name": code, "communes": communes}


def _is_former(row: KnownCode) -> bool:
    return row.kind not in ("commune", "city", "epci")


def _options(rows: list[KnownCode]) -> list[dict[str, str]]:
    return [
        {"code": row.code, "name": row.commune, "department": row.department} for row in rows
    ]


def commune_sheet(session: ReadingSession, code: str, day: date | None) -> dict[str, Any]:
    """Give the values of the sheet of a commune, of a part of one or of a city.

    Parameters: `code`, of today or of the past; `day`, today when None. Raises `NotFound`.
    """
    shown = day or today()
    commune = single_commune(session, code, day)
    units = units_of(commune)
    codes = [each["code"] for each in units]
    holder = commune["cpts"]
    shares = holders_of(units)
    holders = {each["cpts"]["id"] for each in shares}
    former = commune.get("former_code")
    drawing = surroundings(session, codes, shown, width=DRAWING_WIDTH, height=DRAWING_HEIGHT)
    city = commune.get("city")
    return {
        "commune": commune,
        "units": units,
        "shares": shares,
        "free_units": [each for each in units if not each["cpts"]],
        "city_name": known_codes(session, [city])[city][0].name if city else None,
        "division_notes": division_notes(session, codes),
        "former_name": known_codes(session, [former])[former][0].name if former else None,
        "department_name": _names(references.departments(session, today()))[
            commune["department"]
        ],
        "region_name": _names(references.regions(session))[commune["region"]],
        "labels": references.stage_labels(session),
        "holder": cpts_item(session, holder["id"], shown) if holder else None,
        "partly_held": bool(holders) and not holder,
        "institutions": []
        if holders
        else institutions.of_departments(session, [commune["department"]])[
            commune["department"]
        ],
        "neighbours": neighbouring_cpts(session, codes, shown, without=holders),
        "drawing": drawing,
        "labels_drawn": _commune_labels(drawing, commune) if drawing else [],
        "map_address": "/maps/cpts"
        + query_of(commune=commune["code"], at=day.isoformat() if day else None),
        "day": shown,
        "at": day.isoformat() if day else None,
        "suffix": query_of(at=day.isoformat() if day else None),
    }


def by_commune(
    units: Iterable[Mapping[str, Any]], parts: Mapping[str, Quarter]
) -> list[dict[str, Any]]:
    """Group the parts that a CPTS holds under their communes, the most populous first.

    Parameters: `units`, with `code`, `name` and `population`; `parts`, those among them that
    are parts, by code. Returns communes with `quarters`, of which there are `in_all`; another
    unit has none of them.
    """
    communes: dict[str, dict[str, Any]] = {}
    for unit in units:
        part = parts.get(unit["code"])
        if part is None:
            communes[unit["code"]] = {**unit, "quarters": [], "in_all": 0}
            continue
        new = {"code": part.city_code, "name": part.city, "population": 0, "quarters": []}
        commune = communes.setdefault(part.city_code, {**new, "in_all": part.in_all})
        commune["population"] += unit["population"]
        commune["quarters"].append({**unit, "name": part.name})
    return sorted(communes.values(), key=lambda each: -each["population"])


def holders_of(units: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Tell what each CPTS holds of the units of a city, who holds most inhabitants first.

    Returns `cpts`, `units` (how many) and `population` of each.
    """
    shares: dict[int, dict[str, Any]] = {}
    for unit in units:
        if unit["cpts"]:
            new = {"cpts": unit["cpts"], "units": 0, "population": 0}
            share = shares.setdefault(unit["cpts"]["id"], new)
            share["units"] += 1
            share["population"] += unit["population"]
    return sorted(shares.values(), key=lambda each: (-each["population"], each["cpts"]["id"]))


def _commune_labels(drawing: Surroundings, commune: dict[str, Any]) -> list[Label]:
    # The units of a city have long names that begin alike.
    return placed_labels(
        (
            (
                shape.name.removeprefix(f"{commune['name']} ").removeprefix("– "),
                shape.x,
                shape.y,
                shape.width,
                False,
            )
            if shape.code != commune["code"]
            else (shape.name, shape.x, shape.y, shape.width, True)
            for shape in drawing.shapes
            if shape.kind == "commune"
        ),
        DRAWING_WIDTH,
        DRAWING_HEIGHT,
    )


def _territory_labels(drawing: Surroundings, cpts_id: int) -> list[Label]:
    """Name the communes of a CPTS and the CPTS around it, where there is room."""
    return placed_labels(
        (
            (shape.name, shape.x, shape.y, shape.width, False)
            for shape in drawing.shapes
            if shape.kind == "commune" or shape.cpts_id != cpts_id
        ),
        DRAWING_WIDTH,
        DRAWING_HEIGHT,
    )


def cpts_sheet(session: ReadingSession, cpts_id: int, day: date | None) -> dict[str, Any]:
    """Give the values of the sheet of a CPTS.

    Parameters: `day` as of which it is shown, today (or its first or last day) when None.
    Raises `NotFound`.
    """
    cpts = cpts_item(session, cpts_id, day)
    life = reading.lifetime(session, cpts_id)
    assert life is not None
    shown = _day_within(*life, day or today())
    at = shown.isoformat() if day or shown != today() else None
    codes = [each["code"] for each in cpts["communes"]]
    drawing = surroundings(
        session,
        codes,
        shown,
        width=DRAWING_WIDTH,
        height=DRAWING_HEIGHT,
        times=1.9,
        communes="asked",
    )
    scale = scale_on(session, shown)
    tier = cpts["tier"]
    # What a sheet said on another day is not told by what it says today.
    confirmed_on, members = (None, None) if at else public_sheet(session, cpts_id)
    return {
        "cpts": cpts,
        "held": by_commune(cpts["communes"], quarters(session, codes, shown)),
        "division_notes": division_notes(session, codes),
        "started_on": life[0],
        "not_yet": life[0] > today(),
        "planned": _planned_by_name(session, cpts["planned"]),
        "timeline": timeline(session, reached_stages(session, cpts_id, shown), life),
        "department_names": _names(references.departments(session, today())),
        "region_names": _names(references.regions(session)),
        "missions": themes_by_mission(session, cpts["themes"]),
        "neighbours": neighbouring_cpts(session, codes, shown, without=[cpts_id]),
        "kindred": kindred_cpts(
            session, cpts_id, shown, regions=cpts["regions"], most=_KINDRED
        ),
        "tier_meaning": _tier_meaning(session, tier, shown),
        "distance": scale.distance(cpts["population"]) if tier else None,
        "funding": scale.funding(tier, members) if tier else None,
        "confirmed_on": confirmed_on,
        "drawing": drawing,
        "labels_drawn": _territory_labels(drawing, cpts_id) if drawing else [],
        "map_address": "/maps/cpts" + query_of(cpts=str(cpts_id), at=at) if codes else None,
        "labels": references.stage_labels(session),
        "embed_address": "/embed/carte" + query_of(cpts=str(cpts_id)) if codes else None,
        "day": shown,
        "at": at,
        "suffix": query_of(at=at),
    }


def _planned_by_name(
    session: ReadingSession, planned: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Tell what is planned with the communes' names in place of their codes."""
    codes = {code for each in planned for code in (*each["add"], *each["withdraw"])}
    names = commune_names(session, codes)
    return [
        {
            "letter": each["letter"],
            "effective_on": date.fromisoformat(each["effective_on"]),
            "add": sorted(names[code] for code in each["add"]),
            "withdraw": sorted(names[code] for code in each["withdraw"]),
        }
        for each in planned
    ]


def _day_within(started_on: date, ended_on: date | None, day: date) -> date:
    if day < started_on:
        return started_on
    if ended_on is not None and day >= ended_on:
        return max(started_on, date.fromordinal(ended_on.toordinal() - 1))
    return day


def timeline(
    session: ReadingSession,
    reached: list[ReachedStage],
    life: tuple[date, date | None],
) -> list[dict[str, Any]]:
    """List the stages in their order, with the day each was reached if it is known."""
    known = {stage.slug: stage for stage in reached}
    last = reached[-1].slug if reached else None
    steps = [
        {
            "slug": item.slug,
            "label": item.label,
            "meaning": item.meaning,
            "reached": item.slug in known,
            "since": known[item.slug].since if item.slug in known else None,
            "recorded_on": known[item.slug].recorded_on if item.slug in known else None,
            "present": item.slug == last,
        }
        for item in references.stages(session)
    ]
    # What was passed over on the way is not known, and says nothing.
    ranks = [step["slug"] for step in steps]
    furthest = ranks.index(last) if last else -1
    return [
        step
        for position, step in enumerate(steps)
        if step["reached"] or (position > furthest and life[1] is None)
    ]


def themes_by_mission(
    session: ReadingSession, themes: list[dict[str, str]]
) -> list[dict[str, Any]]:
    """Group the themes of a CPTS by mission, in the order of the missions."""
    missions: dict[str, dict[str, Any]] = {}
    for item in references.themes(session):
        missions.setdefault(
            item.mission,
            {"label": item.mission_label, "optional": item.mission_optional, "themes": []},
        )
    for theme in themes:
        missions[theme["mission"]]["themes"].append(theme)
    return [mission for mission in missions.values() if mission["themes"]]


def _tier_meaning(session: ReadingSession, tier: int | None, day: date) -> str | None:
    if tier is None:
        return None
    return next(
        (
            tier_label(tier, item.population_from, item.population_under)
            for item in references.tiers(session, day)
            if item.tier == tier
        ),
        None,
    )
