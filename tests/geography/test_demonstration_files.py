"""What must hold of the fictitious CPTS, and of the script that makes them."""

import csv
import itertools
import re
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import geopandas
import pytest

GEO_DATA = Path(__file__).parents[2] / "geo_data"
ORDER = [
    "dynamique_identifiee",
    "lettre_intention_validee",
    "association_creee",
    "projet_sante_valide",
    "aci_signe",
]


def rows_of(name: str) -> list[dict[str, str]]:
    with (GEO_DATA / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def stages_of(row: dict[str, str]) -> list[tuple[str, date]]:
    pairs = (each.split(":") for each in row["stages"].split("|"))
    return [(slug, date.fromisoformat(day)) for slug, day in pairs]


@pytest.fixture(scope="module")
def cpts() -> list[dict[str, str]]:
    return rows_of("demonstration_cpts.csv")


@pytest.fixture(scope="module")
def claims() -> list[dict[str, str]]:
    return rows_of("demonstration_claims.csv")


@pytest.fixture(scope="module")
def units() -> geopandas.GeoDataFrame:
    columns = ["code", "population", "department", "geometry"]
    return geopandas.read_parquet(GEO_DATA / "communes.parquet", columns=columns)


def test_every_cpts_says_that_it_is_fictitious(cpts: list[dict[str, str]]) -> None:
    assert len(cpts) == len({row["key"] for row in cpts}) == len({row["name"] for row in cpts})
    for row in cpts:
        assert row["name"].startswith("Démo CPTS ")
        assert re.fullmatch(r"(https://demo-[a-z0-9-]{1,58}\.example)?", row["website"])
        assert re.fullmatch(r"(contact@demo-[a-z0-9-]{1,58}\.example)?", row["email"])
        assert re.fullmatch(r"(01 99 00 \d\d \d\d)?", row["phone"])


def test_the_stages_have_the_proportions_of_the_country(cpts: list[dict[str, str]]) -> None:
    current = Counter(stages_of(row)[-1][0] for row in cpts)
    assert current["dynamique_identifiee"] == 26
    assert current["lettre_intention_validee"] == 137
    assert current["association_creee"] + current["projet_sante_valide"] == 45
    assert current["aci_signe"] == 530
    assert len(cpts) == 738


def test_stages_advance_in_order_between_2019_and_2026(cpts: list[dict[str, str]]) -> None:
    for row in cpts:
        stages = stages_of(row)
        ranks = [ORDER.index(slug) for slug, _ in stages]
        assert ranks == list(range(ranks[0], ranks[0] + len(ranks)))
        assert all(one < other for (_, one), (_, other) in itertools.pairwise(stages))
        assert date(2019, 1, 1) <= stages[0][1] <= date(2023, 12, 31)
        assert stages[-1][1] <= date(2026, 9, 30)


@pytest.mark.parametrize(
    ("day", "signed"),
    [(date(2019, 12, 31), 1), (date(2020, 12, 31), 49), (date(2021, 11, 30), 172)],
)
def test_contracts_are_signed_at_the_pace_of_the_country(
    cpts: list[dict[str, str]], day: date, signed: int
) -> None:
    days = [on for row in cpts for slug, on in stages_of(row) if slug == "aci_signe"]
    assert sum(on <= day for on in days) == signed


def test_a_commune_is_claimed_once_from_the_first_stage_of_its_cpts(
    cpts: list[dict[str, str]],
    claims: list[dict[str, str]],
    units: geopandas.GeoDataFrame,
) -> None:
    first_day = {row["key"]: stages_of(row)[0][1].isoformat() for row in cpts}
    assert len({row["commune"] for row in claims}) == len(claims)
    assert {row["commune"] for row in claims} <= set(units["code"])
    assert {row["key"] for row in claims} == set(first_day)
    assert all(row["from"] == first_day[row["key"]] for row in claims)


def test_about_15_percent_of_the_communes_of_every_department_are_free(
    claims: list[dict[str, str]], units: geopandas.GeoDataFrame
) -> None:
    held = {row["commune"] for row in claims}
    free = ~units["code"].isin(held)
    assert free.mean() == pytest.approx(0.15, abs=0.01)
    shares = free.groupby(units["department"]).mean()
    assert len(shares) == 101
    assert shares.between(0.12, 0.24).all()


def test_the_tiers_are_varied(
    claims: list[dict[str, str]], units: geopandas.GeoDataFrame
) -> None:
    population = dict(zip(units["code"], units["population"], strict=True))
    territory: Counter[str] = Counter()
    for row in claims:
        territory[row["key"]] += population[row["commune"]]
    bounds = (40_000, 80_000, 175_001)
    tiers = Counter(sum(figure >= bound for bound in bounds) for figure in territory.values())
    assert min(tiers[tier] for tier in range(4)) > 40


def test_territories_are_in_one_piece_but_for_islands(claims: list[dict[str, str]]) -> None:
    around: dict[str, set[str]] = defaultdict(set)
    for row in rows_of("neighbours.csv"):
        around[row["commune"]].add(row["neighbour"])
        around[row["neighbour"]].add(row["commune"])
    territories: dict[str, set[str]] = defaultdict(set)
    for row in claims:
        territories[row["key"]].add(row["commune"])
    in_pieces = 0
    for communes in territories.values():
        reached, queue = set[str](), [min(communes)]
        while queue:
            code = queue.pop()
            if code not in reached:
                reached.add(code)
                queue.extend(around[code] & communes)
        in_pieces += reached != communes
    assert in_pieces < 0.04 * len(territories)


def test_themes_are_varied(cpts: list[dict[str, str]]) -> None:
    themes = Counter(theme for row in cpts for theme in row["themes"].split("|"))
    assert len(themes) == 35
    assert min(themes.values()) > 20


def test_the_script_makes_the_same_files_again(tmp_path: Path) -> None:
    script = GEO_DATA / "build_demonstration.py"
    subprocess.run([sys.executable, str(script), "--output", str(tmp_path)], check=True)
    for name in ("demonstration_cpts.csv", "demonstration_claims.csv"):
        assert (tmp_path / name).read_bytes() == (GEO_DATA / name).read_bytes()
