"""The SQL about what is held and what is free in a region or a department."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.types import BigInteger, Text

from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.database.statements import statement


@dataclass(frozen=True, slots=True)
class Place:
    """A region or a department, by its code."""

    level: Literal["region", "department"]
    code: str


@dataclass(frozen=True, slots=True)
class Holding:
    """Of a place: all of it, what some CPTS hold, what nobody holds.

    A divided commune is one of the held when all its parts are, of the free when one is.
    Populations are municipal ones of `population_year`, None for an empty place.
    """

    population: int
    population_held: int
    communes: int
    communes_held: int
    population_free: int
    communes_free: int
    population_year: int | None

    @property
    def share_held(self) -> float:
        """The part of the population that is held, 0 to 1."""
        return self.population_held / self.population if self.population else 0.0


@dataclass(frozen=True, slots=True)
class FreeCommune:
    """A commune that nobody holds, as a whole or in part.

    `population` is that of what is free; of a divided commune `quarters_free` of its
    `quarters` are, None of another.
    """

    code: str
    name: str
    department: str
    population: int
    quarters_free: int | None
    quarters: int | None


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A place found by its name: `kind` is `city`, `department`, `region` or `epci`.

    `communes` are the codes of an EPCI's, none of another place's.
    """

    kind: Literal["city", "department", "region", "epci"]
    code: str
    name: str
    communes: Sequence[str]


def places_named(session: ReadingSession, spelling: str, limit: int) -> list[NamedPlace]:
    """Find cities, departments, regions and EPCI by the beginnings of words of their names.

    Parameters: `spelling`, words as `app.geography.naming.spelling` gives them.
    """
    asked = statement(__file__, "places").bindparams(bindparam("words", type_=ARRAY(Text)))
    rows = session.execute(
        asked, {"words": spelling.split(), "spelling": spelling, "limit": limit, "day": today()}
    )
    return [NamedPlace(row.kind, row.code, row.name, row.communes or ()) for row in rows]


def former_names(session: ReadingSession, key: str, codes: Sequence[str]) -> dict[str, str]:
    """Give, by code, the former name by which a commune is found and its present one is not.

    Parameters: `key`, as `app.geography.naming.name_key` gives it; `codes` of communes.
    """
    rows = session.execute(
        text(
            """
            SELECT n.commune_code, min(n.name) AS name
            FROM commune_name n
            WHERE n.commune_code = ANY (CAST(:codes AS text[]))
                AND n.kind NOT IN ('current', 'city', 'part') AND n.key LIKE :start
                AND NOT EXISTS (
                    SELECT FROM commune_name o
                    WHERE o.commune_code = n.commune_code AND o.kind IN ('current', 'city')
                        AND ' ' || o.key LIKE '% ' || :start)
            GROUP BY n.commune_code
            """
        ),
        {"codes": list(codes), "start": f"{key}%"},
    )
    return {row.commune_code: row.name for row in rows}


@cache
def _statement(name: str) -> TextClause:
    types: dict[str, Any] = {"region": Text(), "department": Text()}
    if name == "held":
        types["ids"] = ARRAY(BigInteger)
    return statement(__file__, name).bindparams(
        *(bindparam(key, type_=kind) for key, kind in types.items())
    )


def _of(place: Place) -> dict[str, str | None]:
    return {
        "region": place.code if place.level == "region" else None,
        "department": place.code if place.level == "department" else None,
    }


def holding(
    session: ReadingSession, place: Place, cpts_ids: Collection[int], day: date
) -> Holding:
    """Tell what of a place the CPTS of these ids hold on a day, and what is free."""
    parameters = {**_of(place), "ids": list(cpts_ids), "day": day}
    row = session.execute(_statement("held"), parameters).one()
    return Holding(**row._mapping)  # noqa: SLF001


def free_communes(
    session: ReadingSession, place: Place, day: date, *, limit: int, offset: int = 0
) -> list[FreeCommune]:
    """List the communes of a place that nobody holds on a day, the most populous first."""
    parameters = {**_of(place), "day": day, "limit": limit, "offset": offset}
    rows = session.execute(_statement("free"), parameters)
    return [FreeCommune(**row._mapping) for row in rows]  # noqa: SLF001
