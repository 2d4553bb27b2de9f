"""Divisions worked out without writing, and written; who holds the units stands above."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import shapely

from app.database.calendar import today
from app.database.sessions import ReadingSession, WritingSession
from app.failures import Failure
from app.french import counted, percent, short_date
from app.geography.division import repository
from app.geography.division.geometry import fill_commune
from app.geography.division.repository import DividedCommune, NewPart, StandingPart
from app.geography.division.rules import (
    DrawnPart,
    Part,
    full_name,
    part_codes,
    shared_out,
)
from app.geography.division.snapping import Snapped, snapped

# What parts may leave out of a commune, or cover twice, as shares of its area.
_MOST_LEFT = 0.01
# Of a drawn part, the share that lies in the commune, and of the commune, the share that it
# covers: under both it is a part of another commune.
_LEAST_INSIDE = 0.5
_LEAST_COVERED = 0.01


@dataclass(frozen=True)
class DivisionPlan:
    """What a division would make of a commune; nothing is written.

    `polygons` are those of the parts by column of `commune`, in the order of `parts`;
    `populations` theirs in the latest vintage; `by_column` whether a column of the file says
    how inhabitants are shared out, else it is the area. `snapped` tells what was mended,
    `left_aside` which drawn parts are of another commune.
    """

    commune: DividedCommune
    day: date
    parts: Sequence[Part]
    polygons: Mapping[str, np.typing.NDArray[np.object_]]
    populations: Sequence[int]
    by_column: bool
    snapped: Snapped
    left_aside: Sequence[str] = ()

    @property
    def units(self) -> list[str]:
        """What ends as a unit: the commune, or the parts that it has so far."""
        return sorted({part.unit for part in self.parts})


def plan_division(
    session: ReadingSession, code: str, drawn: Sequence[DrawnPart], day: date
) -> DivisionPlan:
    """Work out what dividing a commune, or a city further, would make of it.

    Parameters: `code`, of the commune; `drawn`, its parts in degrees (EPSG:4326); `day`, from
    which on they are units.

    Raises:
        Failure: it cannot be divided from that day on, or the parts do not fill it.
    """
    return plan_divisions(session, {code: drawn}, day)[0]


def plan_divisions(
    session: ReadingSession, drawn: Mapping[str, Sequence[DrawnPart]], day: date
) -> list[DivisionPlan]:
    """Work out the divisions of communes, as `plan_division` does for one."""
    if day > today():
        raise Failure("Une division prend effet au plus tard aujourd'hui.")
    communes = repository.communes_to_divide(session, list(drawn))
    standing = repository.parts_of_cities(session, list(drawn))
    return [
        _planned(communes.get(code), code, parts, standing.get(code, []), day)
        for code, parts in drawn.items()
    ]


def _planned(
    commune: DividedCommune | None,
    code: str,
    drawn: Sequence[DrawnPart],
    standing: Sequence[StandingPart],
    day: date,
) -> DivisionPlan:
    if commune is None or commune.kind != "commune":
        raise Failure(f"{code} n'est pas le code d'une commune que l'on peut diviser.")
    parents = [part for part in standing if part.in_force.upper is None]
    for parent in parents:
        if parent.in_force.lower >= day:
            raise Failure(
                f"{commune.name} ({code}) est divisée depuis le "
                f"{short_date(parent.in_force.lower)} : divisez-la à nouveau à partir du "
                "lendemain, ou annulez d'abord sa division."
            )
    own, left_aside = _own(commune, drawn)
    met = snapped(commune.polygons["geom"], np.array([p.polygon for p in own], dtype=object))
    _check(commune, own, met)
    filled = fill_commune(dict(commune.polygons), met.parts).columns
    by_column = any(part.weight is not None for part in own)
    weights = [part.weight or 0.0 for part in own] if by_column else _areas(filled["geom"])
    codes = part_codes(code, own, [part.code for part in standing])
    units = _units(commune, parents, filled["geom"])
    return DivisionPlan(
        commune=commune,
        day=day,
        parts=[
            Part(each, full_name(commune.name, part.name), part.name, weight, unit)
            for each, part, weight, unit in zip(codes, own, weights, units, strict=True)
        ],
        polygons=filled,
        populations=shared_out(commune.populations[-1], weights),
        by_column=by_column,
        snapped=met,
        left_aside=left_aside,
    )


def _own(
    commune: DividedCommune, drawn: Sequence[DrawnPart]
) -> tuple[list[DrawnPart], list[str]]:
    """Tell the parts of a commune from those of others, which are named."""
    polygon = commune.polygons["geom"]
    shapes = np.array([part.polygon for part in drawn], dtype=object)
    inside = shapely.area(shapely.intersection(shapes, polygon))
    share = inside / shapely.area(shapes)
    covered = inside / shapely.area(polygon)
    is_own = (share >= _LEAST_INSIDE) | (covered >= _LEAST_COVERED)
    own = [part for part, belongs in zip(drawn, is_own, strict=True) if belongs]
    if len(own) < 2:
        raise Failure(
            f"{commune.name} ({commune.code}) : le fichier y dessine "
            f"{counted(len(own), 'quartier')}, il en faut au moins deux."
        )
    aside = [part.name for part, belongs in zip(drawn, is_own, strict=True) if not belongs]
    return own, aside


def _check(commune: DividedCommune, drawn: Sequence[DrawnPart], met: Snapped) -> None:
    told = f"{commune.name} ({commune.code})"
    if met.rest_share > _MOST_LEFT:
        raise Failure(
            f"{told} : les quartiers laissent {percent(met.rest_share)} de la commune sans "
            "quartier ; au-delà de 1 %, complétez le fichier. Rien n'a changé."
        )
    if met.overlap_share > _MOST_LEFT:
        raise Failure(
            f"{told} : des quartiers se recouvrent sur {percent(met.overlap_share)} de la "
            "commune ; au-delà de 1 %, corrigez le fichier. Rien n'a changé."
        )
    lost = [
        part.name
        for part, polygon in zip(drawn, met.parts, strict=True)
        if shapely.is_empty(polygon)
    ]
    if lost:
        raise Failure(
            f"{told} : d'autres quartiers recouvrent {', '.join(lost)}. Rien n'a changé."
        )


def _units(
    commune: DividedCommune, parents: Sequence[StandingPart], polygons: Any
) -> list[str]:
    """Give the unit that each part comes out of: the commune, or the part with most of it."""
    if not parents:
        return [commune.code] * len(polygons)
    shapes = np.array([parent.polygon for parent in parents], dtype=object)
    shared = shapely.area(shapely.intersection(polygons[:, None], shapes[None, :]))
    return [parents[place].code for place in np.argmax(shared, axis=1)]


def _areas(polygons: Any) -> list[float]:
    from pyproj import Geod  # noqa: PLC0415 (slow to import, and needed without a column only)

    ellipsoid = Geod(ellps="WGS84")
    return [abs(ellipsoid.geometry_area_perimeter(each)[0]) for each in polygons]


def write_parts(
    session: WritingSession, plans: Sequence[DivisionPlan], divisions: Mapping[str, int]
) -> None:
    """Make the parts of plans of one day units, with all that hangs on them but holders.

    Parameters: `divisions`, by commune the number of the division that is recorded.
    """
    day = plans[0].day
    repository.end_units(session, [unit for plan in plans for unit in plan.units], day)
    new = [
        NewPart(
            divisions[plan.commune.code],
            plan.commune,
            part,
            {column: shapes[place] for column, shapes in plan.polygons.items()},
        )
        for plan in plans
        for place, part in enumerate(plan.parts)
    ]
    repository.insert_parts(session, new, day)
    repository.insert_populations(
        session, [each for plan in plans for each in populations_of(plan.commune, plan.parts)]
    )
    refresh_units(session, new)


def populations_of(
    commune: DividedCommune, parts: Sequence[Part]
) -> list[repository.Population]:
    """Share out the inhabitants of every vintage of a commune among its parts."""
    weights = [part.weight for part in parts]
    return [
        (commune.code, part.code, vintage, population)
        for vintage, total in zip(commune.vintages, commune.populations, strict=True)
        for part, population in zip(parts, shared_out(total, weights), strict=True)
    ]


def refresh_units(session: WritingSession, new: Sequence[NewPart]) -> None:
    """Work out what hangs on the polygons of new units."""
    # Slow to import, with large libraries, and not needed to plan.
    from app.geography.division.borders import borders_of_parts  # noqa: PLC0415

    cities = sorted({each.city.code for each in new})
    repository.insert_borders(
        session,
        borders_of_parts(
            np.array([each.polygons["geom"] for each in new], dtype=object),
            [each.part.code for each in new],
            [each.city.code for each in new],
            repository.polygons_around(session, cities),
        ),
    )
    repository.refresh_arcs(session)
    repository.units_changed(session)
