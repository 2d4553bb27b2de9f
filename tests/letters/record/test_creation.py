"""A letter of intent from its deposit to the CPTS."""

from tests.letters.desk import (
    LILLE,
    MARCQ,
    NICE,
    RONCHIN,
    Bearer,
    Desk,
    Register,
    codes,
)


def test_a_letter_is_deposited_with_what_follows_from_its_communes(desk: Desk) -> None:
    letter = desk.deposit(
        "Lille (59)",
        MARCQ,
        name="CPTS Lille Métropole",
        contact={"name": "Camille Exemple", "email": "c@exemple.example"},
        orientations=["diabete"],
        documents=["Lettre du 2 mars"],
        deposited_on="2026-03-02",
    )
    assert letter["state"] == "deposee"
    assert codes(letter["territory"]["communes"]) == [LILLE, MARCQ]
    assert letter["territory"]["tier"] == 4
    assert letter["lead_region"] == {"code": "32", "name": "Hauts-de-France"}
    assert letter["other_regions"] == []
    assert letter["departments"] == ["59"]
    assert letter["contact"]["name"] == "Camille Exemple"
    assert [theme["slug"] for theme in letter["orientations"]] == ["diabete"]
    assert letter["documents"] == ["Lettre du 2 mars"]
    assert [event["action"] for event in letter["timeline"]] == ["deposited"]
    assert letter["timeline"][0]["occurred_on"] == "2026-03-02"
    assert letter["readings"][0]["given"] == "Lille (59)"


def test_the_region_with_the_most_inhabitants_leads_unless_corrected(
    desk: Desk, bearer: Bearer
) -> None:
    letter = desk.deposit(LILLE, NICE, by=desk.admin)
    assert letter["lead_region"]["code"] == "93"
    assert [region["code"] for region in letter["other_regions"]] == ["32"]
    taken, given = (
        desk.client.patch(
            f"/api/v1/letters/{letter['id']}", json={"lead_region": "32"}, headers=by
        )
        for by in (desk.ars, bearer("ars", region="93"))
    )
    assert (taken.status_code, given.status_code) == (403, 200)
    response = given
    assert response.json()["lead_region"]["code"] == "32"
    refused = desk.client.patch(
        f"/api/v1/letters/{letter['id']}", json={"lead_region": "84"}, headers=desk.ars
    )
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["accepted"] == ["93", "32"]


def test_a_recognised_cpts_blocks_a_new_letter(desk: Desk, register: Register) -> None:
    holder = register("CPTS en place", communes=(LILLE,))
    response = desk.post("/letters", {"name": "Trop tard", "communes": [LILLE, MARCQ]})
    assert response.status_code == 409
    [conflict] = response.json()["conflicts"]
    assert conflict["commune"]["code"] == LILLE
    assert conflict["cpts"]["id"] == holder


def test_another_territory_makes_the_decisions_lapse(desk: Desk) -> None:
    letter = desk.deposit(LILLE)
    desk.decide(letter["id"], desk.ars)
    response = desk.client.put(
        f"/api/v1/letters/{letter['id']}/territory",
        json={"communes": [LILLE, RONCHIN]},
        headers=desk.ars,
    )
    assert response.status_code == 200
    assert response.json()["decisions"] == {"ars": None, "assurance_maladie": None}
    event = response.json()["timeline"][-1]
    assert event["action"] == "territory"
    assert event["details"]["added"] == [RONCHIN]
    assert event["details"]["lapsed_decisions"] == ["ars"]
    assert desk.decide(letter["id"], desk.am).json()["state"] == "deposee"


def test_a_stale_if_match_is_refused(desk: Desk) -> None:
    letter = desk.deposit(LILLE)
    url = f"/api/v1/letters/{letter['id']}"
    tag = desk.client.get(url, headers=desk.ars).headers["ETag"]
    headers = desk.ars | {"If-Match": tag}
    first = desk.client.patch(url, json={"documents": ["a"]}, headers=headers)
    assert first.status_code == 200
    second = desk.client.patch(url, json={"documents": ["b"]}, headers=headers)
    assert second.status_code == 412
    assert second.json()["code"] == "stale-write"


def test_a_withdrawn_letter_changes_no_more(desk: Desk) -> None:
    letter = desk.deposit(LILLE)
    response = desk.post(f"/letters/{letter['id']}/withdrawal", {"note": "Abandon"})
    assert response.status_code == 200
    assert response.json()["state"] == "retiree"
    for path, body in (
        ("decisions", {"decision": "favorable"}),
        ("opinion", {"opinion": "favorable"}),
        ("withdrawal", {}),
    ):
        again = desk.post(f"/letters/{letter['id']}/{path}", body)
        assert again.status_code == 409, path


def test_what_cannot_be_read_is_named_with_its_candidates(desk: Desk) -> None:
    response = desk.post("/letters", {"name": "Illisible", "communes": ["Saint-Denis", "Xyzq"]})
    assert response.status_code == 422
    errors = {error["given"]: error for error in response.json()["errors"]}
    assert errors["Saint-Denis"]["reason"] == "ambiguous"
    assert {each["code"] for each in errors["Saint-Denis"]["candidates"]} >= {"93066", "97411"}
    assert errors["Xyzq"]["reason"] == "unknown"
