"""Reports of errors by HTTP: from a person they are stored, from a robot they are not."""

import re
from collections.abc import Callable
from time import time
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.cpts.reports.repository import close_report, reports
from app.database.sessions import session_scope, snapshot_scope
from tests.web.conftest import BROWSER

ORIGIN = {"Origin": "http://testserver", **BROWSER}


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let time pass in the eyes of the form: `patient(10)`."""
    began = time()

    def wait(seconds: float) -> None:
        monkeypatch.setattr("app.web.sheets.reporting.time", lambda: began + seconds)

    wait(0)
    return wait


def _token(client: TestClient, address: str) -> str:
    page = client.get(f"{address}/signaler", headers=BROWSER).text
    found = re.search(r'name="jeton" value="([^"]+)"', page)
    assert found
    return found.group(1)


def _report(client: TestClient, address: str, **fields: str) -> Any:
    return client.post(
        f"{address}/signaler", data=fields, headers=ORIGIN, follow_redirects=False
    )


def _stored(engine: Engine) -> list[Any]:
    with snapshot_scope(engine) as session:
        return list(reports(session))


def test_a_report_reaches_the_administrators(
    client: TestClient, engine: Engine, alps: dict[str, int], patient: Callable[[float], None]
) -> None:
    address = f"/cpts/{alps['CPTS du Gapençais']}"
    token = _token(client, address)
    patient(10)
    answer = _report(
        client, address, message="Il manque\r\nRambaud.", reply_to="a@b.example", jeton=token
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{address}/signaler/merci"
    assert "Merci" in client.get(answer.headers["location"]).text
    (report,) = _stored(engine)
    assert (report.message, report.reply_to) == ("Il manque\nRambaud.", "a@b.example")
    assert "CPTS du Gapençais" in report.about
    with session_scope(engine) as session:
        assert close_report(session, report.id, "corrigé")
        assert not close_report(session, report.id, None)
    assert _stored(engine) == []
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT reply_to, outcome FROM error_report")).one()
    assert tuple(kept) == (None, "corrigé")


def test_a_city_and_a_commune_can_be_reported(
    client: TestClient, engine: Engine, patient: Callable[[float], None]
) -> None:
    tokens = {
        address: _token(client, address) for address in ("/communes/75056", "/communes/05061")
    }
    patient(10)
    for address, token in tokens.items():
        assert _report(client, address, message="Erreur", jeton=token).status_code == 303
    assert [report.about.split()[:2] for report in _stored(engine)] == [
        ["commune", "75101"],
        ["commune", "05061"],
    ]


def test_a_robot_that_fills_every_field_stores_nothing_and_learns_nothing(
    client: TestClient, engine: Engine, patient: Callable[[float], None]
) -> None:
    token = _token(client, "/communes/05061")
    patient(10)
    answer = _report(
        client, "/communes/05061", message="Achetez", site_web="http://x.example", jeton=token
    )
    assert answer.status_code == 303
    assert _stored(engine) == []


@pytest.mark.parametrize(
    "seconds", [pytest.param(1, id="too quick"), pytest.param(100_000, id="too late")]
)
def test_a_form_sent_at_once_or_too_late_is_shown_again_with_its_text(
    client: TestClient, engine: Engine, patient: Callable[[float], None], seconds: float
) -> None:
    token = _token(client, "/communes/05061")
    patient(seconds)
    answer = _report(client, "/communes/05061", message="Une <b>erreur</b>", jeton=token)
    assert answer.status_code == 422
    assert "Une &lt;b&gt;erreur&lt;/b&gt;</textarea>" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert _stored(engine) == []


def test_a_token_of_another_sheet_or_none_stores_nothing(
    client: TestClient, engine: Engine, patient: Callable[[float], None]
) -> None:
    token = _token(client, "/communes/05061")
    patient(10)
    for jeton in (token, "", "1.x"):
        assert _report(client, "/communes/05023", message="x", jeton=jeton).status_code == 422
    assert _stored(engine) == []


def test_a_form_of_another_site_is_refused(client: TestClient, engine: Engine) -> None:
    for origin in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {}):
        answer = client.post(
            "/communes/05061/signaler", data={"message": "x"}, headers={**BROWSER, **origin}
        )
        assert answer.status_code == 403
    assert _stored(engine) == []


def test_an_empty_report_says_what_is_missing(client: TestClient) -> None:
    answer = _report(client, "/communes/05061", message="  ", reply_to="x")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert 'href="#message"' in answer.text
    assert 'href="#reply_to"' in answer.text


def test_one_address_reports_a_few_times_a_minute(client: TestClient) -> None:
    answers = [_report(client, "/communes/05061", message="x").status_code for _ in range(7)]
    assert answers[:5] == [422] * 5
    assert answers[-1] == 429


def test_bytes_that_are_no_text_do_no_harm(
    client: TestClient, engine: Engine, patient: Callable[[float], None]
) -> None:
    token = _token(client, "/communes/05061").encode()
    patient(10)
    for message in (b"a%00b", b"%ff%fe", b"%ed%a0%80"):
        answer = client.post(
            "/communes/05061/signaler",
            content=b"message=" + message + b"&jeton=" + token,
            headers={**ORIGIN, "Content-Type": "application/x-www-form-urlencoded"},
            follow_redirects=False,
        )
        assert answer.status_code in (303, 422), message


def test_forms_are_kept_by_nobody(client: TestClient) -> None:
    response = client.get("/communes/05061/signaler", headers=BROWSER)
    assert response.headers["cache-control"] == "no-store"
    assert "set-cookie" not in response.headers
    assert "mailto:" not in response.text
