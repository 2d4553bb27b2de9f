"""Loading a reference geography, on a small country of invented communes."""

import os
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from app.database.engine import create_database_engine
from app.database.migration import upgrade_database
from app.database.sessions import snapshot_scope
from app.failures import Failure
from app.geography.borders import refresh_borders
from app.geography.division.verification import astray
from app.geography.loading import load_geography, load_or_keep
from app.geography.loading.errors import GeographyRefused
from app.geography.loading.preview import preview_geography
from app.progress import LineProgress, SilentProgress
from tests.geography.small_release import SmallCommune, SmallRelease, write_release
from tests.quarters import divide_commune

ALBE = SmallCommune("91001", "Albe", ((0, 0),), 400)
BRUNE = SmallCommune("91002", "La Brune", ((1, 0),), 500, postcodes=("91100", "91110"))
CORME = SmallCommune("91003", "Corme", ((0, 1),), 600)
DORLE = SmallCommune("92004", "Dorle", ((1, 1),), 700, department="92")
ESTRE = SmallCommune("92005", "Estre", ((2, 1),), 800, department="92", islet=True)
COUNTRY = SmallRelease(
    (ALBE, BRUNE, CORME, DORLE, ESTRE),
    neighbours=(
        ("91001", "91002", 8000.5),
        ("91001", "91003", 9000.0),
        ("91002", "92004", 8000.0),
        ("91003", "92004", 7000.0),
        ("92004", "92005", 6000.0),
    ),
    epci={"91001": "249100001", "91002": "249100001"},
)
# A year later, Corme has joined Albe.
ALBE_CORME = replace(ALBE, cells=((0, 0), (0, 1)), population=1_010)
NEXT_YEAR = replace(
    COUNTRY,
    communes=(ALBE_CORME, BRUNE, DORLE, ESTRE),
    reference_date="2027-01-01",
    former=(
        {
            "code": "91003",
            "name": "Corme",
            "kind": "delegated",
            "ended_on": "2027-01-01",
            "commune": "91001",
        },
    ),
    neighbours=(
        ("91001", "91002", 8000.5),
        ("91001", "92004", 7000.0),
        ("91002", "92004", 8000.0),
        ("92004", "92005", 6000.0),
    ),
)


@pytest.fixture(scope="module")
def migrated(owner_url: URL, maintenance: Engine) -> Iterator[str]:
    """Name of a migrated database without any geography, to be cloned."""
    name = f"cpts_test_migrated_{os.getpid()}"
    with maintenance.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine = create_database_engine(
        owner_url.set(database=name).render_as_string(hide_password=False)
    )
    upgrade_database(engine)
    engine.dispose()
    yield name
    with maintenance.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def empty(owner_url: URL, maintenance: Engine, migrated: str) -> Iterator[Engine]:
    """An engine on a migrated database without any geography."""
    name = f"cpts_test_loading_{uuid.uuid4().hex[:12]}_{os.getpid()}"
    with maintenance.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {migrated}"))
    engine = create_database_engine(
        owner_url.set(database=name).render_as_string(hide_password=False)
    )
    yield engine
    engine.dispose()
    with maintenance.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


Load = Callable[[SmallRelease], bool]


@pytest.fixture
def load(empty: Engine, tmp_path: Path) -> Load:
    """Load a release into the database of the test."""

    def run(release: SmallRelease) -> bool:
        directory = write_release(tmp_path / uuid.uuid4().hex, release)
        return load_geography(empty, SilentProgress(), directory)

    return run


def ask(engine: Engine, question: str, **parameters: Any) -> list[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question), parameters)]


def hold(engine: Engine, name: str, **claims: str) -> int:
    """Register a CPTS in plain SQL: `hold(engine, "CPTS", c91001="[2024-01-01,)")`."""
    with engine.begin() as connection:
        cpts = connection.execute(
            text("INSERT INTO cpts (name, started_on) VALUES (:n, '2020-01-01') RETURNING id"),
            {"n": name},
        ).scalar_one()
        connection.execute(
            text(
                "INSERT INTO cpts_stage (cpts_id, stage_slug, since)"
                " VALUES (:c, 'aci_signe', '2020-01-01')"
            ),
            {"c": cpts},
        )
        for commune, held in claims.items():
            connection.execute(
                text(
                    "INSERT INTO claim (cpts_id, commune_code, held)"
                    " VALUES (:cpts, :commune, CAST(:held AS daterange))"
                ),
                {"cpts": cpts, "commune": commune.removeprefix("c"), "held": held},
            )
    return int(cpts)


def claims(engine: Engine) -> list[Any]:
    return ask(
        engine,
        "SELECT p.name, c.commune_code, c.held::text"
        " FROM claim c JOIN cpts p ON p.id = c.cpts_id"
        " ORDER BY 1, 2, 3",
    )


def test_every_table_is_filled_from_the_files(empty: Engine, load: Load) -> None:
    assert load(COUNTRY) is True
    assert ask(
        empty,
        "SELECT code, name, kind, department_code, region_code, epci_code FROM commune"
        " WHERE code IN ('91002', '92005') ORDER BY code",
    ) == [
        ("91002", "La Brune", "commune", "91", "90", "249100001"),
        ("92005", "Estre", "commune", "92", "90", None),
    ]
    assert ask(
        empty,
        "SELECT year, in_force_from::text, population FROM commune_population"
        " WHERE commune_code = '91002'",
    ) == [(2023, "2026-01-01", 500)]
    assert ask(
        empty, "SELECT postcode FROM commune_postcode WHERE commune_code = '91002' ORDER BY 1"
    ) == [("91100",), ("91110",)]
    assert ask(
        empty, "SELECT reference_date::text, length(content_hash) FROM geography_release"
    ) == [("2026-01-01", 64)]


def test_a_population_of_another_year_keeps_its_year(empty: Engine, load: Load) -> None:
    load(
        replace(COUNTRY, communes=(*COUNTRY.communes[:4], replace(ESTRE, population_year=2017)))
    )
    assert ask(
        empty,
        "SELECT year, in_force_from::text FROM commune_population WHERE commune_code = '92005'",
    ) == [(2017, "2026-01-01")]


def test_a_name_is_found_with_and_without_its_article(empty: Engine, load: Load) -> None:
    load(COUNTRY)
    assert ask(
        empty, "SELECT key, name FROM commune_name WHERE commune_code = '91002' ORDER BY key"
    ) == [("brune", "La Brune"), ("la brune", "La Brune")]


def test_a_city_s_name_leads_to_each_of_its_arrondissements(empty: Engine, load: Load) -> None:
    districts = tuple(
        replace(commune, kind="arrondissement", city="91999") for commune in (ALBE, BRUNE)
    )
    load(replace(COUNTRY, communes=(*districts, CORME, DORLE, ESTRE)))
    assert ask(
        empty, "SELECT commune_code FROM commune_name WHERE key = 'grandville' ORDER BY 1"
    ) == [("91001",), ("91002",)]


def test_borders_stand_in_both_directions(empty: Engine, load: Load) -> None:
    load(COUNTRY)
    assert ask(
        empty,
        "SELECT neighbour_code, border_m FROM commune_neighbour WHERE commune_code = '92004'"
        " ORDER BY 1",
    ) == [("91002", 8000.0), ("91003", 7000.0), ("92005", 6000.0)]


@pytest.mark.parametrize("scale", ["geom_department", "geom_region", "geom_country"])
def test_neighbours_share_their_border_at_every_scale(
    empty: Engine, load: Load, scale: str
) -> None:
    load(COUNTRY)
    ((valid, smallest, overlap, parts, holes, simplified),) = ask(
        empty,
        f"""
        SELECT (SELECT bool_and(ST_IsValid({scale}) AND NOT ST_IsEmpty({scale})) FROM commune),
               (SELECT min(ST_Area({scale})) FROM commune),
               (SELECT sum(ST_Area(ST_Intersection(a.{scale}, b.{scale})))
                FROM commune a JOIN commune b ON a.code < b.code),
               ST_NumGeometries(u.geom),
               (SELECT sum(ST_NumInteriorRings(d.geom)) FROM ST_Dump(u.geom) d),
               (SELECT sum(ST_NPoints({scale})) < sum(ST_NPoints(geom)) FROM commune)
        FROM (SELECT ST_Union({scale}) AS geom FROM commune) u
        """,
    )
    assert valid
    assert smallest > 0
    assert overlap == 0
    assert (parts, holes) == (2, 0), "the mainland in one piece without a slit, and the islet"
    assert simplified or scale == "geom_department"


def test_outlines_of_departments_are_those_of_their_communes(empty: Engine, load: Load) -> None:
    load(COUNTRY)
    assert ask(
        empty,
        "SELECT d.code, ST_Equals(d.geom_region, (SELECT ST_Union(c.geom_region) FROM commune c"
        " WHERE c.department_code = d.code)), ST_NumGeometries(d.geom_country)"
        " FROM department d ORDER BY 1",
    ) == [("91", True, 1), ("92", True, 2)]


def test_loading_the_same_files_again_changes_nothing(
    empty: Engine, load: Load, tmp_path: Path
) -> None:
    load(COUNTRY)
    before = ask(empty, "SELECT revision, changed_at FROM registry_revision")
    assert load(COUNTRY) is False
    assert ask(empty, "SELECT revision, changed_at FROM registry_revision") == before


def test_two_loads_at_once_load_once(empty: Engine, tmp_path: Path) -> None:
    directory = write_release(tmp_path / "release", COUNTRY)
    with ThreadPoolExecutor(2) as threads:
        runs = [
            threads.submit(load_geography, empty, SilentProgress(), directory) for _ in range(2)
        ]
        assert sorted(run.result() for run in runs) == [False, True]
    assert ask(empty, "SELECT count(*) FROM commune") == [(5,)]


def test_a_correction_touches_only_the_communes_that_it_changes(
    empty: Engine, load: Load
) -> None:
    load(COUNTRY)
    hold(empty, "CPTS touchée", c91001="[2026-01-01,)")
    hold(empty, "CPTS voisine", c91002="[2026-01-01,)")
    versions = (
        "SELECT p.name, t.xmin::text FROM cpts_territory t JOIN cpts p ON p.id = t.cpts_id"
    )
    before = dict(ask(empty, versions))
    communes_before = dict(ask(empty, "SELECT code, xmin::text FROM commune"))

    assert load(
        replace(COUNTRY, communes=(replace(ALBE, name="Albe-le-Neuf"), *COUNTRY.communes[1:]))
    )

    after = dict(ask(empty, versions))
    assert after["CPTS touchée"] != before["CPTS touchée"]
    assert after["CPTS voisine"] == before["CPTS voisine"]
    communes_after = dict(ask(empty, "SELECT code, xmin::text FROM commune"))
    changed = {
        code for code, version in communes_after.items() if version != communes_before[code]
    }
    assert changed == {"91001"}
    assert ask(empty, "SELECT key FROM commune_name WHERE commune_code = '91001'") == [
        ("albe le neuf",)
    ]


def test_new_populations_reach_the_territories_on_their_day(empty: Engine, load: Load) -> None:
    load(COUNTRY)
    hold(empty, "CPTS", c91002="[2025-06-01,)")
    load(
        replace(
            COUNTRY,
            communes=(
                ALBE,
                replace(BRUNE, population=550, population_year=2024),
                CORME,
                DORLE,
                ESTRE,
            ),
            reference_date="2027-01-01",
        )
    )
    assert ask(
        empty,
        "SELECT held::text, population, population_year FROM cpts_territory ORDER BY held",
    ) == [
        ("[2025-06-01,2027-01-01)", 500, 2023),
        ("[2027-01-01,)", 550, 2024),
    ]


def test_claims_on_a_merged_commune_go_to_its_successor(empty: Engine, load: Load) -> None:
    load(COUNTRY)
    cpts = hold(empty, "CPTS", c91001="[2024-01-01,)", c91003="[2022-01-01,)")
    assert load(NEXT_YEAR) is True
    assert claims(empty) == [("CPTS", "91001", "[2022-01-01,)")]
    assert ask(empty, "SELECT code FROM commune ORDER BY code") == [
        ("91001",),
        ("91002",),
        ("92004",),
        ("92005",),
    ]
    assert ask(
        empty,
        "SELECT commune_codes, population FROM cpts_territory WHERE held @> DATE '2027-05-01'",
    ) == [(["91001"], 1_010)]
    ((action, actor, before, after),) = ask(
        empty,
        # What this test itself wrote by plain SQL is on record too.
        "SELECT action, actor, before, after FROM cpts_change"
        " WHERE cpts_id = :cpts AND actor NOT LIKE 'SQL :%'",
        cpts=cpts,
    )
    assert (action, actor) == ("territory", "chargement de la géographie")
    assert [claim["communes"] for claim in before["claims"]] == [["91003"], ["91001"]]
    assert after["claims"] == [{"communes": ["91001"], "from": "2022-01-01", "until": None}]


def test_a_past_claim_of_another_cpts_moves_for_its_own_days(empty: Engine, load: Load) -> None:
    load(COUNTRY)
    hold(empty, "CPTS ancienne", c91003="[2020-01-01,2023-01-01)")
    hold(empty, "CPTS actuelle", c91001="[2023-01-01,)", c91003="[2024-01-01,)")
    load(NEXT_YEAR)
    assert claims(empty) == [
        ("CPTS actuelle", "91001", "[2023-01-01,)"),
        ("CPTS ancienne", "91001", "[2020-01-01,2023-01-01)"),
    ]


def test_before_the_merger_the_inhabitants_count_together(empty: Engine, load: Load) -> None:
    load(COUNTRY)
    load(NEXT_YEAR)
    assert ask(
        empty,
        "SELECT in_force_from::text, population FROM commune_population"
        " WHERE commune_code = '91001' ORDER BY 1",
    ) == [("2026-01-01", 1_000), ("2027-01-01", 1_010)]


def test_a_refused_claim_follows_the_merged_commune(empty: Engine, load: Load) -> None:
    load(COUNTRY)
    with empty.begin() as connection:
        for commune in ("91001", "91003"):
            connection.execute(
                text(
                    "INSERT INTO refused_claim (commune_code, claimant_name, refused_on)"
                    " VALUES (:c, 'CPTS refusée', '2026-02-01')"
                ),
                {"c": commune},
            )
    load(NEXT_YEAR)
    assert ask(empty, "SELECT commune_code, claimant_name FROM refused_claim") == [
        ("91001", "CPTS refusée")
    ]


def test_a_merger_of_communes_of_two_cpts_is_refused_and_changes_nothing(
    empty: Engine, load: Load
) -> None:
    load(COUNTRY)
    hold(empty, "CPTS du Nord", c91003="[2024-01-01,)")
    hold(empty, "CPTS du Sud", c91001="[2025-01-01,)", c91002="[2025-01-01,)")
    before = claims(empty)
    revision = ask(empty, "SELECT revision FROM registry_revision")
    with pytest.raises(Failure) as refused:
        load(NEXT_YEAR)
    for expected in ("Albe (91001)", "CPTS du Nord (tient Corme)", "CPTS du Sud (tient Albe)"):
        assert expected in refused.value.message
    assert "La Brune" not in refused.value.message
    assert claims(empty) == before
    assert ask(empty, "SELECT revision FROM registry_revision") == revision
    assert ask(empty, "SELECT reference_date::text FROM geography_release") == [("2026-01-01",)]
    assert ask(empty, "SELECT count(*) FROM commune") == [(5,)]


def test_a_held_commune_that_is_shared_out_is_refused_with_its_holder(
    empty: Engine, load: Load
) -> None:
    load(COUNTRY)
    hold(empty, "CPTS du Partage", c91003="[2024-01-01,)")
    parts = tuple(
        {"code": "91003", "name": "Corme", "ended_on": "2027-01-01", "commune": code}
        for code in ("91001", "92004")
    )
    with pytest.raises(Failure, match=r"Corme \(91003\), tenue par CPTS du Partage") as refused:
        load(replace(NEXT_YEAR, former=parts))
    assert "91001, 92004" in refused.value.message
    assert ask(empty, "SELECT count(*) FROM commune") == [(5,)]


def test_a_former_code_is_kept_with_its_end(empty: Engine, load: Load) -> None:
    load(NEXT_YEAR)
    assert ask(
        empty, "SELECT code, commune_code, name, kind, ended_on::text FROM former_commune"
    ) == [("91003", "91001", "Corme", "delegated", "2027-01-01")]


def test_a_commune_that_comes_out_of_a_held_one_is_told(
    empty: Engine, load: Load, tmp_path: Path
) -> None:
    class Said(SilentProgress):
        lines: list[str]

        def say(self, line: str) -> None:
            self.lines.append(line)

    load(NEXT_YEAR)
    hold(empty, "CPTS", c91001="[2024-01-01,)")
    said = Said()
    said.lines = []
    apart = write_release(tmp_path / "apart", replace(COUNTRY, reference_date="2028-01-01"))
    load_geography(empty, said, apart)
    assert [line for line in said.lines if "Corme (91003)" in line and "Albe" in line]
    assert claims(empty) == [("CPTS", "91001", "[2024-01-01,)")]


def test_a_missing_file_is_named(empty: Engine, tmp_path: Path) -> None:
    directory = write_release(tmp_path / "release", COUNTRY)
    (directory / "epci.csv").unlink()
    with pytest.raises(Failure, match=r"epci\.csv manque"):
        load_geography(empty, SilentProgress(), directory)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (replace(COUNTRY, communes=(ALBE, ALBE)), "figure deux fois"),
        (replace(COUNTRY, communes=(replace(ALBE, department="93"),)), "département sans nom"),
        (replace(COUNTRY, reference_date="hier"), "date de référence"),
        (replace(COUNTRY, neighbours=(("91001", "99999", 1.0),)), "commune inconnue"),
        # The cell of La Brune, claimed by Albe as well.
        (
            replace(
                COUNTRY,
                communes=(replace(ALBE, cells=((0, 0), (1, 0))), BRUNE),
                neighbours=(),
            ),
            "empiète",
        ),
    ],
)
def test_files_that_contradict_themselves_are_refused(
    empty: Engine, load: Load, broken: SmallRelease, said: str
) -> None:
    with pytest.raises(Failure, match=said):
        load(replace(broken, epci={}, former=()))
    assert ask(empty, "SELECT count(*) FROM commune") == [(0,)]


def test_a_service_that_holds_a_release_goes_on_with_it(
    empty: Engine, load: Load, tmp_path: Path
) -> None:
    load(COUNTRY)
    hold(empty, "CPTS Amont", c91001="[2024-01-01,)")
    aval = hold(empty, "CPTS Aval", c91003="[2024-01-01,)", c91002="[2024-01-01,)")
    directory = write_release(tmp_path / "next", NEXT_YEAR)
    before = claims(empty)
    for _ in range(2):
        assert load_or_keep(empty, SilentProgress(), directory) is False
    [(day, reason)] = ask(empty, "SELECT reference_date::text, reason FROM geography_refusal")
    assert day == "2027-01-01"
    assert "CPTS Amont" in reason
    assert "CPTS Aval" in reason
    assert claims(empty) == before
    assert ask(empty, "SELECT reference_date::text FROM geography_release") == [("2026-01-01",)]
    with empty.begin() as connection:
        connection.execute(
            text("DELETE FROM claim WHERE cpts_id = :aval AND commune_code = '91003'"),
            {"aval": aval},
        )
    assert load_or_keep(empty, SilentProgress(), directory) is True
    assert ask(empty, "SELECT reference_date FROM geography_refusal") == []


def test_a_service_without_any_release_does_not_start_with_a_wrong_one(
    empty: Engine, tmp_path: Path
) -> None:
    with pytest.raises(Failure):
        load_or_keep(empty, SilentProgress(), tmp_path)


def test_a_preview_tells_what_loading_does_and_changes_nothing(
    empty: Engine, load: Load, tmp_path: Path
) -> None:
    load(COUNTRY)
    amont = hold(empty, "CPTS Amont", c91001="[2024-01-01,)")
    aval = hold(empty, "CPTS Aval", c91003="[2024-01-01,)", c91002="[2024-01-01,)")
    directory = write_release(tmp_path / "next", NEXT_YEAR)
    before = claims(empty)
    found = preview_geography(empty, directory)
    assert (found.added, found.removed, found.may_be_loaded) == (0, 1, False)
    [merger] = found.mergers
    assert (merger.code, list(merger.merged)) == ("91001", ["Corme"])
    assert {each.id for each in merger.holders} == {amont, aval}
    assert {(each.code, each.holder) for each in found.straddling} == {
        ("91001", "CPTS Amont"),
        ("91001", "CPTS Aval"),
    }
    assert claims(empty) == before
    with empty.begin() as connection:
        connection.execute(
            text("UPDATE claim SET cpts_id = :amont WHERE commune_code = '91003'"),
            {"amont": amont},
        )
    settled = preview_geography(empty, directory)
    # A merger inside one CPTS.
    assert settled.may_be_loaded
    assert [each.name for each in settled.mergers[0].holders] == ["CPTS Amont"]
    assert load_or_keep(empty, SilentProgress(), directory) is True
    assert preview_geography(empty, directory).is_loaded


# Every set of communes: how many, whose outline is the union of the polygons, and how many
# are made of communes whose arcs are known.
_OUTLINES = """
SELECT count(*), count(*) FILTER (WHERE {same}), count(*) FILTER (WHERE known)
FROM (SELECT array_agg(c.code) AS codes, bool_and(b.commune_code IS NOT NULL) AS known,
             ST_UnaryUnion(ST_Collect(c.geom)) AS geom,
             ST_UnaryUnion(ST_Collect(c.geom_country)) AS geom_country
      FROM generate_series(1, (1 << (SELECT count(*) FROM commune)::integer) - 1) AS s (mask)
      JOIN (SELECT *, row_number() OVER (ORDER BY code)::integer - 1 AS place FROM commune) c
        ON s.mask >> c.place & 1 = 1
      LEFT JOIN bordered_commune b ON b.commune_code = c.code
      GROUP BY s.mask) u
CROSS JOIN LATERAL territory_outline(u.codes, (now() AT TIME ZONE 'Europe/Paris')::date) o
""".format(
    same=" AND ".join(
        f"ST_AsBinary(ST_Normalize(o.{scale}))"
        f" = ST_AsBinary(ST_Normalize(ST_ForcePolygonCCW(ST_Multi(u.{scale}))))"
        for scale in ("geom", "geom_country")
    )
)


def test_outlines_from_arcs_are_the_unions_of_the_polygons(empty: Engine, load: Load) -> None:
    load(COUNTRY)
    assert ask(empty, _OUTLINES) == [(31, 31, 31)]
    load(NEXT_YEAR)
    assert ask(empty, _OUTLINES) == [(15, 15, 15)]
    codes = "SELECT DISTINCT left_code FROM border_arc WHERE {0} IN (left_code, right_code)"
    assert ask(empty, codes.format("'91003'")) == []
    # Drawn anew by hand: its arcs no longer count, and outlines are still right.
    with empty.begin() as connection:
        connection.execute(
            text(
                "UPDATE commune SET geom = ST_Translate(geom, 1, 1), geom_country ="
                " ST_Translate(geom_country, 1, 1) WHERE code = '92005'"
            )
        )
    assert ask(empty, _OUTLINES) == [(15, 15, 7)]


def test_a_commune_that_goes_opens_the_borders_of_its_neighbours(
    empty: Engine, load: Load
) -> None:
    load(COUNTRY)
    with empty.begin() as connection:
        connection.execute(text("DELETE FROM commune WHERE code = '92005'"))
    assert ask(empty, "SELECT commune_code FROM bordered_commune ORDER BY 1") == [
        ("91001",),
        ("91002",),
        ("91003",),
    ]
    with empty.begin() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        assert refresh_borders(driver.cursor()) == 4
        assert refresh_borders(driver.cursor()) == 0
    assert ask(empty, _OUTLINES) == [(15, 15, 15)]


@pytest.mark.parametrize(
    ("polygons", "known"),
    [
        ("POLYGON((0 0,9 0,9 9,0 9,0 0),(1 1,1 2,2 2,2 1,1 1))", True),
        ("MULTIPOLYGON(((0 0,1 0,1 1,0 1,0 0)),((1 1,2 1,2 2,1 2,1 1)))", True),
        # Three triangles in a ring enclose a fourth, which no arc tells from them.
        ("MULTIPOLYGON(((0 0,2 0,1 1,0 0)),((2 0,4 0,3 1,2 0)),((1 1,3 1,2 2,1 1)))", False),
    ],
)
def test_an_area_that_arcs_do_not_tell_is_not_guessed(
    empty: Engine, polygons: str, known: bool
) -> None:
    assert ask(
        empty,
        "SELECT coalesce(ST_Equals(enclosed_area(ST_UnaryUnion(ST_Boundary(p))), p), false)"
        " FROM CAST(:polygons AS geometry) p",
        polygons=polygons,
    ) == [(known,)]


def divide_albe(engine: Engine, names: tuple[str, ...] = ("Ouest", "Est")) -> None:
    divide_commune(engine, "91001", names, day=date(2026, 2, 1), weight=[1.0, 3.0])


def parts(engine: Engine) -> list[Any]:
    return ask(
        engine,
        "SELECT c.code, c.name, array_agg(p.population ORDER BY p.in_force_from)"
        " FROM commune c LEFT JOIN commune_population p ON p.commune_code = c.code"
        " WHERE c.kind = 'part' GROUP BY c.code ORDER BY c.code",
    )


def borders(engine: Engine, code: str) -> dict[str, float]:
    rows = ask(
        engine,
        "SELECT neighbour_code, border_m FROM commune_neighbour WHERE commune_code = :code",
        code=code,
    )
    return {other: round(metres) for other, metres in rows}


def drifts(engine: Engine) -> list[str]:
    with snapshot_scope(engine) as session:
        return list(astray(session))


def test_a_division_stays_when_a_release_is_loaded_and_counts_the_new_inhabitants(
    empty: Engine, load: Load
) -> None:
    load(COUNTRY)
    divide_albe(empty)
    before = borders(empty, "91001-01")
    hold(empty, "CPTS Ouest", **{"91001-01": "[2026-03-01,)"})
    load(
        replace(
            COUNTRY,
            communes=(replace(ALBE, population=403), BRUNE, CORME, DORLE, ESTRE),
            reference_date="2027-01-01",
        )
    )
    assert parts(empty) == [
        ("91001-01", "Albe – Ouest", [100, 101]),
        ("91001-02", "Albe – Est", [300, 302]),
    ]
    assert claims(empty) == [("CPTS Ouest", "91001-01", "[2026-03-01,)")]
    assert borders(empty, "91001-01") == before
    assert ask(empty, "SELECT code FROM city") == [("91001",)]
    assert drifts(empty) == []


def test_what_goes_into_a_divided_commune_becomes_a_part_of_it(
    empty: Engine, load: Load, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    load(COUNTRY)
    divide_albe(empty)
    hold(empty, "CPTS Ouest", **{"91001-01": "[2026-03-01,)"})
    hold(empty, "CPTS Corme", c91003="[2026-01-01,)")
    directory = write_release(tmp_path / "next", NEXT_YEAR)
    assert preview_geography(empty, directory).may_be_loaded
    load_geography(empty, LineProgress(), directory)
    assert "Corme entre dans 91001, qui est divisée : le quartier 91001-03" in (
        capsys.readouterr().err
    )
    found = parts(empty)
    assert [row[:2] for row in found] == [
        ("91001-01", "Albe – Ouest"),
        ("91001-02", "Albe – Est"),
        ("91001-03", "Albe – Corme"),
    ]
    assert [row[2][-1] for row in found] == [101, 303, 606]
    # Its holder goes on with the part, from the day on which the commune has parts.
    assert claims(empty) == [
        ("CPTS Corme", "91001-03", "[2026-02-01,)"),
        ("CPTS Ouest", "91001-01", "[2026-03-01,)"),
    ]
    assert set(borders(empty, "91001-03")) >= {"92004"}
    assert drifts(empty) == []


def test_a_divided_commune_that_vanishes_keeps_the_release_out(
    empty: Engine, load: Load
) -> None:
    load(COUNTRY)
    divide_commune(empty, "91003", ["Ouest", "Est"], day=date(2026, 2, 1))
    with pytest.raises(GeographyRefused, match=r"Corme .91003.\. Annulez"):
        load(NEXT_YEAR)
    assert [row[0] for row in parts(empty)] == ["91003-01", "91003-02"]
    assert drifts(empty) == []


def test_parts_are_fitted_into_a_new_outline(empty: Engine, load: Load) -> None:
    load(COUNTRY)
    divide_albe(empty)
    wider = replace(ALBE, cells=((0, 0), (-1, 0)))
    load(replace(COUNTRY, communes=(wider, BRUNE, CORME, DORLE, ESTRE)))
    assert [row[0] for row in parts(empty)] == ["91001-01", "91001-02"]
    assert drifts(empty) == []


def test_a_part_that_no_longer_fills_is_told(empty: Engine, load: Load) -> None:
    load(COUNTRY)
    divide_albe(empty)
    with empty.begin() as connection:
        connection.execute(
            text("UPDATE commune SET geom = ST_Translate(geom, 1, 0) WHERE code = '91001-01'")
        )
        connection.execute(
            text("UPDATE commune_population SET population = 7 WHERE commune_code = '91001-01'")
        )
    filling, counting = drifts(empty)
    assert (
        filling == "Commune divisée Albe (91001) : ses quartiers ne la remplissent pas (geom)"
    )
    assert "comptent 307 habitants au lieu de 400 à partir du 2026-01-01" in counting
