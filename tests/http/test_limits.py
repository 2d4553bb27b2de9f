"""What a request may carry, and the headers of every answer."""

from collections.abc import Iterator

import anyio
import pytest
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from app.http.body import MAXIMUM_BODY_BYTES, SLOWEST_BYTES_PER_S, RequestLimits
from tests.event_loop import run_apart

CHECK = "/api/v1/letters/check"


def test_a_body_that_is_too_large_is_refused(client: TestClient) -> None:
    body = b'{"communes": ["' + b"x" * MAXIMUM_BODY_BYTES + b'"]}'
    response = client.post(CHECK, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 413
    assert response.json()["code"] == "too-large"


def test_a_body_that_is_too_large_is_refused_without_its_length_announced(
    client: TestClient,
) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(MAXIMUM_BODY_BYTES // 1_000_000 + 2):
            yield b" " * 1_000_000

    response = client.post(CHECK, content=parts(), headers={"Content-Type": "application/json"})
    assert response.status_code == 413


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_type_is_refused(client: TestClient, media_type: str) -> None:
    response = client.post(
        CHECK, content=b'{"communes": ["59350"]}', headers={"Content-Type": media_type}
    )
    assert response.status_code == 415
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"communes": ["\\u0000"]}',
        b'{"communes": ["\\ud800"]}',
        b'{"name": "\\udfff\\ud800", "communes": ["59350"]}',
        b"null",
        b"[]",
        b"1e999",
        b'{"communes": NaN}',
        b'{"communes": ["59350"], "communes2": 1}',
    ],
)
def test_a_body_that_is_no_text_or_no_question_is_invalid(
    client: TestClient, body: bytes
) -> None:
    response = client.post(CHECK, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.json()["code"] == "invalid"


def test_a_pair_of_surrogates_is_text(client: TestClient) -> None:
    response = client.post(
        CHECK,
        content=b'{"communes": ["59350"], "name": "\\ud83d\\ude00"}',
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/v1/cpts?q=%00", "/api/v1/cpts/%00", "/api/v1/cpts?region=32%00"]
)
def test_the_null_character_is_refused_everywhere(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 422


@pytest.mark.parametrize("path", ["/api/v1/cpts?q=%ff%fe", "/api/v1/cpts?q=%ed%a0%80"])
def test_bytes_that_are_no_text_are_searched_for_in_vain(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert response.json()["number_matched"] == 0


def test_head_answers_like_get_without_a_body(client: TestClient) -> None:
    for path in ("/api/v1/stages", "/healthz", "/nowhere"):
        got, head = client.get(path), client.head(path)
        assert head.status_code == got.status_code
        assert head.content == b""
        assert head.headers.get("etag") == got.headers.get("etag")
        assert head.headers["content-length"] == got.headers["content-length"]


def test_pages_of_other_origins_may_read(client: TestClient) -> None:
    response = client.get("/api/v1/stages", headers={"Origin": "https://carte.example"})
    assert response.headers["access-control-allow-origin"] == "*"
    assert "ETag" in response.headers["access-control-expose-headers"]
    preflight = client.options(
        "/api/v1/cpts",
        headers={
            "Origin": "https://carte.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "if-none-match",
        },
    )
    assert preflight.status_code == 204
    assert "If-None-Match" in preflight.headers["access-control-allow-headers"]


def test_pages_of_other_origins_may_not_write(client: TestClient) -> None:
    preflight = client.options(
        "/api/v1/cpts",
        headers={
            "Origin": "https://carte.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert "POST" not in preflight.headers["access-control-allow-methods"]
    assert "uthorization" not in preflight.headers["access-control-allow-headers"]


def test_every_answer_bears_the_headers_of_safety(client: TestClient) -> None:
    for path in ("/api/v1/stages", "/nowhere", "/docs", "/healthz"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]


def test_another_method_is_refused_in_the_shape_of_every_error(client: TestClient) -> None:
    response = client.put("/api/v1/stages")
    assert response.status_code == 405
    assert response.json()["code"] == "method-not-allowed"
    assert "GET" in response.headers["allow"]


def test_a_body_that_is_no_json_is_told_without_naming_a_field(client: TestClient) -> None:
    answer = client.post(
        "/api/v1/letters/check",
        content=b'{"communes": [',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"loc": ["body"], "message": "Le corps de la requête n'est pas un JSON valide."}
    ]


def slow_body(parts: list[bytes], pause_s: float) -> tuple[list[Message], list[bytes]]:
    """Send a body part by part through `RequestLimits`; give its answer and what was read."""
    answered: list[Message] = []
    read: list[bytes] = []

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        read.append((await receive())["body"])
        await Response("ok")(scope, receive, send)

    async def receive() -> Message:
        await anyio.sleep(pause_s)
        part = parts.pop(0) if parts else b""
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message: Message) -> None:
        answered.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": [],
    }  # fmt: skip
    limits = RequestLimits(inside, body_s=0.2)
    run_apart(limits(scope, receive, send))
    return answered, read


def test_a_body_that_comes_by_drops_is_refused_and_the_connection_closed() -> None:
    answered, read = slow_body([b"x"] * 1000, pause_s=0.02)
    assert answered[0]["status"] == 408
    headers = dict(answered[0]["headers"])
    assert headers[b"connection"] == b"close"
    assert headers[b"content-type"] == b"application/problem+json"
    assert b"request-timeout" in answered[1]["body"]
    assert read == []


def test_a_large_body_has_time_by_its_size() -> None:
    parts = [b"x" * SLOWEST_BYTES_PER_S] * 5
    answered, read = slow_body(list(parts), pause_s=0.1)
    assert answered[0]["status"] == 200
    assert read == [b"".join(parts)]
