"""What is seen of a letter, and how soon."""

from starlette.testclient import TestClient

from tests.letters.desk import LILLE, Desk

PERSON = "Camille Exemple"


def test_the_public_learns_the_name_but_no_person_once_a_letter_is_validated(
    desk: Desk, client: TestClient
) -> None:
    letter = desk.deposit(
        LILLE, name="Projet Public", contact={"name": PERSON}, note=PERSON, documents=["Pièce"]
    )["id"]
    before = client.get(f"/api/v1/letters/{letter}")
    assert "Projet Public" not in before.text
    desk.validate(letter)
    after = client.get(f"/api/v1/letters/{letter}")
    assert after.json()["name"] == "Projet Public"
    assert after.json()["resulting_cpts"]["name"] == "Projet Public"
    for hidden in (PERSON, "Pièce", "essai ars", '"contact"', '"decisions"'):
        assert hidden not in after.text


def test_a_change_of_a_letter_is_visible_in_the_very_next_public_answer(desk: Desk) -> None:
    letter = desk.deposit(LILLE)["id"]
    url = f"/api/v1/letters/{letter}"
    first = desk.client.get(url)
    tag = first.headers["ETag"]
    assert desk.client.get(url, headers={"If-None-Match": tag}).status_code == 304
    desk.post(f"/letters/{letter}/withdrawal", {})
    after = desk.client.get(url, headers={"If-None-Match": tag})
    assert after.status_code == 200
    assert after.json()["state"] == "retiree"
