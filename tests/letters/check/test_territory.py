"""What people write or draw, and the territory that it makes."""

from collections.abc import Callable
from typing import Any

import pytest
import shapely
from shapely.geometry import box, mapping, shape
from sqlalchemy import Engine, text

from tests.letters.conftest import Check, codes

Register = Callable[..., int]

# Mont-Dauphin has no land neighbour but Eygliers, which surrounds it.
EYGLIERS, MONT_DAUPHIN = "05052", "05082"
# On the island of Ré, La Couarde separates Loix and the western communes from the rest.
LA_COUARDE, LOIX = "17121", "17207"
WEST_OF_RE = {"17019", "17286", "17318"}


def _geometry(engine: Engine, code: str) -> Any:
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT ST_AsBinary(geom) FROM commune WHERE code = :code"), {"code": code}
        ).scalar_one()
    return shapely.from_wkb(bytes(found))


def _western_share(commune: Any, share: float) -> Any:
    """A box that covers this share of a commune's area, from the west."""
    west, south, east, north = commune.bounds
    low, high = west, east
    for _ in range(40):
        middle = (low + high) / 2
        if commune.intersection(box(west, south, middle, north)).area < share * commune.area:
            low = middle
        else:
            high = middle
    return box(west, south, high, north)


@pytest.mark.parametrize(
    ("communes", "departments", "reason"),
    [
        (["La Garde"], ["83"], "le contexte donné est de 83"),
        (["Toulon", "Hyères", "La Garde"], [], "les autres lignes sont de 83"),
    ],
)
def test_the_context_suggests_and_chooses_nothing(
    check: Check, communes: list[str], departments: list[str], reason: str
) -> None:
    answer = check(communes, departments=departments)
    assert answer["verdict"] == "incomplete"
    (unresolved,) = answer["unresolved"]
    assert codes(unresolved["suggested"]) == {"83062"}
    assert unresolved["candidates"][0]["code"] == "83062"
    assert len(unresolved["candidates"]) == 3
    assert reason in unresolved["note"]


def test_names_as_people_write_them_lead_to_their_commune(check: Check) -> None:
    answer = check(["Saint-Denis (974)", "Marseille 14e Arrondissement", "croix (59)"])
    assert answer["verdict"] == "clear"
    assert {c["code"]: c["given"] for c in answer["territory"]["communes"]} == {
        "97411": "Saint-Denis (974)",
        "13214": "Marseille 14e Arrondissement",
        "59163": "croix (59)",
    }


def test_a_name_of_several_communes_is_ambiguous_with_its_candidates(check: Check) -> None:
    answer = check(["Saint-Denis", "59163"])
    assert answer["verdict"] == "incomplete"
    (unresolved,) = answer["unresolved"]
    assert unresolved["given"] == "Saint-Denis"
    assert unresolved["reason"] == "ambiguous"
    assert {("97411", "974"), ("93066", "93")} <= {
        (c["code"], c["department"]) for c in unresolved["candidates"]
    }
    assert all(c["name"] for c in unresolved["candidates"])
    assert codes(answer["territory"]["communes"]) == {"59163"}


def test_an_unknown_name_comes_with_the_nearest_ones(check: Check) -> None:
    (unresolved,) = check(["Lambersarrt"])["unresolved"]
    assert unresolved["reason"] == "unknown"
    assert "59328" in codes(unresolved["candidates"])


def test_a_city_stands_for_its_arrondissements(check: Check) -> None:
    answer = check(["69123"])
    assert codes(answer["territory"]["communes"]) == {f"6938{n}" for n in range(1, 10)}
    assert {c["given"] for c in answer["territory"]["communes"]} == {"69123"}
    assert answer["territory"]["parts"] == 1


def test_a_former_commune_leads_to_todays_and_a_note_says_so(check: Check) -> None:
    # Chauffayer (05039) merged into Aubessagne (05039 is its code today) in 2018.
    answer = check(["Chauffayer (05)"])
    (commune,) = answer["territory"]["communes"]
    assert commune["name"] == "Aubessagne"
    assert commune["note"]


def test_a_commune_given_twice_counts_once(check: Check) -> None:
    answer = check(["59163", "Croix (59)"])
    (commune,) = answer["territory"]["communes"]
    assert commune["given"] == "59163"
    assert "Croix (59)" in commune["note"]
    assert answer["territory"]["population"] == commune["population"]


def test_an_epci_brings_all_its_communes(check: Check, engine: Engine) -> None:
    with engine.connect() as connection:
        epci, members = connection.execute(
            text(
                "SELECT epci_code, array_agg(code) FROM commune "
                "WHERE epci_code = (SELECT epci_code FROM commune WHERE code = '05052') "
                "GROUP BY epci_code"
            )
        ).one()
    answer = check(epci=[epci])
    assert codes(answer["territory"]["communes"]) == set(members)
    assert {c["given"] for c in answer["territory"]["communes"]} == {epci}


def test_an_unknown_epci_is_unresolved(check: Check) -> None:
    answer = check(epci=["999999999"])
    assert answer["verdict"] == "incomplete"
    [unresolved] = answer["unresolved"]
    assert (unresolved["given"], unresolved["reason"]) == ("999999999", "unknown")
    assert unresolved["candidates"] == []


@pytest.mark.parametrize(("share", "inside"), [(0.53, True), (0.47, False)])
def test_a_drawn_commune_counts_from_half_its_area_on(
    check: Check, engine: Engine, share: float, *, inside: bool
) -> None:
    drawn = _western_share(_geometry(engine, "59163"), share)
    answer = check(["59350"], geometry=mapping(drawn))
    assert ("59163" in codes(answer["territory"]["communes"])) is inside
    if inside:
        (croix,) = (c for c in answer["territory"]["communes"] if c["code"] == "59163")
        assert croix["given"] == "geometry"
        assert "53" in croix["note"]


def test_a_polygon_of_a_whole_territory_gives_exactly_its_communes(
    check: Check, engine: Engine
) -> None:
    wanted = ["59163", "59512", "59646"]
    drawn = shapely.union_all([_geometry(engine, code) for code in wanted])
    answer = check(geometry=mapping(drawn.simplify(0.0005)))
    assert codes(answer["territory"]["communes"]) == set(wanted)
    assert answer["verdict"] == "clear"


def test_a_polygon_at_sea_is_incomplete(check: Check) -> None:
    answer = check(geometry=mapping(box(-20, 40, -19, 41)))
    assert answer["verdict"] == "incomplete"
    assert answer["unresolved"][0]["given"] == "geometry"


def test_a_polygon_that_crosses_itself_is_understood_or_refused_never_an_error(
    check: Check,
) -> None:
    bow_tie = [[3.1, 50.6], [3.2, 50.7], [3.2, 50.6], [3.1, 50.7], [3.1, 50.6]]
    answer = check(geometry={"type": "Polygon", "coordinates": [bow_tie]})
    assert answer["verdict"] in ("clear", "incomplete")


def test_communes_epci_and_polygon_add_up(check: Check, engine: Engine) -> None:
    answer = check(["59163"], epci=["200067452"], geometry=mapping(_geometry(engine, "59512")))
    assert codes(answer["territory"]["communes"]) > {"59163", "59512", "05052"}


def test_islands_are_parts_of_their_own(check: Check) -> None:
    # Yeu, and Noirmoutier with its neighbour L'Épine.
    assert check(["85113", "85163", "85083"])["territory"]["parts"] == 2


def test_a_territory_may_cross_departments_and_regions(check: Check) -> None:
    territory = check(["17207", "85113", "97411"])["territory"]
    assert territory["departments"] == ["17", "85", "974"]
    assert territory["regions"] == ["04", "52", "75"]
    assert territory["parts"] == 3


def test_populations_of_another_year_are_named(check: Check) -> None:
    territory = check(["97608", "97411"])["territory"]
    assert territory["population_year"] == 2023
    assert "(2017)" in territory["population_note"]
    assert check(["97608"])["territory"]["population_year"] == 2017


def test_a_free_commune_surrounded_by_the_territory_is_an_enclave(check: Check) -> None:
    answer = check([EYGLIERS])
    (enclave,) = answer["enclaves"]
    assert codes(enclave["communes"]) == {MONT_DAUPHIN}
    assert enclave["population"] == enclave["communes"][0]["population"] > 0
    assert check([EYGLIERS, MONT_DAUPHIN])["enclaves"] == []


def test_a_held_commune_surrounded_by_the_territory_is_no_enclave(
    check: Check, register: Register
) -> None:
    register("CPTS du Fort", communes=(MONT_DAUPHIN,))
    answer = check([EYGLIERS])
    assert answer["enclaves"] == []
    assert [n["cpts"]["name"] for n in answer["neighbours"]] == ["CPTS du Fort"]


def test_an_amendment_that_leaves_a_commune_behind_names_it_as_an_enclave(
    check: Check, register: Register
) -> None:
    own = register("CPTS du Fort", communes=(EYGLIERS, MONT_DAUPHIN))
    answer = check([EYGLIERS], exclude_cpts=own)
    assert [codes(enclave["communes"]) for enclave in answer["enclaves"]] == [{MONT_DAUPHIN}]


def test_what_an_island_has_left_is_grouped_and_its_greater_part_is_no_enclave(
    check: Check, register: Register
) -> None:
    enclaves = [codes(e["communes"]) for e in check([LA_COUARDE])["enclaves"]]
    assert enclaves == [WEST_OF_RE, {LOIX}]
    register("CPTS de l'Ouest", communes=("17286",))
    enclaves = [codes(e["communes"]) for e in check([LA_COUARDE])["enclaves"]]
    assert enclaves == [{LOIX}]


def test_the_rest_of_an_empty_country_is_no_enclave(check: Check) -> None:
    assert check(["59163"])["enclaves"] == []
    assert check(["97411"])["enclaves"] == []


def test_the_whole_of_a_letter_lies_within_its_shape(check: Check, engine: Engine) -> None:
    # The polygon of one arrondissement brings that arrondissement, not its neighbours.
    answer = check(geometry=mapping(shape(mapping(_geometry(engine, "69381")))))
    assert codes(answer["territory"]["communes"]) == {"69381"}
