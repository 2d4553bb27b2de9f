"""The SQL about communes and who holds them."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.types import Boolean, Date, Text

from app.cpts.communes.rules import Search
from app.cpts.communes.schemas import CommuneFilters
from app.database.sessions import ReadingSession
from app.database.statements import script, statement

# Part of their trigrams that a name must share with a text to resemble it.
RESEMBLANCE = "0.45"

_PAGE = """
    WITH matched AS MATERIALIZED (
        SELECT m.code, min(m.rank) AS rank FROM ({matching}) m GROUP BY m.code
    ), found AS MATERIALIZED (
        SELECT m.code, m.rank FROM matched m
        WHERE EXISTS (SELECT FROM unit_on(:day) u WHERE u.code = m.code) {conditions}
    ), page AS (
        SELECT f.code, row_number() OVER (ORDER BY f.rank, {order} f.code) AS position
        FROM found f {population}
        ORDER BY position LIMIT :limit OFFSET :offset
    )
    SELECT (SELECT count(*) FROM found) AS matched,
           ARRAY(SELECT code FROM page ORDER BY position) AS codes
"""
_BY_SIZE = {
    "order": "n.population DESC,",
    "population": "CROSS JOIN LATERAL commune_population_on(f.code, :day) n",
}
_BY_CODE = {"order": "", "population": ""}
# Rows of communes carry their polygons: they are read only when a filter needs them.
_CONDITIONS = {
    "departments": "m.code IN (SELECT c.code FROM commune c"
    " WHERE c.department_code = ANY (:departments))",
    "regions": "m.code IN (SELECT c.code FROM commune c WHERE c.department_code IN"
    " (SELECT d.code FROM department d WHERE d.region_code = ANY (:regions)))",
    "postcode": "m.code IN (SELECT p.commune_code FROM commune_postcode p"
    " WHERE p.postcode = :postcode)",
    "held": ":held = EXISTS (SELECT FROM claim h"
    " WHERE h.commune_code = m.code AND h.held @> CAST(:day AS date))",
}
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("key", "start", "anchor", "digits", "code", "postcode"), Text()),
    **dict.fromkeys(("words", "departments", "regions"), ARRAY(Text)),
    "held": Boolean(),
    "day": Date(),
}


@dataclass(frozen=True)
class FoundCommunes:
    """How many communes match, and the codes of one page of them in order."""

    matched: int
    codes: list[str]


@cache
def _page_statement(matching: str, filtered: tuple[str, ...], *, by_size: bool) -> TextClause:
    conditions = "".join(f" AND {_CONDITIONS[name]}" for name in filtered)
    page = text(
        _PAGE.format(
            matching=script(__file__, matching),
            conditions=conditions,
            **(_BY_SIZE if by_size else _BY_CODE),
        )
    )
    named = set(re.findall(r":(\w+)", page.text)) & set(_TYPES)
    return page.bindparams(*(bindparam(name, type_=_TYPES[name]) for name in named))


def find_communes(
    session: ReadingSession, search: Search | None, filters: CommuneFilters, day: date
) -> FoundCommunes:
    """Find a page of communes: best rank, then most inhabitants; by code without a search."""
    if search is None:
        narrowed = _narrowed(None, filters)
        return _page(session, "every", {}, narrowed=narrowed, filters=filters, day=day)
    parameters = {
        "key": search.key,
        "start": f"{search.key}%",
        # The longest word is the one that the trigram index narrows most.
        "anchor": f"%{max(search.words, key=len)}%" if search.words else "",
        "words": list(search.words),
        "digits": f"{search.digits}%" if search.digits else None,
        "code": search.code,
    }
    matching = "names" if search.key else "codes"
    narrowed = _narrowed(search, filters)
    return _page(session, matching, parameters, narrowed=narrowed, filters=filters, day=day)


def resembling_communes(
    session: ReadingSession, search: Search, filters: CommuneFilters, day: date
) -> FoundCommunes:
    """Find a page of communes whose names resemble the text, the nearest first."""
    session.execute(
        text("SELECT set_config('pg_trgm.similarity_threshold', :share, true)"),
        {"share": RESEMBLANCE},
    )
    narrowed = _narrowed(search, filters)
    named = {"key": search.key}
    return _page(session, "resembling", named, narrowed=narrowed, filters=filters, day=day)


def _narrowed(search: Search | None, filters: CommuneFilters) -> dict[str, Any]:
    departments: set[str] | None = set(filters.departments) or None
    if search and search.departments:
        named = set(search.departments)
        departments = named if departments is None else departments & named
    given = {
        "departments": None if departments is None else sorted(departments),
        "regions": list(filters.regions) or None,
        "postcode": filters.postcode,
        "held": filters.held,
    }
    return {name: value for name, value in given.items() if value is not None}


def _page(
    session: ReadingSession,
    matching: str,
    parameters: dict[str, Any],
    *,
    narrowed: dict[str, Any],
    filters: CommuneFilters,
    day: date,
) -> FoundCommunes:
    page = _page_statement(matching, tuple(narrowed), by_size=matching != "every")
    bounds = {"day": day, "limit": filters.limit, "offset": filters.offset}
    row = session.execute(page, parameters | narrowed | bounds).one()
    return FoundCommunes(row.matched, list(row.codes))


def commune_items(
    session: ReadingSession, codes: Collection[str], day: date
) -> list[dict[str, Any]]:
    """Describe communes as of a day, with their holder, in the order of the codes.

    Members as in the public answer, and `city_code`.
    """
    rows = session.execute(statement(__file__, "items"), {"codes": list(codes), "day": day})
    return [dict(row) for row in rows.mappings()]


def city_of(session: ReadingSession, code: str) -> tuple[str, str] | None:
    """Give the name and department of a city of several units, None for any other code."""
    city = text("SELECT name, department_code FROM city WHERE code = :code")
    row = session.execute(city, {"code": code}).one_or_none()
    return (row.name, row.department_code) if row else None
