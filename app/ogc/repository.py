"""The SQL of items: pages by key, GeoJSON written by PostgreSQL and passed on as text."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Subquery, cast, func, literal, select, text
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.exc import DataError, InternalError
from sqlalchemy.types import Text

from app.cpts.reading.schemas import Detail
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.ogc.collections import SHOWN_ON, Collection
from app.ogc.parameters import Span
from app.ogc.systems import STORED_SRID, CoordinateSystem, OutsideSystem

_CUSTOM_PLANS = text("SET LOCAL plan_cache_mode = force_custom_plan")
_EXTENT = text("""
    SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)
    FROM (SELECT ST_Extent(geom_country) AS e FROM region) whole
""")
# How PostGIS begins to say that a position has no coordinates in a system.
_NOT_PROJECTED = "transform:"
_MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'


class ValuesRefused(Exception):
    """The database cannot work conditions out with the values in them (SQLSTATE 22)."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item as of a day, `shown_on`.

    Parameters: `key`; `geometry`, GeoJSON, None without any; `properties`, JSON.
    """

    key: int | str
    shown_on: date
    geometry: str | None
    properties: str

    def feature(self, links: str = "") -> str:
        """Write it as a Feature; `links`, further members with a comma before them."""
        key = self.key if isinstance(self.key, int) else f'"{self.key}"'
        return (
            f'{{"type":"Feature","id":{key},"geometry":{self.geometry or "null"},'
            f'"properties":{self.properties}{links}}}'
        )


def find(
    session: ReadingSession,
    collection: Collection,
    items: Subquery,
    conditions: Sequence[ColumnElement[bool]],
    *,
    day: date,
    span: Span,
    detail: Detail,
    system: CoordinateSystem,
    after: int | str | None = None,
    limit: int,
    coverage: str | None = None,
) -> list[Item]:
    """Find items in the order of their keys, those after one of them.

    Parameters: `items`, of `items_of`, of whose columns the `conditions` are made; `day` as
    of which they are told; `span`, the days of which any will do for what ends; `coverage`,
    of the collection's level, JSON. Raises `OutsideSystem` and `ValuesRefused`.
    """
    key = items.c[collection.key]
    properties = [
        part
        for each in collection.properties
        for part in (literal(each.name), _written(items.c[each.name], each.kind))
    ]
    statement = select(
        key,
        items.c[SHOWN_ON],
        func.ST_AsGeoJSON(_drawn(items.c.drawn, system), system.decimals, 0),
        cast(func.json_build_object(*properties, type_=JSON), Text),
    ).where(*conditions)
    if after is not None:
        statement = statement.where(key > after)
    session.execute(_CUSTOM_PLANS)
    page = statement.order_by(key).limit(limit)
    try:
        with _worked_out():
            rows = session.execute(page, _given(day, span, detail, coverage))
            return [Item(*row) for row in rows]
    except InternalError as error:
        if system.srid != STORED_SRID and _NOT_PROJECTED in str(error.orig):
            raise OutsideSystem from None
        raise


def count(
    session: ReadingSession,
    items: Subquery,
    conditions: Sequence[ColumnElement[bool]],
    *,
    day: date,
    span: Span,
    coverage: str | None = None,
) -> int:
    """Count the items that `find` finds on all pages; raises `ValuesRefused`."""
    statement = select(func.count()).select_from(items).where(*conditions)
    with _worked_out():
        given = _given(day, span, "full", coverage)
        counted: int = session.execute(statement, given).scalar_one()
    return counted


@contextmanager
def _worked_out() -> Iterator[None]:
    try:
        yield
    except DataError as error:
        raise ValuesRefused from error


def extent(session: ReadingSession) -> list[float]:
    """Give the box around all regions, in degrees: west, south, east, north."""
    return [round(value, 4) for value in session.execute(_EXTENT).one() if value is not None]


def _given(day: date, span: Span, detail: Detail, coverage: str | None) -> dict[str, Any]:
    return {
        "day": day,
        "first_day": span[0],
        "last_day": span[1],
        # What has changed until now, whatever day is shown.
        "today": today(),
        "detail": detail,
        "coverage": coverage,
    }


def _drawn(geometry: Any, system: CoordinateSystem) -> Any:
    if system.srid != STORED_SRID:
        return func.ST_Transform(geometry, system.srid)
    return func.ST_FlipCoordinates(geometry) if system.latitude_first else geometry


def _written(column: Any, kind: str) -> Any:
    return func.to_char(func.timezone("UTC", column), _MOMENT) if kind == "moment" else column
