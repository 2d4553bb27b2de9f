"""`/membres/cpts/{id}/fiche` as a browser sends it: preview, comparison, history."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from tests.accounts.people import EMAIL, csrf, make_person, session_of
from tests.directory.sheets.test_sheet_writing import ACTION, CAMILLE, SHEET, put
from tests.web.conftest import BROWSER, HOSTILE

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]

MARCQ, NICE = "59378", "06088"
PUBLIC = {"website": "", "email": "", "phone": "", "address": ""}


@pytest.fixture
def cpts(register: Register) -> int:
    return register("CPTS du Nord", communes=(MARCQ,), email="contact@exemple.example")


@pytest.fixture
def editor(client: TestClient, engine: Engine, cpts: int) -> TestClient:
    make_person(engine, "editor", cpts_id=cpts)
    client.cookies.set("cpts-agent", session_of(engine), domain="testserver.local")
    return client


def fields(page: str) -> dict[str, list[str]]:
    """Give what the last form of a page would send, whichever its elements."""
    form = page[page.rindex("<form", 0, page.rindex('name="base"')) :]
    form = form[: form.index("</form>")]
    found: dict[str, list[str]] = {}
    pattern = (
        r'<input[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"[^>]*>'
        r'|<textarea[^>]*? name="([^"]+)"[^>]*>\n?([^<]*)</textarea>'
        r'|<select[^>]*? name="([^"]+)"[^>]*>(.*?)</select>'
    )
    for each in re.finditer(pattern, form, re.DOTALL):
        if re.search(r'type="(?:checkbox|radio)"', each[0]) and "checked" not in each[0]:
            continue
        name = each[1] or each[3] or each[5]
        value = each[2] or each[4] or ""
        if each[5]:
            chosen = re.search(r'value="([^"]*)" selected', each[6])
            value = chosen[1] if chosen else ""
        found.setdefault(name, []).append(unescape(value))
    return found


def post(client: TestClient, address: str, data: dict[str, Any]) -> Any:
    return client.post(address, data=data, headers=BROWSER, follow_redirects=False)


def draft(client: TestClient, cpts: int, **typed: Any) -> dict[str, Any]:
    """Open the form and type over it."""
    page = client.get(f"/membres/cpts/{cpts}/fiche", headers=BROWSER)
    assert page.status_code == 200, page.text
    assert page.headers["cache-control"] == "no-store"
    return fields(page.text) | typed


def test_what_is_typed_is_seen_before_it_is_published(
    editor: TestClient, cpts: int, engine: Engine
) -> None:
    address = f"/membres/cpts/{cpts}/fiche"
    typed = draft(
        editor,
        cpts,
        presentation="Première ligne\r\nSeconde ligne",
        members_count="1 12",
        action_theme=["diabete"],
        action_state=["realise"],
        action_year=["2024"],
        action_text=["Un dépistage"],
        action_links=["https://exemple.example/a\r\nhttps://exemple.example/b"],
        contact_role=["Coordination"],
        contact_name=["Camille Témoin"],
        contact_email=["camille@exemple.example"],
        contact_phone=["0499000001"],
        website="https://exemple.example/",
    )
    seen = post(editor, f"{address}/apercu", typed)
    assert seen.status_code == 200, seen.text
    assert "Rien n’est encore publié" in seen.text
    members, public = seen.text.split('id="public"')
    assert "Camille Témoin" in members
    assert "Camille Témoin" not in public.split("<form")[0]
    assert "https://exemple.example/" in public
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM cpts_sheet")).scalar_one() == 0
    published = post(editor, address, fields(seen.text))
    assert published.status_code == 303, published.text
    shown = editor.get(published.headers["location"], headers=BROWSER)
    assert "La fiche est publiée" in shown.text
    stands = editor.get("/api/v1/cpts/" + str(cpts)).json()
    assert stands["website"] == "https://exemple.example/"
    assert stands["email"] == "contact@exemple.example"
    with engine.connect() as connection:
        told = connection.execute(
            text(
                "SELECT s.presentation, s.members_count, a.theme_slug, a.state, a.year, a.text,"
                " a.links, c.name, c.phone FROM cpts_sheet s JOIN cpts_action a USING (cpts_id)"
                " JOIN cpts_contact c USING (cpts_id)"
            )
        ).one()
    assert tuple(told) == (
        "Première ligne\nSeconde ligne", 112, "diabete", "realise", 2024, "Un dépistage",
        ["https://exemple.example/a", "https://exemple.example/b"], "Camille Témoin",
        "0499000001",
    )  # fmt: skip
    # The form opens on what was published, and publishing it again changes nothing.
    again = post(editor, address, draft(editor, cpts))
    assert again.status_code == 303
    with engine.connect() as connection:
        versions = connection.execute(text("SELECT version FROM cpts_sheet")).scalar_one()
    assert versions == 1


def test_what_is_wrong_is_named_and_nothing_typed_is_lost(
    editor: TestClient, cpts: int
) -> None:
    typed = draft(
        editor,
        cpts,
        presentation="Gardée",
        members_count="beaucoup",
        action_theme=["", "diabete"],
        action_state=["en_cours", "en_cours"],
        action_year=["", "25"],
        action_text=["", "Sans adresse"],
        action_links=["", "javascript:alert(1)"],
        contact_role=["Présidence"],
        contact_name=[""],
        contact_email=["personne"],
        contact_phone=[""],
        email="pas une adresse",
    )
    refused = post(editor, f"/membres/cpts/{cpts}/fiche/apercu", typed)
    assert refused.status_code == 422
    for at in (
        "members_count", "action-0-year", "action-0-links", "contact-0-name", "contact-0-email",
        "email",
    ):  # fmt: skip
        assert f'href="#{at}"' in refused.text, at
        assert f'id="{at}-faute"' in refused.text, at
    kept = fields(refused.text)
    assert kept["presentation"] == ["Gardée"]
    assert kept["members_count"] == ["beaucoup"]
    assert kept["action_links"] == ["javascript:alert(1)"]
    assert kept["contact_role"] == ["Présidence"]


def test_rows_are_added_and_taken_out_without_a_script(editor: TestClient, cpts: int) -> None:
    address = f"/membres/cpts/{cpts}/fiche/apercu"
    typed = draft(editor, cpts, action_theme=["diabete"], contact_name=["Camille"])
    more = post(editor, address, typed | {"do": "action"})
    assert fields(more.text)["action_theme"] == ["diabete", ""]
    people = post(editor, address, typed | {"do": "contact"})
    assert fields(people.text)["contact_name"] == ["Camille", ""]
    without = post(editor, address, typed | {"contact_removed": ["0"], "do": "edit"})
    assert fields(without.text)["contact_name"] == [""]
    assert fields(without.text)["action_theme"] == ["diabete"]


def test_a_stale_draft_is_compared_part_by_part_and_nothing_is_lost(
    editor: TestClient, cpts: int, bearer: Bearer
) -> None:
    address = f"/membres/cpts/{cpts}/fiche"
    assert put(editor, cpts, bearer("admin")).status_code == 200
    mine = draft(editor, cpts, presentation="La mienne")
    other = bearer("admin")
    assert put(editor, cpts, other, presentation="La leur", members_count=7).status_code == 200
    stale = post(editor, address, mine)
    assert stale.status_code == 412
    assert "La mienne" in stale.text
    assert "La leur" in stale.text
    # Only what differs is asked about; what I left alone is theirs unless I say otherwise.
    assert 'id="presentation-mine" name="keep_presentation" value="mine" checked' in stale.text
    assert 'name="keep_members_count" value="theirs" checked' in stale.text
    assert "keep_contacts" not in stale.text
    seen = post(editor, f"{address}/apercu", fields(stale.text) | {"do": "preview"})
    assert seen.status_code == 200, seen.text
    assert post(editor, address, fields(seen.text)).status_code == 303
    stands = draft(editor, cpts)
    assert stands["presentation"] == ["La mienne"]
    assert stands["members_count"] == ["7"]
    assert stands["contact_name"] == [CAMILLE["name"]]
    # The public contact counts as well.
    mine = draft(editor, cpts, phone="0499000009")
    changed = editor.patch(
        f"/api/v1/cpts/{cpts}", json={"phone": "0499000008"}, headers=bearer("admin")
    )
    assert changed.status_code == 200
    assert post(editor, address, mine).status_code == 412


def test_another_cpts_in_the_address_is_refused_and_shows_nothing(
    editor: TestClient, cpts: int, register: Register, bearer: Bearer
) -> None:
    other = register("CPTS de Nice", communes=(NICE,))
    assert put(editor, other, bearer("admin")).status_code == 200
    sent = draft(editor, cpts, presentation="Prise")
    base = f"/membres/cpts/{other}/fiche"
    for path in ("", "/historique"):
        refused = editor.get(base + path, headers=BROWSER)
        assert refused.status_code == 403
        assert CAMILLE["name"] not in refused.text
    for path in ("", "/apercu", "/confirmation", "/historique/1/reprise"):
        assert post(editor, base + path, sent).status_code == 403, path
    # The form again, for what is wrong in it, would show the other sheet.
    for path in ("", "/apercu"):
        wrong = post(editor, base + path, sent | {"members_count": "beaucoup"})
        assert wrong.status_code == 403, path
        assert "CPTS de Nice" not in wrong.text
    kept = editor.get(f"/membres/cpts/{cpts}/fiche", headers=BROWSER)
    assert kept.status_code == 200
    # Nor does a form without its token act.
    assert post(editor, f"/membres/cpts/{cpts}/fiche", sent | {"csrf": "0"}).status_code == 403


def test_nothing_else_is_assigned_by_the_form(
    editor: TestClient, cpts: int, engine: Engine
) -> None:
    sent = draft(
        editor, cpts, presentation="x", role="admin", stage="association_creee",
        name="Autre nom", cpts_id="999", confirmed_on="2020-01-01",
    )  # fmt: skip
    assert post(editor, f"/membres/cpts/{cpts}/fiche", sent).status_code == 303
    with engine.connect() as connection:
        told = connection.execute(
            text("SELECT p.role, c.name FROM person p JOIN cpts c ON c.id = p.cpts_id")
        ).one()
    assert tuple(told) == ("editor", "CPTS du Nord")
    assert editor.get(f"/api/v1/cpts/{cpts}").json()["stage"] == "aci_signe"


def test_script_in_every_field_stays_text_on_every_page(
    editor: TestClient, cpts: int, bearer: Bearer
) -> None:
    hostile = SHEET | {
        "presentation": HOSTILE,
        "actions": [ACTION | {"text": HOSTILE}],
        "contacts": [CAMILLE | {"name": HOSTILE, "role": HOSTILE}],
    }
    assert put(editor, cpts, bearer("admin"), **hostile).status_code == 200
    address = f"/membres/cpts/{cpts}/fiche"
    sent = draft(editor, cpts, address=HOSTILE)
    assert put(editor, cpts, bearer("admin")).status_code == 200
    pages = [
        editor.get(address, headers=BROWSER),
        editor.get(f"{address}/historique", headers=BROWSER),
        post(editor, f"{address}/apercu", sent),
        post(editor, address, sent),
        post(editor, f"{address}/apercu", sent | {"do": "edit"}),
    ]
    assert [page.status_code for page in pages] == [200, 200, 200, 412, 200]
    for page in pages:
        assert "<img src=x" not in page.text
        assert "<script>" not in page.text.replace('<script type="module"', "")
    for page in pages[1:]:
        assert "&lt;img src=x" in page.text


def test_a_former_state_is_taken_back_with_who_is_not_erased_since(
    editor: TestClient, cpts: int, bearer: Bearer, engine: Engine
) -> None:
    admin = bearer("admin")
    gone = CAMILLE | {"name": "Dominique Parti", "email": "dominique@exemple.example"}
    put(editor, cpts, admin, contacts=[CAMILLE, gone])
    put(editor, cpts, admin, presentation="Autre", actions=[], contacts=[])
    with engine.begin() as connection:
        connection.execute(text("SELECT erase_contacts('Dominique@exemple.example')"))
    address = f"/membres/cpts/{cpts}/fiche/historique"
    page = editor.get(address, headers=BROWSER)
    assert page.text.count("Reprendre cet état") == 1
    assert "essai admin" in page.text
    assert "Dominique" not in page.text
    assert "Camille" not in page.text
    taken = re.search(r'action="([^"]+/reprise)"', page.text)
    assert taken
    sent = {"csrf": csrf(editor, address), "base": fields(page.text)["base"]}
    assert post(editor, taken[1], sent).status_code == 303
    stands = draft(editor, cpts)
    assert stands["presentation"] == [SHEET["presentation"]]
    assert stands["action_theme"] == ["diabete"]
    assert stands["contact_name"] == [CAMILLE["name"]]
    assert "État antérieur repris" in editor.get(address, headers=BROWSER).text
    # Of two who take back at once the second is told so.
    assert post(editor, taken[1], sent).status_code == 412
    missing = post(editor, f"{address}/987654/reprise", sent | {"base": stands["base"]})
    assert missing.status_code == 404


def test_confirming_changes_nothing_but_the_public_day(
    editor: TestClient, cpts: int, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(editor, cpts, bearer("admin"))
    monkeypatch.setenv("CPTS_TODAY", "2031-03-02")
    assert "confirmée" not in editor.get(f"/cpts/{cpts}").text
    address = f"/membres/cpts/{cpts}/fiche"
    sent = draft(editor, cpts)
    confirmed = post(editor, f"{address}/confirmation", sent)
    assert confirmed.status_code == 303
    assert "confirmée par la CPTS le 2\u00a0mars 2031" in editor.get(f"/cpts/{cpts}").text
    assert draft(editor, cpts)["base"] == sent["base"]
    monkeypatch.setenv("CPTS_TODAY", "2032-03-03")
    assert "il y a plus d’un an" in editor.get(address, headers=BROWSER).text
    stale = post(editor, f"{address}/confirmation", sent | {"base": "9-0"})
    assert stale.status_code == 412


def test_one_sees_and_erases_on_ones_page_what_sheets_tell(
    editor: TestClient, cpts: int, bearer: Bearer, engine: Engine
) -> None:
    mine = CAMILLE | {"email": EMAIL, "name": "Zélie sur la fiche"}
    put(editor, cpts, bearer("admin"), contacts=[CAMILLE, mine])
    page = editor.get("/compte", headers=BROWSER)
    assert "Zélie sur la fiche" in page.text
    assert CAMILLE["name"] not in page.text
    erased = post(editor, "/compte/contacts/effacement", {"csrf": csrf(editor, "/compte")})
    assert erased.status_code == 303
    assert "Zélie sur la fiche" not in editor.get("/compte", headers=BROWSER).text
    assert draft(editor, cpts)["contact_name"] == [CAMILLE["name"]]
    with engine.connect() as connection:
        left = connection.execute(text("SELECT count(*) FROM person")).scalar_one()
    assert left == 1
