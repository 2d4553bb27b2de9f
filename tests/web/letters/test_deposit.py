"""One draft from check to deposit, by the forms alone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import BROWSER, HOSTILE
from tests.web.letters.agents import (
    ARMENTIERES,
    LILLE,
    MARCQ,
    MONS,
    RONCHIN,
    Bearer,
    Register,
    csrf_of,
    send,
    shown,
    words,
)

DEPOSIT = "/lettres/depot"
Agent = Callable[..., None]


@pytest.fixture
def ars(agent: Agent) -> None:
    agent("ars", region="32")


@pytest.fixture
def cpts(register: Register) -> int:
    return register("CPTS amendée", communes=(LILLE, MARCQ, RONCHIN))


def read(client: TestClient, **values: Any) -> str:
    """Read a draft, which writes nothing."""
    response = send(client, DEPOSIT, DEPOSIT, step="read", **values)
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    assert client.get("/api/v1/letters").json()["number_matched"] == 0
    text: str = response.text
    return text


def deposited(client: TestClient, headers: dict[str, str], response: Any) -> Any:
    assert response.status_code == 303, words(response.text)
    number = response.headers["location"].rpartition("/")[2]
    return client.get(f"/api/v1/letters/{number}", headers=headers).json()


def codes(communes: list[dict[str, Any]]) -> list[str]:
    return [each["code"] for each in communes]


def area(text: str, name: str) -> str:
    found = re.search(rf'<textarea id="{name}"[^>]*>([^<]*)</textarea>', text)
    assert found
    return found[1]


def test_a_draft_is_read_before_anything_is_written(client: TestClient, ars: None) -> None:
    page = read(client, name="Weppes", kind="creation", communes="Lille\nMarcq-en-Barœul")
    assert page.count('class="asked"') == 2
    said = words(page)
    assert "Territoire lu" in said
    assert "Communes 2" in said
    # The registry is not declared complete here, which is said once.
    assert said.count("Territoire non renseigné") == 1
    assert 'value="Weppes"' in page


def test_a_name_of_several_is_settled_among_its_candidates(
    client: TestClient, ars: None, bearer: Bearer
) -> None:
    page = read(client, name="Weppes", communes="Lille\nSaint-Denis\nTrifouilly-les-Oies")
    assert '<option value="93066">' in page
    assert area(page, "communes") == "Lille\nSaint-Denis\nTrifouilly-les-Oies"
    values: dict[str, Any] = {
        "communes": "Lille\nSaint-Denis\nTrifouilly-les-Oies",
        "communes_doubt": ["Saint-Denis", "Trifouilly-les-Oies"],
        "communes_choice": ["93066", "-"],
        "name": "Weppes",
    }
    page = read(client, **values)
    assert area(page, "communes") == "Lille\nSaint-Denis (93066)"
    assert "À préciser" not in page
    letter = deposited(
        client, bearer("admin"), send(client, DEPOSIT, DEPOSIT, step="send", **values)
    )
    assert codes(letter["territory"]["communes"]) == [LILLE, "93066"]


def test_what_is_left_in_doubt_is_not_deposited(client: TestClient, ars: None) -> None:
    refused = send(
        client, DEPOSIT, DEPOSIT, step="send", name="Weppes", communes="Lille\nSaint-Denis"
    )
    assert refused.status_code == 422
    assert '<option value="93066">' in refused.text
    assert client.get("/api/v1/letters").json()["number_matched"] == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("liste.csv", "code;commune\n59350;Lille\n59378;Marcq-en-Barœul\n"),
        ("liste.txt", "Lille\nMarcq-en-Barœul\n"),
    ],
)
def test_a_file_enters_the_list(
    client: TestClient, ars: None, bearer: Bearer, name: str, content: str
) -> None:
    file = (name, content.encode(), "text/plain")
    page = read(client, name="Weppes", communes="Mons-en-Barœul", file=file)
    listed = area(page, "communes").splitlines()
    assert listed[0] == "Mons-en-Barœul"
    assert sorted(listed[1:]) == ["Lille (59350)", "Marcq-en-Barœul (59378)"]
    # The lines stand for the file from then on.
    answer = send(
        client, DEPOSIT, DEPOSIT, step="send", name="Weppes", communes=area(page, "communes")
    )
    letter = deposited(client, bearer("admin"), answer)
    assert codes(letter["territory"]["communes"]) == [LILLE, MARCQ, MONS]


def test_a_file_that_cannot_be_read_is_told_and_the_texts_are_kept(
    client: TestClient, ars: None
) -> None:
    answer = send(
        client,
        DEPOSIT,
        DEPOSIT,
        step="send",
        name="Weppes",
        communes="Lille",
        file=("liste.xlsx", b"PK nothing", "application/octet-stream"),
    )
    assert answer.status_code == 422
    assert area(answer.text, "communes") == "Lille"
    assert client.get("/api/v1/letters").json()["number_matched"] == 0


def test_a_visitor_or_a_stranger_has_no_file_read(client: TestClient, agent: Agent) -> None:
    file = {"file": ("liste.txt", b"Lille", "text/plain")}
    answer = client.post(DEPOSIT, data={}, files=file, headers=BROWSER, follow_redirects=False)
    assert answer.status_code == 303
    agent("urps", region="32")
    token = csrf_of(shown(client, "/lettres"))
    answer = client.post(DEPOSIT, data={"csrf": token}, files=file, headers=BROWSER)
    assert answer.status_code == 403


def test_a_whole_epci_is_named(client: TestClient, ars: None) -> None:
    page = read(client, name="Métropole", communes="Métropole Européenne de Lille")
    assert "Communes 95" in words(page)


def test_an_amendment_adds_without_withdrawing_the_others(
    client: TestClient, ars: None, bearer: Bearer, cpts: int
) -> None:
    page = read(client, kind="amendment", cpts_name="CPTS amendée", add="Mons-en-Barœul")
    assert f'name="cpts" value="{cpts}" checked' in page
    said = words(page)
    assert "Communes 3 4" in said
    assert "commune ajoutée : Mons-en-Barœul" in said
    assert "du territoire :" not in said
    answer = send(
        client, DEPOSIT, DEPOSIT, step="send", name="A", kind="amendment", cpts=cpts, add=MONS
    )
    letter = deposited(client, bearer("admin"), answer)
    assert codes(letter["territory"]["communes"]) == [LILLE, MARCQ, MONS, RONCHIN]
    assert letter["territory"]["withdrawn"] == []


def test_before_and_after_are_told_with_inhabitants_tier_and_funding(
    client: TestClient, ars: None, cpts: int
) -> None:
    page = read(client, kind="amendment", cpts=cpts, withdraw="Lille")
    table = re.search(r"<caption>Avant et après.*?</table>", page, re.DOTALL)
    assert table
    cell = '<td class="number">(.*?)</td>'
    rows = re.findall(f'<tr><th scope="row">(.*?)</th>{cell}{cell}', table[0])
    told = {name: (before, after) for name, before, after in rows}
    assert list(told) == ["Communes", "Habitants", "Taille", "Financement au plus, par an"]
    assert told["Communes"] == ("3", "2")
    assert told["Taille"] == ("4", "2")
    assert told["Financement au plus, par an"][1].startswith("382")


def test_a_heavy_withdrawal_is_confirmed_by_name(
    client: TestClient, ars: None, bearer: Bearer, cpts: int
) -> None:
    asked = {"name": "Avenant", "kind": "amendment", "cpts": cpts, "withdraw": "Lille"}
    refused = send(client, DEPOSIT, DEPOSIT, step="send", **asked)
    assert refused.status_code == 422
    assert "confirmez-le" in words(refused.text)
    box = re.search(r'name="withdrawal_confirmed" value="([^"]*)"', refused.text)
    assert box
    assert box[1] == LILLE
    # Another withdrawal than the one confirmed is asked about again.
    more = asked | {"withdraw": "Lille\nRonchin", "withdrawal_confirmed": LILLE}
    assert send(client, DEPOSIT, DEPOSIT, step="send", **more).status_code == 422
    assert client.get("/api/v1/letters").json()["number_matched"] == 0
    answer = send(client, DEPOSIT, DEPOSIT, step="send", **asked, withdrawal_confirmed=LILLE)
    letter = deposited(client, bearer("admin"), answer)
    assert codes(letter["territory"]["withdrawn"]) == [LILLE]


def test_what_is_not_held_is_told_before_it_is_refused(
    client: TestClient, ars: None, cpts: int
) -> None:
    page = read(client, kind="amendment", cpts=cpts, withdraw="Armentières")
    assert "rien à en retirer : Armentières (59017)" in words(page)


def test_a_cpts_is_found_by_a_part_of_its_name(
    client: TestClient, ars: None, register: Register, cpts: int
) -> None:
    other = register("CPTS amendable", communes=(ARMENTIERES,))
    page = read(client, kind="amendment", cpts_name="amend", add="Mons-en-Barœul")
    assert re.findall(r'name="cpts" value="(\d+)">', page) == [str(other), str(cpts)]
    refused = send(
        client,
        DEPOSIT,
        DEPOSIT,
        step="send",
        name="A",
        kind="amendment",
        cpts_name="amend",
        add=MONS,
    )
    assert refused.status_code == 422
    assert "Choisissez la CPTS" in words(refused.text)
    page = read(client, kind="amendment", cpts_name="amend", cpts=other, add=MONS)
    assert f'name="cpts" value="{other}" checked' in page
    assert "Aucune CPTS ne porte ce nom" in read(client, kind="amendment", cpts_name="zzz")


def test_a_merger_is_made_of_names(
    client: TestClient, ars: None, bearer: Bearer, register: Register, cpts: int
) -> None:
    other = register("CPTS voisine", communes=(ARMENTIERES,))
    values = {"name": "Fusion", "kind": "merger", "cpts_name": "amendée"}
    page = read(client, **values, merged_name="voisine")
    assert f'name="merged_cpts" value="{other}" checked' in page
    assert "Communes 4" in words(page)
    answer = send(client, DEPOSIT, DEPOSIT, step="send", **values, merged_name="voisine")
    letter = deposited(client, bearer("admin"), answer)
    assert letter["cpts"]["id"] == cpts
    assert [each["id"] for each in letter["merged_cpts"]] == [other]


def test_the_builder_hands_its_draft_over(client: TestClient, ars: None, cpts: int) -> None:
    address = "/lettres/verification"
    assert 'id="deposit-form"' in shown(client, address)
    territory = "\n".join((LILLE, MARCQ, MONS, "Saint-Denis"))
    page = send(client, address, DEPOSIT, territory=territory, cpts=str(cpts)).text
    # For a recognised CPTS, what differs from what it holds.
    assert '<option value="amendment" selected>' in page
    assert area(page, "add") == "Mons-en-Barœul (59410)\nSaint-Denis"
    assert area(page, "withdraw") == "Ronchin (59507)"
    page = send(client, address, DEPOSIT, territory=territory, cpts="").text
    assert '<option value="creation" selected>' in page
    assert area(page, "communes").splitlines()[0] == LILLE


def test_a_verdict_without_script_hands_its_list_over(client: TestClient, ars: None) -> None:
    verdict = send(
        client, "/lettres/verification", "/lettres/verification", communes="Lille\nRonchin"
    )
    assert "Déposer cette lettre" in verdict.text
    assert "Connecté" in words(verdict.text.replace("<body", "<main"))
    page = client.post(
        DEPOSIT,
        data={"csrf": csrf_of(verdict.text), "territory": "Lille\nRonchin"},
        headers=BROWSER,
    ).text
    assert area(page, "communes") == "Lille\nRonchin"
    assert "Territoire lu" in page


def test_a_note_is_deposited_as_it_was_checked(
    client: TestClient, agent: Agent, bearer: Bearer
) -> None:
    asked = {"communes": ["Lille", "Ronchin"], "name": f"Projet {HOSTILE}"}
    asked["effective_on"] = "2031-02-03"
    note = client.post("/api/v1/letters/notes", json=asked).json()["url"]
    path = re.sub(r"^https?://[^/]+", "", note)
    assert "Déposer cette lettre" not in shown(client, path)
    agent("ars", region="32")
    link = re.search(r'href="(/lettres/depot\?note=[^"]+)"', shown(client, path))
    assert link
    page = shown(client, link[1])
    assert area(page, "communes") == "Lille (59350)\nRonchin (59507)"
    assert 'name="effective_on" type="date" value="2031-02-03"' in page
    assert "<b>" not in page
    assert client.get("/lettres/depot?note=inconnue", headers=BROWSER).status_code == 404


@pytest.mark.parametrize("role", ["urps", "assurance_maladie", "member"])
def test_who_may_not_deposit_is_not_offered_it(
    client: TestClient, agent: Agent, role: str
) -> None:
    agent(role, **({} if role == "member" else {"region": "32"}))
    page = shown(client, "/lettres/verification")
    assert "Connecté" in page
    assert 'id="deposit-form"' not in page
    assert client.get(DEPOSIT, headers=BROWSER).status_code == 403


def test_the_builder_of_visitors_names_nobody(client: TestClient, ars: None) -> None:
    agents = client.get("/lettres/verification", headers=BROWSER)
    assert agents.headers["cache-control"] == "no-store"
    client.cookies.clear()
    page = shown(client, "/lettres/verification")
    assert "Connecté" not in page
    assert "deposit-form" not in page


def test_a_letters_territory_is_corrected_by_what_changes(
    client: TestClient, ars: None, bearer: Bearer
) -> None:
    admin = bearer("admin")
    letter = client.post(
        "/api/v1/letters",
        json={"name": "Weppes", "communes": [LILLE, RONCHIN, ARMENTIERES]},
        headers=admin,
    ).json()["id"]
    address = f"/lettres/{letter}/territoire"
    page = shown(client, address)
    assert area(page, "add") == area(page, "withdraw") == ""
    answer = send(client, address, address, step="read", add="Mons-en-Barœul")
    assert answer.status_code == 200
    assert "Communes 3 4" in words(answer.text)
    assert "withdrawal_confirmed" not in answer.text
    refused = send(client, address, address, step="send", withdraw="Lille")
    assert refused.status_code == 422
    assert area(refused.text, "withdraw") == "Lille"
    answer = send(client, address, address, step="send", add="Mons-en-Barœul")
    assert answer.status_code == 303
    told = client.get(f"/api/v1/letters/{letter}", headers=admin).json()
    assert codes(told["territory"]["communes"]) == [ARMENTIERES, LILLE, MONS, RONCHIN]
    unread = send(client, address, address, step="send", add="Trifouilly-les-Oies")
    assert unread.status_code == 422
    assert "add_choice" in unread.text


def test_a_closed_letter_and_anothers_have_no_such_page(
    client: TestClient, agent: Agent, bearer: Bearer
) -> None:
    admin = bearer("admin")
    body = {"name": "Weppes", "communes": [LILLE]}
    letter = client.post("/api/v1/letters", json=body, headers=admin).json()["id"]
    address = f"/lettres/{letter}/territoire"
    agent("ars", region="93")
    assert client.get(address, headers=BROWSER).status_code == 403
    agent("ars", region="32")
    assert client.get(address, headers=BROWSER).status_code == 200
    client.post(f"/api/v1/letters/{letter}/withdrawal", json={}, headers=admin)
    assert client.get(address, headers=BROWSER).status_code == 403
    assert client.get("/lettres/999999/territoire", headers=BROWSER).status_code == 404


def test_hostile_texts_stay_texts(client: TestClient, ars: None) -> None:
    page = read(
        client, name=HOSTILE, communes=HOSTILE, cpts_name=HOSTILE, kind="creation", note=HOSTILE
    )
    assert "<b>" not in page
    assert "<img src=x" not in page
    assert send(client, DEPOSIT, DEPOSIT, step="read", kind="autre").status_code == 200
    assert send(client, DEPOSIT, DEPOSIT, step="send", kind="autre").status_code == 422
    for odd in ("9" * 30, "x", "-1", "1.5"):
        answer = send(client, DEPOSIT, DEPOSIT, step="send", name="A", cpts=odd, communes=LILLE)
        assert answer.status_code in (303, 422)
