"""Which withdrawals are confirmed, and what a choice makes of a text in doubt."""

import pytest

from app.geography.units import CommuneRef
from app.web.letters.deposit.rules import LEFT_OUT, UNSETTLED, Withdrawal, settled, written


def withdrawal(
    population: int, *, of: int = 1_000, codes: int = 1, of_codes: int = 5
) -> Withdrawal:
    chosen = [f"0000{number}" for number in range(codes)]
    return Withdrawal(
        names=chosen,
        codes=chosen,
        population=population,
        of_population=of,
        of_communes=of_codes,
    )


@pytest.mark.parametrize(
    ("population", "heavy"), [(0, False), (99, False), (100, False), (101, True), (1_000, True)]
)
def test_more_than_a_tenth_of_the_inhabitants_is_confirmed(
    population: int, heavy: bool
) -> None:
    assert withdrawal(population).is_heavy is heavy


def test_everything_is_confirmed_however_few_live_there() -> None:
    everything = withdrawal(0, codes=2, of_codes=2)
    assert everything.is_everything
    assert everything.is_heavy
    assert not withdrawal(0, codes=1, of_codes=2).is_everything


def test_nothing_is_not_confirmed() -> None:
    assert not withdrawal(0, of=0, codes=0, of_codes=0).is_heavy


def test_a_confirmation_is_of_one_withdrawal() -> None:
    one, two = withdrawal(1, codes=1), withdrawal(1, codes=2)
    assert one.confirmation != two.confirmation
    assert two.confirmation == "00000 00001"


def test_a_choice_takes_the_place_of_the_text_in_doubt() -> None:
    lines = ["Lille", "Vitry", "Trifouilly", "Saint-Denis"]
    doubts = ["Vitry", "Trifouilly", "Saint-Denis"]
    found = settled(lines, doubts, ["94081", LEFT_OUT, UNSETTLED], {"94081": "Vitry-sur-Seine"})
    assert found == ["Lille", "Vitry-sur-Seine (94081)", "Saint-Denis"]


def test_a_choice_of_no_commune_changes_nothing() -> None:
    assert settled(["Vitry"], ["Vitry"], ["99999"], {}) == ["Vitry"]


def test_a_commune_is_written_with_its_code() -> None:
    assert written(CommuneRef("59350", "Lille", "59")) == "Lille (59350)"
