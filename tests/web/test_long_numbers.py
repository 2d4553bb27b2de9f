"""What is longer than any number is refused as what it is: Python reads no 5 000 digits."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.web.layout.fields import number, numbers
from tests.accounts.people import make_person, session_of
from tests.web.conftest import BROWSER
from tests.web.letters.agents import csrf_of, shown
from tests.web.test_sheet_editing import draft, post

Register = Callable[..., int]
LONG = "9" * 5_000


def test_numbers_have_at_most_eighteen_digits() -> None:
    assert numbers("1, 22  333") == [1, 22, 333]
    assert numbers("9" * 18) == [int("9" * 18)]
    assert numbers("9" * 19) == ["9" * 19]
    assert numbers(f"1 {LONG}") == [1, LONG]
    assert number(LONG) == LONG
    assert number("²") == "²"


@pytest.mark.parametrize("path", ["", "/apercu"])
def test_a_sheet_of_so_many_members_is_refused(
    client: TestClient, engine: Engine, register: Register, path: str
) -> None:
    cpts = register("CPTS du Nord", communes=("59378",))
    make_person(engine, "editor", cpts_id=cpts)
    client.cookies.set("cpts-agent", session_of(engine), domain="testserver.local")
    sent = draft(client, cpts, members_count=LONG)
    refused = post(client, f"/membres/cpts/{cpts}/fiche{path}", sent)
    assert refused.status_code == 422
    assert LONG in refused.text


def test_a_conciliation_gives_way_to_no_such_cpts(
    client: TestClient, bearer: Callable[..., dict[str, str]], make_token: Callable[..., str]
) -> None:
    from tests.accounts.people import sign_in_with  # noqa: PLC0415

    for name in ("Une", "Deux"):
        body = {"name": name, "communes": ["59378"]}
        deposited = client.post("/api/v1/letters", json=body, headers=bearer("admin"))
        assert deposited.status_code == 201
    number = client.get("/api/v1/conciliations").json()["items"][0]["id"]
    page = f"/lettres/conciliations/{number}"
    sign_in_with(client, make_token("ars", region="32"))
    sent = {
        "csrf": csrf_of(shown(client, page)),
        "outcome": "retrait",
        "withdrawn_letters": LONG,
        "superseded_cpts": LONG,
    }
    refused = client.post(f"{page}/cloture", data=sent, headers=BROWSER)
    assert refused.status_code == 422
