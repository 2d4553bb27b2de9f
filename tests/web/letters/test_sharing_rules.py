"""What becomes of territories when each disputed commune goes to one party."""

from typing import Any

import pytest

from app.letters.conciliations.rules import Dispute
from app.problems import Invalid
from app.web.letters.conciliations.rules import Share, claims_of, shared_out

A, B, C = "59350", "59378", "59410"
TERRITORIES = {1: [A, B], 2: [B, C]}


def share(code: str, *claimants: str) -> Share:
    return Share(code, f"Commune {code}", 1_000, claimants)


def outcome(shares: list[Share], **chosen: str) -> dict[str, Any]:
    found = shared_out(TERRITORIES, shares, {key[1:]: value for key, value in chosen.items()})
    assert found.pop("outcome") == "territoire_partage"
    return found


def test_the_others_lose_what_one_gets() -> None:
    found = outcome([share(B, "letter-1", "letter-2")], c59378="letter-2")
    # The territory of the winner stays as it is, and so do its decisions.
    assert found == {"territories": [{"letter": 1, "communes": [A]}], "superseded_cpts": []}


def test_a_dynamic_gives_way_where_a_letter_gets_what_it_holds() -> None:
    found = outcome([share(A, "letter-1", "cpts-7")], c59350="letter-1")
    assert found == {"territories": [], "superseded_cpts": [7]}


def test_a_dynamic_that_keeps_a_commune_takes_it_from_the_letters() -> None:
    found = outcome([share(B, "letter-1", "letter-2", "cpts-7")], c59378="cpts-7")
    assert found["territories"] == [
        {"letter": 1, "communes": [A]},
        {"letter": 2, "communes": [C]},
    ]
    assert found["superseded_cpts"] == []


@pytest.mark.parametrize("chosen", [{}, {"c59378": ""}, {"c59378": "letter-9"}])
def test_each_commune_goes_to_one_that_claims_it(chosen: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        outcome([share(B, "letter-1", "letter-2")], **chosen)
    assert "Commune 59378" in refused.value.detail


def test_only_parties_of_the_conciliation_claim() -> None:
    disputes = [
        Dispute(1, 2, None, B),
        Dispute(1, None, 7, A),
        Dispute(1, None, 8, A),
        Dispute(3, 4, None, C),
        Dispute(2, 5, None, C),
    ]
    assert claims_of(disputes, {1, 2}, {7}) == {
        B: {"letter-1", "letter-2"},
        A: {"letter-1", "cpts-7"},
    }
