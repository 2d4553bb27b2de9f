"""What the answers of a route depend on, of all that the registry holds: declared here, once.

An answer that is not named here depends on the whole registry, and is built anew after any
change. So does one whose question names a place, a CPTS or a commune that is not there. Every
answer depends besides on the geography, the vocabularies, the scales, and on whether some CPTS
are fictitious.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from fastapi import Request
from sqlalchemy import TextClause, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Text

from app.database.calendar import day_in_paris
from app.database.sessions import ReadingSession
from app.database.statements import statement
from app.http.repository import Revision, Standing

Kind = Literal["region", "department", "cpts", "commune"]
# A CPTS stands for the departments in which it may be told of; a commune, for its department;
# its surroundings, for those in the window of its drawing too.
Named = Literal["region", "department", "cpts", "commune", "surroundings"]
Level = Literal["country", "completeness"]
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Dependence:
    """What the answers of one route depend on.

    Parameters: `named`, what a parameter of path or query names, by its name, where it is
    given; `otherwise`, on what they depend where none is given, None for nothing more;
    `also`, always; `tells_last_change`, whether they tell the day of the last change of all.
    """

    named: Mapping[str, Named] = field(default_factory=dict)
    otherwise: Level | None = "country"
    also: tuple[Level, ...] = ()
    tells_last_change: bool = False


_COUNTRY = Dependence()
_GEOGRAPHY = Dependence(otherwise=None)
_COMPLETENESS = Dependence(otherwise="completeness")
_FILTERED = Dependence({"region": "region", "department": "department"})
_ITEM = Dependence({"cpts_id": "cpts"})
_REGION = Dependence({"code": "region"})
_DEPARTMENT = Dependence({"code": "department"})
# The page alone: the data that it shows have an address of their own.
_MAP = Dependence(
    {"cpts": "cpts", "commune": "commune"},
    otherwise=None,
    also=("completeness",),
    tells_last_change=True,
)

DEPENDENCES: Mapping[str, Dependence] = {
    "/": _COUNTRY,
    "/accessibilite": _GEOGRAPHY,
    "/aide": _GEOGRAPHY,
    "/communes/{code}": Dependence({"code": "surroundings"}),
    # Names others that work on the same themes, wherever they are.
    "/cpts/{cpts_id}": _COUNTRY,
    "/cpts/{cpts_id}/communes.csv": _ITEM,
    "/departements/{code}": _DEPARTMENT,
    "/departements/{code}/communes-sans-cpts": _DEPARTMENT,
    "/donnees-personnelles": _GEOGRAPHY,
    "/embed/carte": _MAP,
    "/integrer": _GEOGRAPHY,
    "/mentions-legales": _GEOGRAPHY,
    "/regions": _COUNTRY,
    "/regions/{code}": _REGION,
    "/regions/{code}/communes-sans-cpts": _REGION,
    "/api/v1/communes": _FILTERED,
    "/api/v1/communes/{code}": Dependence({"code": "commune"}),
    "/api/v1/completeness": _COMPLETENESS,
    "/api/v1/compositions.csv": _FILTERED,
    "/api/v1/coverage": _COUNTRY,
    "/api/v1/cpts": _FILTERED,
    "/api/v1/cpts.geojson": _FILTERED,
    "/api/v1/cpts/{cpts_id}": _ITEM,
    "/api/v1/cpts/{cpts_id}.geojson": _ITEM,
    "/api/v1/departments": _COMPLETENESS,
    "/api/v1/regions": _GEOGRAPHY,
    "/api/v1/stages": _GEOGRAPHY,
    "/api/v1/themes": _GEOGRAPHY,
    "/api/v1/tiers": _GEOGRAPHY,
    "/maps/around.geojson": _COUNTRY,
    "/maps/communes.geojson": Dependence({"cpts": "cpts", "commune": "commune"}),
    "/maps/cpts": _MAP,
    "/maps/departments.geojson": _GEOGRAPHY,
}


def standing_of(request: Request, session: ReadingSession) -> Standing:
    """Tell what the answer to a request stands on, as the session's snapshot shows it."""
    dependence = DEPENDENCES.get(getattr(request.scope.get("route"), "path", ""))
    asked = set(_asked(request, dependence)) if dependence else set()
    rows = session.execute(_statement(), _parameters(dependence, asked)).all()
    revision = Revision(rows[0].revision, rows[0].changed_at)
    # Several names may lead to one part.
    marks = {(row.level, row.code): _mark(row) for row in rows}
    unknown = {f"{kind} {name}" for kind, name in asked} - {row.named for row in rows}
    if dependence is None or unknown:
        return Standing(revision)
    day = day_in_paris(revision.changed_at) if dependence.tells_last_change else None
    return Standing(revision, tuple(marks.items()), day)


def _mark(row: Any) -> Revision | None:
    return None if row.marked is None else Revision(row.marked, row.marked_at)


def _asked(request: Request, dependence: Dependence) -> Iterator[tuple[Kind, str]]:
    """Give what the request names: the kind of name, and the name."""
    for parameter, named in dependence.named.items():
        given = request.path_params.get(parameter)
        values = [given] if given is not None else request.query_params.getlist(parameter)
        names = (part.strip() for value in values for part in str(value).split(","))
        kind: Kind = "commune" if named == "surroundings" else named
        yield from ((kind, name.upper()) for name in names if name)


def _parameters(
    dependence: Dependence | None, asked: Collection[tuple[Kind, str]]
) -> dict[str, Any]:
    parts: list[str] = ["everywhere"]
    if dependence is not None:
        parts += dependence.also
        if dependence.otherwise is not None and not asked:
            parts.append(dependence.otherwise)

    def of(kind: Kind) -> list[str]:
        return [name for asked_kind, name in asked if asked_kind == kind]

    numbers = [int(name) for name in of("cpts") if _NUMBER.fullmatch(name)]
    return {
        "parts": parts,
        "regions": of("region"),
        "departments": of("department"),
        # Of these there is one; a question that names two is refused.
        "cpts": next(iter(numbers), None),
        "commune": next(iter(of("commune")), None),
        "with_surroundings": dependence is not None
        and "surroundings" in dependence.named.values(),
    }


@cache
def _statement() -> TextClause:
    several = (
        bindparam(name, type_=ARRAY(Text)) for name in ("parts", "regions", "departments")
    )
    return statement(__file__, "standing").bindparams(
        *several, bindparam("cpts", type_=BigInteger), bindparam("commune", type_=Text)
    )
