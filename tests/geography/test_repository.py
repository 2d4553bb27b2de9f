"""Questions to the reference geography, on the real communes of France."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine, text

from app.database.sessions import ReadingSession, snapshot_scope
from app.geography.repository import communes_by_code, communes_in_polygon


@pytest.fixture
def session(session_engine: Engine) -> Iterator[ReadingSession]:
    with snapshot_scope(session_engine) as session:
        yield session


def test_communes_come_with_the_population_of_the_day(session: ReadingSession) -> None:
    found = communes_by_code(session, ["83137", "97608", "99999"], date(2026, 2, 1))
    assert set(found) == {"83137", "97608"}
    assert (found["83137"].name, found["83137"].region) == ("Toulon", "93")
    assert (found["83137"].population_year, found["97608"].population_year) == (2023, 2017)


def test_the_union_of_communes_gives_these_communes_back(session: ReadingSession) -> None:
    wkb, codes = session.execute(
        text(
            "SELECT ST_AsBinary(ST_Union(geom)), array_agg(code ORDER BY code)"
            " FROM commune WHERE department_code = '83'"
        )
    ).one()
    shares = communes_in_polygon(session, bytes(wkb))
    assert [code for code, share in shares if share > 0.5] == codes
    assert all(share > 0.999 or share < 0.001 for _, share in shares)


def test_half_a_commune_is_told_as_its_half(session: ReadingSession) -> None:
    geojson = session.execute(
        text("""
            SELECT ST_AsGeoJSON(ST_MakeEnvelope(
                ST_XMin(geom), ST_YMin(geom), ST_X(ST_Centroid(geom)), ST_YMax(geom), 4326))
            FROM commune WHERE code = '83137'
        """)
    ).scalar_one()
    shares = dict(communes_in_polygon(session, geojson))
    assert 0.3 < shares["83137"] < 0.7


def test_a_polygon_that_crosses_itself_is_repaired(session: ReadingSession) -> None:
    bow_tie = {
        "type": "Polygon",
        "coordinates": [[[5, 44], [5.1, 44.1], [5.1, 44], [5, 44.1], [5, 44]]],
    }
    shares = communes_in_polygon(session, bow_tie)
    assert len(shares) > 3
    assert all(0 < share <= 1 for _, share in shares)


@pytest.mark.parametrize(
    "nothing",
    [
        {"type": "Polygon", "coordinates": []},
        {"type": "LineString", "coordinates": [[5, 44], [6, 44]]},
        {"type": "Polygon", "coordinates": [[[-30, 10], [-29, 10], [-29, 11], [-30, 10]]]},
        {"type": "Polygon", "coordinates": [[[5, 44], [5, 44], [5, 44], [5, 44]]]},
    ],
)
def test_what_has_no_surface_in_france_contains_no_commune(
    session: ReadingSession, nothing: dict[str, object]
) -> None:
    assert communes_in_polygon(session, nothing) == []
