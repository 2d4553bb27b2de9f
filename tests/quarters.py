"""Communes divided into quarters drawn for a test: bands from west to east."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import shapely
from sqlalchemy import Engine, text

from app.cpts.division.service import divide, undivide
from app.database.calendar import today
from app.database.sessions import session_scope
from app.geography.division.repository import divisions
from app.geography.division.rules import DrawnPart
from app.geography.division.service import DivisionPlan

Divide = Callable[..., DivisionPlan]


class Divider:
    """Who divides communes in tests."""

    token_id = None
    name = "essai"


def bands(polygon: Any, names: Sequence[str], **more: Any) -> list[DrawnPart]:
    """Cut a surface into bands from west to east, one for each name."""
    west, south, east, north = shapely.bounds(polygon)
    step = (east - west) / len(names)
    return [
        DrawnPart(
            name,
            shapely.intersection(
                polygon, shapely.box(west + n * step, south, west + (n + 1) * step, north)
            ),
            **{key: values[n] for key, values in more.items()},
        )
        for n, name in enumerate(names)
    ]


def polygon_of(engine: Engine, code: str) -> Any:
    """Give the polygon of a commune, in degrees."""
    with engine.connect() as connection:
        asked = text("SELECT ST_AsBinary(geom) FROM commune WHERE code = :code")
        return shapely.from_wkb(bytes(connection.execute(asked, {"code": code}).scalar_one()))


def divide_commune(
    engine: Engine,
    code: str,
    names: Sequence[str] = ("Nord", "Centre", "Sud"),
    /,
    *,
    day: date | None = None,
    **more: Any,
) -> DivisionPlan:
    """Divide a commune into bands, from today on unless a day is given.

    Parameters: `more`, lists of what each part has, such as `weight` or `code`.
    """
    with session_scope(engine) as session:
        return divide(
            session,
            code,
            bands(polygon_of(engine, code), names, **more),
            day or today(),
            source="quartiers.geojson",
            signatory=Divider(),
            population_column="pop" if "weight" in more else None,
        )


def undivide_all(engine: Engine) -> None:
    """Undo every division; nobody may hold some parts and not the others."""
    with session_scope(engine) as session:
        for division in reversed(divisions(session)):
            undivide(session, division.city, signatory=Divider())
