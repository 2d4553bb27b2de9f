"""One use case: bring the arcs in line with the polygons."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Any

from psycopg import Cursor
from psycopg.types.range import Range

from app.geography.borders import repository
from app.geography.borders.rules import arcs_of_every_era, shared_days


def refresh_borders(cursor: Cursor[Any], codes: Collection[str] | None = None) -> int:
    """Work out the arcs of some communes and of their neighbours from the stored polygons.

    Parameters: `cursor`, in the transaction that changed the polygons; `codes`, the communes
    that were drawn, divided or joined, every one whose arcs are not known when None.

    Gives how many communes have had their arcs renewed. Until it is called, territories with a
    changed commune are united from polygons, with the same outcome: it may come later than the
    change, and costs nothing when there was none.
    """
    changed = repository.unbordered(cursor) if codes is None else list(codes)
    if not changed:
        return 0
    renewed = repository.around(cursor, changed)
    units = repository.units(cursor, repository.around(cursor, renewed))
    wanted = set(renewed)
    repository.replace_arcs(cursor, renewed, _rows(units, wanted))
    return len(renewed)


def _rows(units: Sequence[repository.UnitRow], wanted: set[str]) -> Iterator[tuple[Any, ...]]:
    import numpy as np  # noqa: PLC0415 (slow to import, and needed by this use case only)
    import shapely  # noqa: PLC0415

    days: list[tuple[date | None, date | None]] = [(unit.since, unit.until) for unit in units]
    scales = []
    for place in range(len(repository.SCALES)):
        coverage = shapely.from_wkb(
            np.array([unit.polygons[place] for unit in units], dtype=object)
        )
        arcs = arcs_of_every_era(coverage, days)
        lines = shapely.set_srid(np.array(list(arcs.values()), dtype=object), 4326)
        scales.append(
            dict(zip(arcs, shapely.to_wkb(lines, hex=True, include_srid=True), strict=True))
        )
    for left, right in sorted(set().union(*scales)):
        codes = (units[left].code, None if right < 0 else units[right].code)
        if wanted.isdisjoint(codes):
            continue
        since, until = shared_days(days[left], days[left] if right < 0 else days[right])
        yield (*codes, Range(since, until), *(scale.get((left, right)) for scale in scales))
