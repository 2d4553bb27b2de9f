"""Parameters of OGC API routes, beside those that every list shares."""

import re
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Path, Query
from pydantic import BeforeValidator, WithJsonSchema

from app.cpts.reading.schemas import Detail
from app.database.calendar import PARIS
from app.http.parameters import MAXIMUM_TEXT, Day, Limit
from app.ogc.filtering import MAXIMUM_FILTER, FilterLanguage
from app.ogc.geometries import Unreadable, parse_numbers
from app.ogc.systems import CRS84, SYSTEMS, CoordinateSystem
from app.problems import stated

DEFAULT_LIMIT = 1_000
Format = Literal["json", "html"]
Span = tuple[date, date]

AskedFormat = Annotated[
    Format,
    Query(alias="f", description="Forme de la réponse ; sinon selon `Accept`."),
]


def _system(value: Any) -> Any:
    # As OGC API writes it, or between brackets as a CURIE of a link would be.
    known = SYSTEMS.get(str(value).strip("[]<>")) if isinstance(value, str) else value
    if known is None:
        raise stated("Système de référence inconnu.", *SYSTEMS)
    return known


_SYSTEM = (
    BeforeValidator(_system),
    WithJsonSchema(
        {"type": "string", "format": "uri", "enum": list(SYSTEMS), "default": CRS84.uri}
    ),
)
AskedSystem = Annotated[
    Any,
    Query(alias="crs", description="Système de référence des géométries de la réponse."),
    *_SYSTEM,
]
BoxSystem = Annotated[
    Any, Query(alias="bbox-crs", description="Système de référence de `bbox`."), *_SYSTEM
]
FilterSystem = Annotated[
    Any,
    Query(alias="filter-crs", description="Système de référence des géométries du filtre."),
    *_SYSTEM,
]


def _box(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        numbers = parse_numbers(value)
    except Unreadable as error:
        raise stated(str(error), _BOX) from None
    if len(numbers) not in (4, 6):
        raise stated("Quatre nombres sont attendus, ou six avec les altitudes.", _BOX)
    return numbers


_BOX = "minlon,minlat,maxlon,maxlat"
AskedBox = Annotated[
    Any,
    Query(
        description="Rectangle `minlon,minlat,maxlon,maxlat`, dans l'ordre des axes de "
        "`bbox-crs` : ce dont la géométrie le touche.",
        examples=["5.9,43.9,7.1,45.2"],
    ),
    BeforeValidator(_box),
    WithJsonSchema(
        {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
    ),
]

_DAY = r"\d{4}-\d{2}-\d{2}"
_MOMENT = re.compile(
    rf"{_DAY}(T\d{{2}}:\d{{2}}:\d{{2}}(\.\d{{1,6}})?(Z|[+-]\d{{2}}:\d{{2}}))?", re.ASCII
)
_SPANS = ("AAAA-MM-JJ", "AAAA-MM-JJThh:mm:ssZ", "début/fin", "../fin", "début/..")


def _day_of(text: str) -> date:
    if not _MOMENT.fullmatch(text):
        raise ValueError
    read = datetime.fromisoformat(text)
    return read.date() if read.tzinfo is None else read.astimezone(PARIS).date()


def _span(value: Any) -> Any:
    """Read an instant or an interval of RFC 3339, either end of which may be open."""
    if not isinstance(value, str):
        return value
    begin, slash, end = value.partition("/")
    try:
        if not slash:
            return _day_of(begin), _day_of(begin)
        span = (
            date(MINYEAR, 1, 1) if begin in ("", "..") else _day_of(begin),
            date(MAXYEAR, 12, 31) if end in ("", "..") else _day_of(end),
        )
        if span[0] > span[1]:
            raise ValueError
        return span
    except (ValueError, OverflowError):
        raise stated("Un instant ou un intervalle (RFC 3339) est attendu.", *_SPANS) from None


AskedSpan = Annotated[
    Any,
    Query(
        description="Instant ou intervalle (RFC 3339) : ce qui dure en ce temps, fini depuis "
        "ou non. Une CPTS est montrée telle qu'elle était le jour de ce temps, et de son "
        "existence, le plus proche d'aujourd'hui. Avec `at`, de ce qui existe ce jour-là, ce "
        "qui dure aussi en ce temps.",
        examples=["2025-01-01/.."],
    ),
    BeforeValidator(_span),
    WithJsonSchema({"type": "string"}),
]
AskedDetail = Annotated[Detail, Query(description="Finesse du tracé.", examples=["department"])]
# The key of the item that a page begins after.
After = Annotated[
    str | None,
    Query(
        max_length=MAXIMUM_TEXT,
        description="Clé du dernier élément de la page d'avant, comme l'écrit le lien `next`.",
    ),
]
ItemKey = Annotated[str, Path(max_length=MAXIMUM_TEXT, description="Identifiant de l'élément.")]


@dataclass(frozen=True, slots=True)
class AskedDrawing:
    """As of which day an item is shown, how finely, in which system, in which form."""

    form: Format
    system: CoordinateSystem
    detail: Detail
    at: date | None


@dataclass(frozen=True, slots=True)
class AskedItems(AskedDrawing):
    """Which items of a collection are asked for, beside the filters of the registry."""

    limit: int
    after: str | None
    box: list[float] | None
    box_system: CoordinateSystem
    span: Span | None
    filter: str | None
    filter_language: FilterLanguage
    filter_system: CoordinateSystem


async def _drawing(
    f: AskedFormat = "json",
    crs: AskedSystem = None,
    detail: AskedDetail = "full",
    at: Day = None,
) -> AskedDrawing:
    return AskedDrawing(f, crs or CRS84, detail, at)


async def _items(
    drawing: Annotated[AskedDrawing, Depends(_drawing)],
    *,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    bbox: AskedBox = None,
    bbox_crs: BoxSystem = None,
    span: Annotated[AskedSpan, Query(alias="datetime")] = None,
    given: Annotated[
        str | None,
        Query(
            alias="filter",
            max_length=MAXIMUM_FILTER,
            description="Filtre CQL2 : comparaisons, `LIKE`, `IN`, `BETWEEN`, opérateurs "
            "spatiaux et de listes, sur les propriétés de `queryables`.",
            examples=["population > 50000 AND stage = 'aci_signe'"],
        ),
    ] = None,
    filter_lang: Annotated[
        FilterLanguage, Query(alias="filter-lang", description="Langage du filtre.")
    ] = "cql2-text",
    filter_crs: FilterSystem = None,
) -> AskedItems:
    return AskedItems(
        drawing.form,
        drawing.system,
        drawing.detail,
        drawing.at,
        limit,
        after,
        bbox,
        bbox_crs or CRS84,
        span,
        given,
        filter_lang,
        filter_crs or CRS84,
    )


RequestedDrawing = Annotated[AskedDrawing, Depends(_drawing)]
RequestedItems = Annotated[AskedItems, Depends(_items)]
