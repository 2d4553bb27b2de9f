"""What no text may hold is refused wherever a text comes in."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.http.texts import mailbox, refusal_at_the_door, refusal_of_line, web_address

Bearer = Callable[..., dict[str, str]]
REFUSED = (
    "\ufffe", "\uffff", "\ufdd0", "\ufdef", "\U0001fffe", "\U0010ffff", "\u202e", "\u2066",
    "\u200e", "\u200f", "\u061c", "\0",
)  # fmt: skip


@pytest.mark.parametrize("character", REFUSED)
def test_what_no_text_may_hold_is_refused_at_the_door(character: str) -> None:
    assert refusal_at_the_door(f"a{character}b")


def test_a_half_of_a_pair_is_no_text() -> None:
    assert refusal_at_the_door("\ud800")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Cf", "Zl", "Zp"])))
def test_whatever_can_be_seen_is_let_in(text: str) -> None:
    assert refusal_of_line(text) is None
    assert refusal_of_line("CPTS de l’Été 🏥 中 👩\u200d⚕️") is None


@pytest.mark.parametrize(
    "path",
    ["/api/v1/cpts?q=a{}", "/recherche?q={}", "/api/v1/communes/{}", "/api/v1/cpts?{}=1"],
)
def test_it_is_refused_in_every_address(client: TestClient, path: str) -> None:
    for character in REFUSED:
        assert client.get(path.format(quote(character))).status_code == 422


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("/api/v1/cpts", {"name": "?", "stage": "aci_signe"}, ["name"]),
        ("/api/v1/cpts", {"address": "?"}, ["address"]),
        ("/api/v1/letters", {"contact": {"name": "?"}}, ["contact", "name"]),
        ("/api/v1/letters", {"documents": ["x", "?"]}, ["documents", 1]),
        ("/api/v1/letters/1/decisions", {"note": "?"}, ["note"]),
        ("/api/v1/letters/check", {"communes": ["?"]}, ["communes", 0]),
        ("/api/v1/letters/check", {"?": 1}, []),
    ],
)
def test_it_is_refused_in_every_body_and_its_place_is_named(
    client: TestClient, bearer: Bearer, path: str, body: dict[str, Any], place: list[Any]
) -> None:
    headers = bearer("admin") | {"Content-Type": "application/json"}
    sent = json.dumps(body).replace("?", "a?b")
    for character in REFUSED:
        escaped = json.dumps(character)[1:-1]
        for put in {escaped, character if character != "\0" else escaped}:
            answer = client.post(path, content=sent.replace("?", put).encode(), headers=headers)
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["loc"] == ["body", *place]
            message = answer.json()["detail"]
            assert "n'est pas accepté" in message or "marque de direction" in message


@pytest.mark.parametrize(
    "address",
    [
        "a?bcc=b@c.example", "a&b@c.example", "a%0abcc@c.example",
        "a@c.example?bcc=b@d.example",
        "a\nBcc:b@c.example", "a b@c.example", "<a@c.example>", '"a b"@c.example', "a@c",
        "@c.fr",
        "a@b@c.example", "a..b@c.example", "a@\u202ec.example", "a@[127.0.0.1]", "é@c.example",
        "a,b@c.example", "",
    ],
)  # fmt: skip
def test_what_is_more_or_less_than_one_mailbox_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="adresse"):
        mailbox(address)


def test_a_mailbox_is_kept_as_written_but_for_its_domain() -> None:
    assert mailbox("Contact.cpts+x@Cpts-Nord.EXAMPLE") == "Contact.cpts+x@cpts-nord.example"


@pytest.mark.parametrize(
    "address",
    [
        "https://user:secret@cpts.example", "https://user@cpts.example", "ftp://cpts.example",
        "javascript:alert(1)", "//cpts.example", "https://", "https:///page", "https://localhost",
        "https://cpts.example:0", "https://cpts.example:99999", "http://[::1", "https://1.2.3.4",
        "https://cpts.example\\@evil.example", "https://cpts.example/\nx", "https://a..example",
        "https://cpts\u202e.example", "https://cpts.example/<script>", "https://-a.example",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_site_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="adresse"):
        web_address(address)


@pytest.mark.parametrize(
    "address",
    ["https://cpts.example", "HTTP://www.cpts.example:8080/a/b?c=d#e", "https://été.example/é"],
)
def test_the_address_of_a_site_is_kept_as_written(address: str) -> None:
    assert web_address(address) == address
