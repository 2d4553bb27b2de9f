"""A division worked out without writing, written, and taken back; holders stand above."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from app.database.sessions import ReadingSession, WritingSession
from app.failures import Failure
from app.geography.build.neighbours import shared_borders
from app.geography.division import repository
from app.geography.division.geometry import fill_commune
from app.geography.division.repository import DividedCommune
from app.geography.division.rules import (
    DrawnPart,
    Part,
    full_name,
    part_codes,
    shared_out,
)


@dataclass(frozen=True)
class DivisionPlan:
    """What a division would make of a commune; nothing is written.

    `polygons` are those of the parts by column of `commune`, in the order of `parts`;
    `populations` theirs in the latest vintage; `by_column` whether a column of the file says
    how inhabitants are shared out, else it is the area.
    """

    commune: DividedCommune
    day: date
    parts: Sequence[Part]
    polygons: Mapping[str, np.typing.NDArray[np.object_]]
    populations: Sequence[int]
    by_column: bool


def plan_division(
    session: ReadingSession, code: str, drawn: Sequence[DrawnPart], day: date
) -> DivisionPlan:
    """Work out what dividing a commune from a day on would make of it.

    Parameters: `code`, of the commune; `drawn`, its parts in degrees (EPSG:4326).

    Raises:
        Failure: it is no commune that can be divided, or the parts do not fill it.
    """
    commune = repository.communes_to_divide(session, [code]).get(code)
    if commune is None or commune.kind != "commune":
        raise Failure(f"{code} n'est pas le code d'une commune que l'on peut diviser.")
    if not (commune.in_force.upper is None and day in commune.in_force):
        raise Failure(f"{commune.name} ({code}) est déjà divisée.")
    polygons = np.array([part.polygon for part in drawn], dtype=object)
    filled = fill_commune(dict(commune.polygons), polygons)
    by_column = any(part.weight is not None for part in drawn)
    weights = (
        [part.weight or 0.0 for part in drawn] if by_column else _areas(filled.columns["geom"])
    )
    parts = [
        Part(each, full_name(commune.name, part.name), part.name, weight)
        for each, part, weight in zip(part_codes(code, drawn), drawn, weights, strict=True)
    ]
    return DivisionPlan(
        commune=commune,
        day=day,
        parts=parts,
        polygons=filled.columns,
        populations=shared_out(commune.populations[-1], weights),
        by_column=by_column,
    )


def _areas(polygons: Any) -> list[float]:
    from pyproj import Geod  # noqa: PLC0415 (slow to import, and needed without a column only)

    ellipsoid = Geod(ellps="WGS84")
    return [abs(ellipsoid.geometry_area_perimeter(each)[0]) for each in polygons]


def write_parts(session: WritingSession, plan: DivisionPlan, division: int) -> None:
    """Make the parts of a plan units, with everything that hangs on them but holders."""
    city = plan.commune.code
    repository.end_commune(session, city, plan.day)
    repository.insert_parts(session, plan.commune, plan.parts, plan.polygons, plan.day)
    repository.insert_weights(session, division, plan.parts)
    weights = [part.weight for part in plan.parts]
    repository.insert_populations(
        session,
        city,
        [
            (part.code, vintage, population)
            for vintage, total in zip(
                plan.commune.vintages, plan.commune.populations, strict=True
            )
            for part, population in zip(plan.parts, shared_out(total, weights), strict=True)
        ],
    )
    refresh_units(session, plan)


def refresh_units(session: WritingSession, plan: DivisionPlan) -> None:
    """Work out what hangs on the polygons of new units: their borders."""
    around = repository.polygons_around(session, [plan.commune.code])
    own = {part.code for part in plan.parts}
    codes = [*(part.code for part in plan.parts), *around]
    polygons = np.array([*plan.polygons["geom"], *around.values()], dtype=object)
    repository.insert_borders(
        session,
        [
            border
            for border in shared_borders(codes, polygons)
            if border[0] in own or border[1] in own
        ],
    )
    repository.units_changed(session)
