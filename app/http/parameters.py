"""Query parameters that every list shares, and the refusal of those nobody declared.

A value is checked here for its form; whether a code exists is for the noun that knows it.
"""

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, NamedTuple

from fastapi import Query, Request, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from pydantic import BeforeValidator, Field, WithJsonSchema
from starlette.convertors import Convertor, register_url_convertor

from app.problems import Invalid, stated

DEFAULT_LIMIT = 1_000
MAXIMUM_LIMIT = 10_000
# Far beyond any list; keeps the number inside what the database counts with.
MAXIMUM_OFFSET = 1_000_000_000
MAXIMUM_TEXT = 200
MAXIMUM_VALUES = 200
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
# Of more digits is no number that anything here counts to.
_WHOLE_NUMBER = re.compile(r"-?\d{1,20}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Bbox(NamedTuple):
    """A box in CRS84 degrees: longitudes and latitudes, west ≤ east and south ≤ north."""

    west: float
    south: float
    east: float
    north: float


def separated(values: Any) -> Any:
    """Split `a,b&…=c` into values; a parameter left empty, as forms send it, is not given."""
    if not isinstance(values, list):
        return values
    if all(value == "" for value in values):
        return []
    parts = [part.strip() for value in values for part in str(value).split(",")]
    if "" in parts:
        raise stated("Une valeur est vide.", "valeur,valeur…")
    if len(parts) > MAXIMUM_VALUES:
        raise stated(
            f"Au plus {MAXIMUM_VALUES} valeurs sont acceptées.", f"≤ {MAXIMUM_VALUES} valeurs"
        )
    return list(dict.fromkeys(parts))


def _iso_day(value: Any) -> Any:
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise stated("Une date AAAA-MM-JJ est attendue.", "AAAA-MM-JJ")
    return value


def whole_number(value: Any) -> Any:
    """Let through what is written as a whole number in digits, before it is read as one."""
    # pydantic alone would read `1_0` as 10.
    if isinstance(value, str) and not _WHOLE_NUMBER.fullmatch(value):
        raise stated("Un nombre entier est attendu.", "nombre entier")
    return value


class _Bare(Convertor[str]):
    """The end of an address that asks for no other form: `/cpts/12`, not `/cpts/12.geojson`."""

    regex = r"[^/]+(?<!\.geojson)"

    def convert(self, value: str) -> str:
        """Give it as it is."""
        return value

    def to_string(self, value: str) -> str:
        """Give it as it is."""
        return value


register_url_convertor("bare", _Bare())

# A number in an address or a form: digits, and nothing else that Python would take for one.
WholeNumber = Annotated[int, BeforeValidator(whole_number)]
# Ids are 64-bit in the database.
RowId = Annotated[WholeNumber, Field(ge=1, lt=2**63)]


def read_number(text: str) -> float | None:
    """Read a number in digits; None for anything else, and for one that is not finite."""
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def parse_bbox(text: str) -> Bbox:
    """Read `minlon,minlat,maxlon,maxlat`; raises `ValueError` with a French sentence."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        raise ValueError("Quatre nombres sont attendus : minlon,minlat,maxlon,maxlat.")
    box = Bbox(*(float(part) for part in parts))
    if not all(math.isfinite(value) for value in box):
        raise ValueError("Quatre nombres finis sont attendus : minlon,minlat,maxlon,maxlat.")
    if not (-180 <= box.west <= 180 and -180 <= box.east <= 180):
        raise ValueError("Les longitudes vont de -180 à 180.")
    if not (-90 <= box.south <= 90 and -90 <= box.north <= 90):
        raise ValueError("Les latitudes vont de -90 à 90.")
    if box.west > box.east or box.south > box.north:
        raise ValueError("Le rectangle est inversé : minlon ≤ maxlon et minlat ≤ maxlat.")
    return box


BBOX_DESCRIPTION = (
    "Rectangle `minlon,minlat,maxlon,maxlat` en degrés (CRS84) : les CPTS dont le territoire "
    "le touche."
)
BBOX_EXAMPLE = "5.9,43.9,7.1,45.2"


def box_of(value: Any) -> Any:
    """Read a box for a validator, whose error says what is accepted."""
    try:
        return parse_bbox(value) if isinstance(value, str) else value
    except ValueError as error:
        raise stated(str(error), "minlon,minlat,maxlon,maxlat") from None


# A text of its own in the description: the schema would be that of a tuple.
BboxText = Annotated[Any, BeforeValidator(box_of), WithJsonSchema({"type": "string"})]


# The schema of what a form sends for the field that nobody filled in.
NOT_FILLED_IN: Mapping[str, Any] = {"type": "string", "maxLength": 0}


def _several(description: str, *examples: Any) -> Any:
    return Query(
        description=f"{description} Répétable, ou séparé par des virgules.",
        examples=list(examples),
    )


RegionCodes = Annotated[
    list[str], _several("Codes des régions.", "32"), BeforeValidator(separated)
]
DepartmentCodes = Annotated[
    list[str], _several("Codes des départements.", "04", "05"), BeforeValidator(separated)
]
StageSlugs = Annotated[
    list[str], _several("Stades d'avancement.", "aci_signe"), BeforeValidator(separated)
]
SearchText = Annotated[
    str | None,
    Query(
        max_length=MAXIMUM_TEXT,
        description="Débuts de mots, sans égard aux accents ni aux majuscules.",
        examples=["haute prov"],
    ),
]
BboxFilter = Annotated[BboxText, Query(description=BBOX_DESCRIPTION, examples=[BBOX_EXAMPLE])]
Day = Annotated[
    date | None,
    Query(
        description="Jour (AAAA-MM-JJ) dont on veut l'état ; aujourd'hui par défaut.",
        examples=["2026-01-01"],
    ),
    BeforeValidator(_iso_day),
]
Limit = Annotated[
    WholeNumber,
    Query(ge=1, le=MAXIMUM_LIMIT, description="Nombre maximal d'éléments.", examples=[100]),
]
Offset = Annotated[
    WholeNumber,
    Query(ge=0, le=MAXIMUM_OFFSET, description="Nombre d'éléments à passer.", examples=[0]),
]


async def known_parameters(request: Request) -> None:
    """Refuse a query parameter that the route does not declare, or takes only once.

    A dependency of the whole application. Raises `Invalid` naming the parameter and,
    when it is unknown, those that are accepted.
    """
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute):
        return
    accepted = {
        parameter.alias: parameter.field_info.annotation
        for parameter in get_flat_params(route.dependant)
        if isinstance(parameter.field_info, params.Query)
    }
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in accepted]
    if unknown:
        raise Invalid(
            [
                {
                    "loc": ["query", name],
                    "message": "Paramètre inconnu.",
                    "accepted": sorted(accepted),
                }
                for name in unknown[:20]
            ],
            detail=f"Paramètre inconnu : {', '.join(unknown[:5])[:200]}.",
        )
    repeated = [
        name
        for name, annotation in accepted.items()
        if "list[" not in str(annotation) and len(request.query_params.getlist(name)) > 1
    ]
    if repeated:
        raise Invalid(
            [
                {
                    "loc": ["query", name],
                    "message": "Ce paramètre ne se répète pas.",
                    "accepted": ["une seule valeur"],
                }
                for name in repeated
            ],
            detail=f"Paramètre répété : {', '.join(repeated)}.",
        )
