"""Which letters are listed, to whom, and in which order."""

import pytest
from starlette.testclient import TestClient

from tests.letters.desk import LILLE, Desk


def test_the_public_cannot_find_a_hidden_letter_by_its_name(desk: Desk) -> None:
    desk.deposit(LILLE, name="Projet Introuvable")

    def found(by: dict[str, str]) -> int:
        answer = desk.client.get("/api/v1/letters", params={"q": "introuv"}, headers=by)
        matched: int = answer.json()["number_matched"]
        return matched

    assert found({}) == 0
    assert found(desk.ars) == 1


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("region=32", 1),
        ("region=93", 0),
        ("department=59", 1),
        ("department=62", 0),
        ("region=32&department=62", 0),
        ("state=deposee", 1),
        ("state=validee,refusee", 0),
        ("kind=creation", 1),
        ("kind=merger", 0),
        ("from=2026-03-02&until=2026-03-02", 1),
        ("from=2026-03-03", 0),
        ("until=2026-03-01", 0),
    ],
)
def test_letters_are_filtered(desk: Desk, query: str, status: int) -> None:
    desk.deposit(LILLE, deposited_on="2026-03-02")
    answer = desk.client.get(f"/api/v1/letters?{query}")
    assert answer.status_code == 200
    assert answer.json()["number_matched"] == status


@pytest.mark.parametrize(
    "query",
    [
        "region=99",
        "state=perdue",
        "kind=autre",
        "from=hier",
        "limit=0",
        "limit=10001",
        "offset=-1",
        "inconnu=1",
    ],
)
def test_an_unknown_or_malformed_filter_is_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/v1/letters?{query}")
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"


def test_pages_of_letters_are_linked_newest_first(desk: Desk) -> None:
    days = ["2026-01-05", "2026-01-07", "2026-01-06"]
    for day in days:
        desk.deposit("59017", deposited_on=day)
    first = desk.client.get("/api/v1/letters?limit=2").json()
    assert [letter["deposited_on"] for letter in first["items"]] == ["2026-01-07", "2026-01-06"]
    assert first["number_matched"] == 3
    following = next(link["href"] for link in first["links"] if link["rel"] == "next")
    second = desk.client.get(following).json()
    assert [letter["deposited_on"] for letter in second["items"]] == ["2026-01-05"]
    assert all(link["rel"] != "next" for link in second["links"])
