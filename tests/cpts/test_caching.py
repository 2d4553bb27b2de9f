"""A change is visible in the very next answer, whichever worker gives it."""

import gzip
import threading
from collections.abc import Callable, Iterator

import brotli
import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.http.entity_tags import entity_tag
from app.main import create_app
from app.settings import Settings

LILLE, MARCQ = "59350", "59378"
PATHS = (
    "/api/v1/cpts",
    "/api/v1/cpts.geojson?region=32",
    "/api/v1/compositions.csv",
    "/api/v1/coverage",
    "/api/v1/cpts/1",
    "/api/v1/cpts/1.geojson",
)
Register = Callable[..., int]
Bearer = Callable[..., dict[str, str]]


@pytest.fixture
def other_worker(engine: Engine, settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def test_every_worker_shows_a_change_at_once(
    client: TestClient, other_worker: TestClient, register: Register, bearer: Bearer
) -> None:
    cpts = register("CPTS d'essai", "association_creee", (LILLE,))
    headers = bearer("admin")
    workers = (client, other_worker)
    changes = (
        ("PATCH", f"/api/v1/cpts/{cpts}", {"name": "Autre nom", "stage": "aci_signe"}),
        ("PUT", f"/api/v1/cpts/{cpts}/territory", {"communes": [LILLE, MARCQ]}),
    )
    for method, path, body in changes:
        before = {
            p: [w.get(p).headers["etag"] for w in workers for _ in range(2)] for p in PATHS
        }
        assert all(len(set(tags)) == 1 for tags in before.values())
        assert client.request(method, path, json=body, headers=headers).status_code == 200
        for address in PATHS:
            after = {worker.get(address).headers["etag"] for worker in workers}
            assert len(after) == 1
            assert after.isdisjoint(before[address]) or address == "/api/v1/coverage"


def test_a_change_by_plain_sql_is_shown_at_once(client: TestClient, engine: Engine) -> None:
    first = client.get("/api/v1/themes")
    assert client.get("/api/v1/themes").headers["etag"] == first.headers["etag"]
    rename = text("UPDATE theme SET label = :label WHERE slug = 'diabete'")
    try:
        with engine.begin() as connection:
            connection.execute(rename, {"label": "Diabète (essai)"})
        assert "Diabète (essai)" in client.get("/api/v1/themes").text
    finally:
        with engine.begin() as connection:
            connection.execute(rename, {"label": "Diabète"})
    assert client.get("/api/v1/themes").headers["etag"] == first.headers["etag"]


def test_a_change_of_day_is_shown_at_once(
    client: TestClient, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPTS_TODAY", "2026-06-30")
    register("CPTS de juillet", "aci_signe", (LILLE,), effective_on="2026-07-01")
    assert client.get("/api/v1/cpts").json()["number_matched"] == 0
    assert client.get("/api/v1/cpts").json()["number_matched"] == 0
    monkeypatch.setenv("CPTS_TODAY", "2026-07-01")
    assert client.get("/api/v1/cpts").json()["number_matched"] == 1
    monkeypatch.setenv("CPTS_TODAY", "2026-06-30")
    assert client.get("/api/v1/cpts").json()["number_matched"] == 0


def test_a_change_that_is_rolled_back_changes_no_answer(
    client: TestClient, engine: Engine
) -> None:
    first = client.get("/api/v1/cpts")
    with engine.connect() as connection:
        connection.execute(
            text("INSERT INTO cpts (name, started_on) VALUES ('x', '2020-01-01')")
        )
        assert client.get("/api/v1/cpts").headers["etag"] == first.headers["etag"]
        connection.rollback()
    assert client.get("/api/v1/cpts").headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("path", PATHS)
def test_the_tag_is_of_the_body_as_sent_and_spares_sending_it_again(
    client: TestClient, register: Register, path: str
) -> None:
    register("CPTS d'essai", "aci_signe", (LILLE,))
    tags = []
    for coding in ("identity", "gzip", "br"):
        for _ in range(2):
            with client.stream("GET", path, headers={"Accept-Encoding": coding}) as response:
                raw = b"".join(response.iter_raw())
            used = response.headers.get("content-encoding", "")
            body = {"gzip": gzip.decompress, "br": brotli.decompress, "": bytes}[used](raw)
            assert response.headers["etag"] == entity_tag(body, used)
            assert response.headers["cache-control"] == "public, no-cache"
            assert response.headers["vary"] == "Accept-Encoding"
            assert response.headers["content-length"] == str(len(raw))
        if len(body) > 1_000:
            assert used == ("" if coding == "identity" else coding)
            tags.append(response.headers["etag"])
        again = client.get(
            path,
            headers={"Accept-Encoding": coding, "If-None-Match": response.headers["etag"]},
        )
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == response.headers["etag"]
    assert len(set(tags)) == len(tags)


def test_a_tag_of_before_a_change_brings_the_new_body(
    client: TestClient, register: Register, bearer: Bearer
) -> None:
    cpts = register("CPTS d'essai", "aci_signe", (LILLE,))
    old = client.get(f"/api/v1/cpts/{cpts}").headers["etag"]
    client.patch(f"/api/v1/cpts/{cpts}", json={"acronym": "E"}, headers=bearer("admin"))
    answer = client.get(f"/api/v1/cpts/{cpts}", headers={"If-None-Match": old})
    assert answer.status_code == 200
    assert answer.json()["acronym"] == "E"


def test_a_token_is_answered_with_the_same_body_and_tag(
    client: TestClient, register: Register, bearer: Bearer
) -> None:
    cpts = register("CPTS d'essai", "aci_signe", (LILLE,))
    public = client.get(f"/api/v1/cpts/{cpts}")
    personal = client.get(f"/api/v1/cpts/{cpts}", headers=bearer("admin"))
    assert personal.content == public.content
    assert personal.headers["etag"] == public.headers["etag"]


def test_errors_are_not_kept(client: TestClient, register: Register) -> None:
    assert client.get("/api/v1/cpts/1").status_code == 404
    assert client.get("/api/v1/cpts/1").headers["cache-control"] == "no-store"
    assert register("CPTS d'essai", "aci_signe", (LILLE,)) == 1
    assert client.get("/api/v1/cpts/1").status_code == 200


def test_links_bear_the_outside_address_when_it_is_set(
    engine: Engine, settings: Settings
) -> None:
    settings.service.public_url = "https://carte.example"
    with TestClient(create_app(settings)) as client:
        (link,) = client.get("/api/v1/cpts?limit=2").json()["links"]
    assert link["href"] == "https://carte.example/api/v1/cpts?limit=2"


def test_readers_beside_a_writer_never_see_a_state_older_than_one_they_know(
    live_server: str, register: Register, bearer: Bearer, app: FastAPI
) -> None:
    cpts = register("CPTS 0", "aci_signe", (LILLE,))
    headers = bearer("admin")
    path = f"{live_server}/api/v1/cpts/{cpts}"
    written = [0]
    faults: list[str] = []
    finished = threading.Event()

    def read() -> None:
        with httpx2.Client() as reader:
            while not finished.is_set():
                known = written[0]
                answer = reader.get(path)
                if answer.status_code != 200:
                    faults.append(f"status {answer.status_code}")
                elif int(answer.json()["name"].removeprefix("CPTS ")) < known:
                    faults.append(f"{answer.json()['name']} after {known} was known")

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    with httpx2.Client() as writer:
        for number in range(1, 26):
            answer = writer.patch(path, json={"name": f"CPTS {number}"}, headers=headers)
            if answer.status_code != 200:
                faults.append(answer.text)
            written[0] = number
    finished.set()
    for reader in readers:
        reader.join()
    assert faults == []
