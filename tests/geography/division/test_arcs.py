"""The arcs of a commune that is divided, and joined again."""

from collections.abc import Callable

from sqlalchemy import Engine, text

from app.cpts.division.service import undivide
from app.database.sessions import session_scope
from tests.quarters import Divider

LILLE = "59350"

# Of the city, of each part and of a neighbour: do arcs give the outline of the polygon?
_SAME = text("""
    SELECT c.code, b.commune_code IS NOT NULL AS known,
           ST_Equals(o.geom, c.geom) AND ST_Equals(o.geom_country, c.geom_country) AS same
    FROM commune c LEFT JOIN bordered_commune b ON b.commune_code = c.code
    CROSS JOIN LATERAL territory_outline(
        ARRAY[c.code], coalesce(upper(c.in_force) - 1,
          (now() AT TIME ZONE 'Europe/Paris')::date)) o
    WHERE c.code IN (:city, '59378') OR c.city_code = :city ORDER BY c.code
""")
_ARCS = text("""
    SELECT left_code, right_code, in_force, ST_AsText(geom) FROM border_arc
    WHERE :city IN (left_code, right_code) OR '59378' IN (left_code, right_code) ORDER BY 1, 2
""")


def test_parts_and_their_neighbours_have_arcs_of_their_own_days(
    engine: Engine, divide_commune: Callable[..., object]
) -> None:
    with engine.connect() as connection:
        before = connection.execute(_ARCS, {"city": LILLE}).all()
    divide_commune(LILLE, ["Ouest", "Centre", "Est"])
    with engine.connect() as connection:
        found = connection.execute(_SAME, {"city": LILLE}).all()
        days = connection.execute(
            text(
                "SELECT DISTINCT lower_inf(in_force), upper_inf(in_force) FROM border_arc "
                "WHERE left_code LIKE :any OR right_code LIKE :any ORDER BY 1"
            ),
            {"any": f"{LILLE}%"},
        ).all()
    assert [(row.known, row.same) for row in found] == [(True, True)] * 5
    assert days == [(False, True), (True, False)]
    with session_scope(engine) as session:
        undivide(session, LILLE, signatory=Divider())
    with engine.connect() as connection:
        assert connection.execute(_ARCS, {"city": LILLE}).all() == before
