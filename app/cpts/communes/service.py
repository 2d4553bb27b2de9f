"""Reading the communes: bodies of answers, of one snapshot of the database."""

from collections.abc import Callable
from datetime import date
from typing import Any

from app.cpts.communes import repository
from app.cpts.communes.repository import FoundCommunes
from app.cpts.communes.rules import searches
from app.cpts.communes.schemas import CommuneFilters
from app.cpts.reading.service import check_values
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.geography.evidence.codes import unit_code
from app.geography.evidence.departments import Departments
from app.geography.repository import departments_with_region, known_codes
from app.http.paging import PageAddress
from app.problems import NotFound


def commune_page(
    session: ReadingSession, filters: CommuneFilters, address: PageAddress
) -> dict[str, Any]:
    """Give a page of communes; raises `Invalid` for an unknown region or department."""
    check_values(session, region=filters.regions, department=filters.departments)
    day = filters.at or today()
    found = _find(session, filters, day)
    items = [_public(item) for item in repository.commune_items(session, found.codes, day)]
    return {
        "items": items,
        "number_matched": found.matched,
        "number_returned": len(items),
        "links": address.links(filters, found.matched, len(items)),
    }


def _find(session: ReadingSession, filters: CommuneFilters, day: date) -> FoundCommunes:
    if filters.q is None:
        return repository.find_communes(session, None, filters, day)
    asked = searches(filters.q, Departments(departments_with_region(session)))
    for search in asked:
        found = repository.find_communes(session, search, filters, day)
        if found.matched:
            return found
    if asked and asked[-1].key:
        return repository.resembling_communes(session, asked[-1], filters, day)
    return FoundCommunes(0, [])


def single_commune(session: ReadingSession, given: str, day: date | None) -> dict[str, Any]:
    """Give one commune by a code of today or of the past, a part, or a city by its own.

    Parameters: `given`, an INSEE code, or that of a part; `day`, today when None: a divided
    commune is one until the day of its division. Raises `NotFound`, with the candidates when
    the territory of a former code was shared out.
    """
    day = day or today()
    code = unit_code(given)
    rows = known_codes(session, [code], day).get(code, []) if code else []
    if code is None or not rows:
        raise NotFound("Aucune commune ne porte ni n'a porté ce code.")
    items = repository.commune_items(session, [row.code for row in rows], day)
    if rows[0].kind == "city":
        return _city(session, code, items)
    if rows[0].kind == "commune":
        return _public(items[0])
    city = rows[0].part_of
    if city and all(row.part_of == city for row in rows):
        return _city(session, city, items) | {"former_code": code}
    if len(rows) > 1:
        raise NotFound(
            f"{rows[0].name} ({code}) a été partagée entre plusieurs communes : "
            + ", ".join(f"{row.commune} ({row.code})" for row in rows)
            + ".",
            candidates=[
                {"code": row.code, "name": row.commune, "department": row.department}
                for row in rows
            ],
        )
    return _public(items[0]) | {"former_code": code}


def _public(item: dict[str, Any]) -> dict[str, Any]:
    public = {name: value for name, value in item.items() if name != "city_code"}
    return public | {"city": item["city_code"]} if item["kind"] == "part" else public


def _city(session: ReadingSession, code: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    known = repository.city_of(session, code)
    assert known is not None
    name, department = known
    holders = [item["cpts"] for item in items]
    return {
        "code": code,
        "name": name,
        "kind": "city",
        "department": department,
        "region": items[0]["region"],
        "complete": all(item["complete"] for item in items),
        "population": sum(item["population"] for item in items),
        "population_year": max(item["population_year"] for item in items),
        "postcodes": _distinct(items, lambda item: item["postcodes"], lambda code: code),
        # Held as a whole or by nobody in particular: each unit tells its own.
        "cpts": holders[0] if all(holder == holders[0] for holder in holders) else None,
        "also_claimed_by": _distinct(
            items,
            lambda item: item["also_claimed_by"],
            lambda claimant: (claimant["name"], claimant["id"] or 0),
        ),
        "parts" if items[0]["kind"] == "part" else "arrondissements": [
            _public(item) for item in items
        ],
    }


def _distinct(
    items: list[dict[str, Any]],
    values: Callable[[dict[str, Any]], list[Any]],
    key: Callable[[Any], Any],
) -> list[Any]:
    found = {key(value): value for item in items for value in values(item)}
    return [found[each] for each in sorted(found)]
