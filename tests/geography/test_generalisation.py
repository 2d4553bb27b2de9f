"""The coverage at each scale: on squares, and on the real communes of France."""

import numpy as np
import pytest
import shapely
from sqlalchemy import Engine, text

from app.failures import Failure
from app.geography.loading.generalisation import (
    SCALES,
    Scale,
    as_ewkb,
    as_multipolygons,
    check_coverage,
    generalise,
    outlines,
)
from tests.geography.small_release import cell_polygon

COUNTRY_SCALE = SCALES[-1]


def small_coverage() -> np.ndarray:
    cells = [cell_polygon(column, row) for column in range(4) for row in range(4)]
    return as_multipolygons(np.array(cells, dtype=object))


@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale.name)
def test_a_generalised_coverage_stays_one(scale: Scale) -> None:
    coverage = small_coverage()
    simplified = generalise(coverage, scale)
    assert shapely.coverage_is_valid(simplified)
    assert shapely.get_num_coordinates(simplified).sum() < (
        shapely.get_num_coordinates(coverage).sum()
    )
    assert shapely.area(simplified) == pytest.approx(shapely.area(coverage), rel=0.2)


def test_vertices_stand_on_the_grid_of_the_scale() -> None:
    vertices = shapely.get_coordinates(generalise(small_coverage(), COUNTRY_SCALE))
    assert (vertices == np.round(vertices, COUNTRY_SCALE.decimals)).all()


def test_what_is_smaller_than_the_grid_keeps_its_shape() -> None:
    x, y = 2.00042, 46.00042
    speck = shapely.box(x, y, x + 0.0001, y + 0.0001)
    coverage = as_multipolygons(
        np.array([shapely.difference(cell_polygon(0, 0), speck), speck], dtype=object)
    )
    around, inside = generalise(coverage, COUNTRY_SCALE)
    assert inside.is_valid
    assert inside.area > 0
    assert around.intersection(inside).area == 0
    assert shapely.get_num_interior_rings(shapely.union(around, inside)) == 0


def test_outer_rings_go_counter_clockwise() -> None:
    clockwise = shapely.Polygon([(0, 0), (0, 1), (1, 1), (1, 0)])
    (turned,) = as_multipolygons(np.array([clockwise], dtype=object))
    assert turned.geom_type == "MultiPolygon"
    assert turned.geoms[0].exterior.is_ccw


def test_an_overlap_is_refused() -> None:
    overlapping = as_multipolygons(
        np.array([shapely.box(0, 0, 1, 1), shapely.box(0.9, 0, 2, 1)], dtype=object)
    )
    with pytest.raises(Failure, match="essai"):
        check_coverage(overlapping, "essai")


def test_an_outline_is_that_of_its_group() -> None:
    coverage = small_coverage()
    groups = np.array([code for code in "AABB" for _ in range(4)], dtype=object)
    united = outlines(coverage, groups)
    assert set(united) == {"A", "B"}
    assert united["A"].equals(shapely.union_all(coverage[:8]))
    assert as_ewkb([united["A"], None])[1] is None


@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale.name)
def test_every_commune_of_france_and_all_its_islands_are_there(
    session_engine: Engine, scale: Scale
) -> None:
    with session_engine.connect() as connection:
        (count, sound, parts) = connection.execute(
            text(f"""
                SELECT count(*),
                       bool_and(ST_IsValid(simple) AND ST_Area(simple) > 0),
                       bool_and(ST_NumGeometries(simple) = ST_NumGeometries(geom))
                FROM (SELECT geom, geom_{scale.name} AS simple FROM commune) c
            """)
        ).one()
    assert (count, sound, parts) == (34_917, True, True)


@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale.name)
def test_a_union_of_communes_has_no_slit(session_engine: Engine, scale: Scale) -> None:
    holes = """
        SELECT (SELECT sum(ST_NumInteriorRings(p.geom)) FROM ST_Dump(u.geom) p)
        FROM (SELECT ST_UnaryUnion(ST_Collect({})) AS geom FROM commune
              WHERE region_code = '32' GROUP BY epci_code) u
    """
    with session_engine.connect() as connection:
        full = connection.execute(text(holes.format("geom"))).scalars().all()
        simplified = (
            connection.execute(text(holes.format(f"geom_{scale.name}"))).scalars().all()
        )
    assert len(full) > 50
    assert sum(simplified) == sum(full)
