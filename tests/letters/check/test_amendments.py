"""An amendment is told before and after; conflicts and pieces are grouped for reading."""

from datetime import date

import pytest

from tests.conftest import Register
from tests.letters.conftest import Check, codes


def test_an_amendment_tells_what_changes_in_communes_tier_and_funding(
    check: Check, register: Register
) -> None:
    # Gap alone is tier 2; without it what remains is tier 1.
    own = register("CPTS du Gapençais fictif", "aci_signe", ("05061", "05132"))
    amendment = check(["05132", "05162"], exclude_cpts=own)["amendment"]
    assert amendment["cpts"] == {
        "id": own,
        "name": "CPTS du Gapençais fictif",
        "stage": "aci_signe",
        "demonstration": False,
    }
    assert codes(amendment["added"]) == {"05162"}
    assert codes(amendment["withdrawn"]) == {"05061"}
    before, after = amendment["before"], amendment["after"]
    assert (before["commune_count"], before["tier"]) == (2, 2)
    assert (after["commune_count"], after["tier"]) == (2, 1)
    assert before["funding"]["total_possible"]["with_optional"] == 382_500
    assert after["funding"]["total_possible"]["with_optional"] == 287_500


def test_an_amendment_is_compared_with_what_is_held_on_its_day(
    check: Check, register: Register
) -> None:
    own = register(
        "CPTS fictive", "aci_signe", ("05061",), effective_on="2020-01-01",
        stage_since="2020-01-01",
    )  # fmt: skip
    before_its_start = check(["05061"], exclude_cpts=own, effective_on="2019-06-01")
    assert codes(before_its_start["amendment"]["added"]) == {"05061"}
    assert before_its_start["amendment"]["before"]["tier"] is None
    today = check(["05061"], exclude_cpts=own, effective_on=date.today().isoformat())  # noqa: DTZ011
    assert today["amendment"]["added"] == today["amendment"]["withdrawn"] == []


def test_a_letter_that_amends_nothing_has_no_amendment(check: Check) -> None:
    assert check(["05061"])["amendment"] is None


def test_conflicts_are_grouped_by_cpts_with_what_is_at_stake_and_how_to_reach_it(
    check: Check, register: Register
) -> None:
    small = register("CPTS du Champsaur fictif", "aci_signe", ("05132",))
    large = register(
        "CPTS du Gapençais fictif",
        "lettre_intention_validee",
        ("05061", "05162"),
        email="contact@gap.example",
        phone="04 92 00 00 00",
        website="https://gap.example",
    )
    dynamic = register("Dynamique fictive", "dynamique_identifiee", ("05170",))
    answer = check(["05061", "05162", "05132", "05170", "05040"])
    grouped = answer["conflicts_by_cpts"]
    assert [each["cpts"]["id"] for each in grouped] == [large, small, dynamic]
    assert [each["severity"] for each in grouped] == ["blocking", "blocking", "contested"]
    assert codes(grouped[0]["communes"]) == {"05061", "05162"}
    assert grouped[0]["population"] == sum(c["population"] for c in grouped[0]["communes"])
    assert grouped[0]["contact"] == {
        "website": "https://gap.example",
        "email": "contact@gap.example",
        "phone": "04 92 00 00 00",
    }
    assert grouped[1]["contact"] == {"website": None, "email": None, "phone": None}


def test_pieces_are_told_when_there_are_several_and_islands_are_named(check: Check) -> None:
    assert check(["05061"])["territory"]["pieces"] == []
    # Groix has one commune, Belle-Île four; Ploemeur and Gap are on the mainland.
    belle_ile = ["Bangor", "Le Palais", "Locmaria (56)", "Sauzon"]
    territory = check([*belle_ile, "Groix", "Ploemeur", "Gap"])["territory"]
    assert territory["parts"] == len(territory["pieces"]) == 4
    told = {
        frozenset(c["name"] for c in piece["communes"]): piece["island"]
        for piece in territory["pieces"]
    }
    assert told == {
        frozenset({"Bangor", "Le Palais", "Locmaria", "Sauzon"}): True,
        frozenset({"Groix"}): True,
        frozenset({"Ploemeur"}): False,
        frozenset({"Gap"}): False,
    }


@pytest.mark.parametrize(("members", "increased"), [(None, False), (99, False), (100, True)])
def test_a_large_cpts_with_a_hundred_members_is_paid_more(
    check: Check, members: int | None, increased: bool
) -> None:
    funding = check(["34172"], members=members)["funding"]
    assert funding["tier"] == 4
    assert funding["increased"] is increased
    assert funding["total_possible"]["with_optional"] == (629_000 if increased else 580_000)
