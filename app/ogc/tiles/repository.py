"""Vector tiles as PostGIS writes them, and where there is anything to draw."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, cast, func, literal, literal_column, select, text, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.types import Integer

from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.ogc.collections import GEOMETRY, Collection, items_of
from app.ogc.systems import STORED_SRID
from app.ogc.tiles.rules import BUFFER, EXTENT, Bounds, Layer, Tile, box_around, detail_of

# With OFFSET 0 a subquery stays one: what it works out is worked out once, not again in each
# condition on it.
_MERCATOR = 3857
# Metres along a side of the whole, whose middle is nought.
_WORLD = 40_075_016.685578488
_CUSTOM_PLANS = text("SET LOCAL plan_cache_mode = force_custom_plan")
_EXTENTS = text("""
    SELECT ST_XMin(geom_country), ST_YMin(geom_country),
           ST_XMax(geom_country), ST_YMax(geom_country)
    FROM region WHERE geom_country IS NOT NULL ORDER BY code
""")


def tile_body(
    session: ReadingSession, collection: Collection, layer: Layer, tile: Tile, day: date
) -> bytes:
    """Give a layer of a tile as of a day, empty where there is nothing to draw.

    A vertex that neighbours share comes to stand on the same unit in both.
    """
    items = items_of(collection)
    shape = _cut(func.ST_Transform(items.c.drawn, _MERCATOR), tile.zoom, tile.column, tile.row)
    drawn = (
        select(*(items.c[name] for name in layer.properties), shape.label("geom"))
        .where(items.c[GEOMETRY].op("&&")(func.ST_MakeEnvelope(*box_around(tile), STORED_SRID)))
        .order_by(items.c[collection.key])
        .offset(0)
        .subquery("tile")
    )
    written = (
        select(func.ST_AsMVT(literal_column("tile"), layer.name, EXTENT, "geom"))
        .select_from(drawn)
        .where(drawn.c.geom.is_not(None))
    )
    session.execute(_CUSTOM_PLANS)
    return bytes(session.execute(written, _given(tile.zoom, day)).scalar_one())


def tile_bodies(
    session: ReadingSession,
    collection: Collection,
    layer: Layer,
    zoom: int,
    day: date,
    *,
    within: Tile,
) -> list[tuple[Tile, bytes]]:
    """Give a layer of every tile of a zoom that has something to draw, as `tile_body` does.

    Parameters: `within`, the tile of a smaller zoom, or of this one, in which they lie.
    """
    items = items_of(collection)
    names = layer.properties
    size = _WORLD / (1 << zoom)
    margin = size * BUFFER / EXTENT
    shape = func.ST_Transform(items.c.drawn, _MERCATOR)
    drawn = (
        select(*(items.c[name] for name in names), shape.label("shape"))
        .where(
            items.c[GEOMETRY].op("&&")(func.ST_MakeEnvelope(*box_around(within), STORED_SRID))
        )
        .offset(0)
        .subquery("drawn")
    )

    def numbers(name: str, low: Any, high: Any, place: int) -> Any:
        first, last = (
            cast(func.floor((each + _WORLD / 2) / size), Integer)
            for each in (low - margin, high + margin)
        )
        children = 1 << (zoom - within.zoom)
        series = func.generate_series(
            func.greatest(first, place * children),
            func.least(last, (place + 1) * children - 1),
        )
        return series.table_valued(name).lateral(name)

    x = numbers("x", func.ST_XMin(drawn.c.shape), func.ST_XMax(drawn.c.shape), within.column)
    y = numbers("y", -func.ST_YMax(drawn.c.shape), -func.ST_YMin(drawn.c.shape), within.row)
    cut = (
        select(
            x.c.x,
            y.c.y,
            *(drawn.c[name] for name in names),
            _cut(drawn.c.shape, zoom, x.c.x, y.c.y).label("geom"),
        )
        .select_from(drawn.join(x, true()).join(y, true()))
        .offset(0)
        .subquery("cut")
    )
    held = [*(cut.c[name] for name in names), cut.c.geom]
    row = select(*held).correlate(cut).lateral("tile")
    body = func.ST_AsMVT(
        literal_column("tile"),
        layer.name,
        EXTENT,
        aggregate_order_by(literal("geom"), cut.c[collection.key]),
    )
    written = (
        select(cut.c.y, cut.c.x, body)
        .select_from(cut.join(row, true()))
        .where(cut.c.geom.is_not(None))
        .group_by(cut.c.y, cut.c.x)
    )
    rows = session.execute(written, _given(zoom, day))
    return [(Tile(zoom, row, column), bytes(body)) for row, column, body in rows]


def extents(session: ReadingSession) -> list[Bounds]:
    """Give the box of each region, in degrees: west, south, east, north."""
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(_EXTENTS)]


def _cut(shape: Any, zoom: int, column: Any, row: Any) -> ColumnElement[Any]:
    cut: ColumnElement[Any] = func.ST_AsMVTGeom(
        shape,
        func.ST_TileEnvelope(zoom, column, row),
        EXTENT,
        BUFFER,
        True,  # noqa: FBT003  (cut at the buffer)
    )
    return cut


def _given(zoom: int, day: date) -> dict[str, Any]:
    return {
        "day": day,
        "first_day": day,
        "last_day": day,
        "today": today(),
        "detail": detail_of(zoom),
    }
