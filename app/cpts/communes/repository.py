"""The SQL about communes and who holds them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.types import Boolean, Date, Text

from app.cpts.communes.rules import Search
from app.cpts.communes.schemas import CommuneFilters
from app.database.sessions import ReadingSession

# Part of their trigrams that a name must share with a text to resemble it.
RESEMBLANCE = "0.45"

_PAGE = """
    WITH matched AS MATERIALIZED (
        SELECT m.code, min(m.rank) AS rank FROM ({matching}) m GROUP BY m.code
    ), found AS MATERIALIZED (
        SELECT m.code, m.rank FROM matched m JOIN commune c ON c.code = m.code
        WHERE (CAST(:departments AS text[]) IS NULL OR c.department_code = ANY (:departments))
          AND (CAST(:regions AS text[]) IS NULL OR c.region_code = ANY (:regions))
          AND (CAST(:postcode AS text) IS NULL OR EXISTS (
              SELECT FROM commune_postcode p
              WHERE p.commune_code = c.code AND p.postcode = :postcode))
          AND (CAST(:held AS boolean) IS NULL OR :held = EXISTS (
              SELECT FROM claim h
              WHERE h.commune_code = c.code AND h.held @> CAST(:day AS date)))
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
_TEXTS = ("key", "start", "anchor", "digits", "code", "postcode")


@dataclass(frozen=True)
class FoundCommunes:
    """How many communes match, and the codes of one page of them in order."""

    matched: int
    codes: list[str]


@cache
def _script(name: str) -> str:
    return (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8")


@cache
def _page_statement(matching: str, *, by_size: bool) -> TextClause:
    size = _BY_SIZE if by_size else {"order": "", "population": ""}
    statement = text(_PAGE.format(matching=_script(matching), **size))
    types: dict[str, Any] = dict.fromkeys(_TEXTS, Text())
    types |= dict.fromkeys(("words", "departments", "regions"), ARRAY(Text))
    types |= {"held": Boolean(), "day": Date()}
    named = {name for name in types if f":{name}" in statement.text}
    return statement.bindparams(*(bindparam(name, type_=types[name]) for name in named))


def find_communes(
    session: ReadingSession, search: Search | None, filters: CommuneFilters, day: date
) -> FoundCommunes:
    """Find a page of communes: best rank, then most inhabitants; by code without a search."""
    parameters = {
        "everything": search is None,
        "named": search is not None and search.key != "",
        "key": search.key if search else "",
        "start": f"{search.key}%" if search else "",
        # The longest word is the one that the trigram index narrows most.
        "anchor": f"%{max(search.words, key=len)}%" if search and search.words else "",
        "words": list(search.words) if search else [],
        "digits": search.digits if search else None,
        "code": search.code if search else None,
    }
    statement = _page_statement("matching", by_size=search is not None)
    return _page(session, statement, parameters | _narrowed(search, filters, day))


def resembling_communes(
    session: ReadingSession, search: Search, filters: CommuneFilters, day: date
) -> FoundCommunes:
    """Find a page of communes whose names resemble the text, the nearest first."""
    session.execute(
        text("SELECT set_config('pg_trgm.similarity_threshold', :share, true)"),
        {"share": RESEMBLANCE},
    )
    statement = _page_statement("resembling", by_size=True)
    return _page(session, statement, {"key": search.key} | _narrowed(search, filters, day))


def _narrowed(search: Search | None, filters: CommuneFilters, day: date) -> dict[str, Any]:
    departments: set[str] | None = set(filters.departments) or None
    if search and search.departments:
        named = set(search.departments)
        departments = named if departments is None else departments & named
    return {
        "departments": None if departments is None else sorted(departments),
        "regions": list(filters.regions) or None,
        "postcode": filters.postcode,
        "held": filters.held,
        "day": day,
        "limit": filters.limit,
        "offset": filters.offset,
    }


def _page(
    session: ReadingSession, statement: TextClause, parameters: dict[str, Any]
) -> FoundCommunes:
    row = session.execute(statement, parameters).one()
    return FoundCommunes(row.matched, list(row.codes))


def commune_items(
    session: ReadingSession, codes: Collection[str], day: date
) -> list[dict[str, Any]]:
    """Describe communes as of a day, with their holder, in the order of the codes.

    Members as in the public answer, and `city_code`.
    """
    rows = session.execute(text(_script("items")), {"codes": list(codes), "day": day})
    return [dict(row) for row in rows.mappings()]


def city_of(session: ReadingSession, code: str) -> tuple[str, str] | None:
    """Give the name and department of Paris, Lyon or Marseille, None for any other code."""
    statement = text("SELECT name, department_code FROM city WHERE code = :code")
    row = session.execute(statement, {"code": code}).one_or_none()
    return (row.name, row.department_code) if row else None
