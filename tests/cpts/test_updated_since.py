"""`updated_since`, wherever CPTS are filtered, and what one who follows changes gets by it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import REGION, UPDATED_SINCE
from app.database.calendar import PARIS, today
from app.maps.rules import heading
from app.web.embedding.rules import map_address, source_address

Register = Callable[..., int]
Bearer = Callable[..., dict[str, str]]

LILLE, CROIX, GAP = "59350", "59163", "05061"
MOMENTS = ["AAAA-MM-JJ", "AAAA-MM-JJThh:mm:ssZ", "AAAA-MM-JJThh:mm:ss±hh:mm"]
LISTS = [
    "/api/v1/cpts",
    "/api/v1/cpts.geojson",
    "/api/v1/compositions.csv",
    "/maps/cpts",
    "/embed/carte",
    "/donnees/cpts.csv",
    "/donnees/compositions.csv",
    "/donnees/cpts.geojson",
    "/donnees/cpts.gpkg",
    "/donnees/cpts.parquet",
    "/integrer",
    "/regions/32",
    "/departements/59",
]


def listed(client: TestClient, query: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/cpts?{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def ids(client: TestClient, query: str) -> set[int]:
    return {item["id"] for item in listed(client, query)}


def date_back(engine: Engine, cpts: int, moment: str) -> None:
    """Give a CPTS an older date of change, which the database takes as it is given."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE cpts SET updated_at = :moment, started_on = '2019-01-01' WHERE id = :id"
            ),
            {"moment": moment, "id": cpts},
        )


@pytest.mark.parametrize(
    ("asked", "passes"),
    [
        ("2026-01-10T09:00:00Z", True),
        ("2026-01-10T10:00:00+01:00", True),
        ("2026-01-10T09:00:00.000001Z", False),
        ("2026-01-10T10:00:00.001+01:00", False),
        ("2026-01-10T05:00:00-05:00", False),
        ("2026-01-10", True),
        ("2026-01-11", False),
        ("0001-01-01", True),
        ("9999-12-31", False),
    ],
)
def test_it_lets_through_what_has_changed_then_or_later(
    client: TestClient, register: Register, engine: Engine, asked: str, passes: bool
) -> None:
    cpts = register("CPTS sans commune", "dynamique_identifiee", effective_on="2019-01-01")
    date_back(engine, cpts, "2026-01-10 09:00:00+00")
    with engine.begin() as connection:
        recorded = connection.execute(
            text("SELECT updated_at FROM cpts WHERE id = :id"), {"id": cpts}
        ).scalar_one()
    if recorded != datetime(2026, 1, 10, 9, tzinfo=UTC):
        # The plain statement was itself a change of the first day: date it once more, alone.
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE cpts SET updated_at = '2026-01-10 09:00:00+00' WHERE id = :id"),
                {"id": cpts},
            )
    assert ids(client, f"updated_since={quote(asked)}") == ({cpts} if passes else set())


def test_a_day_begins_at_midnight_in_paris(
    client: TestClient, register: Register, engine: Engine
) -> None:
    cpts = register("CPTS", "dynamique_identifiee", effective_on="2019-01-01")
    for moment, of_the_day in (("2026-07-09 22:00+00", True), ("2026-07-09 21:59+00", False)):
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE cpts SET updated_at = :moment WHERE id = :id"),
                {"moment": moment, "id": cpts},
            )
        assert ids(client, "updated_since=2026-07-10") == ({cpts} if of_the_day else set())


@pytest.mark.parametrize("path", LISTS)
def test_it_is_a_filter_everywhere_and_bad_values_are_refused_by_name(
    client: TestClient, register: Register, path: str
) -> None:
    register("CPTS de Lille", communes=(LILLE,))
    assert client.get(f"{path}?updated_since=2026-01-01").status_code == 200
    assert client.get(f"{path}?updated_since=2026-01-01T00:00:00Z").status_code == 200
    for value in (
        "hier",
        "2026-02-30",
        "2026-01-01T10:00:00",
        "2026-01-01T10:00Z",
        "2026-01-01T10:00:00%2B25:00",
        "20260101",
        "1767225600",
        "2026-01-01,2026-01-02",
        "0001-01-01T00:00:00%2B14:00",
    ):
        answer = client.get(f"{path}?updated_since={value}")
        assert answer.status_code == 422, (path, value)
        (error,) = answer.json()["errors"]
        assert error["loc"] == ["query", "updated_since"]
        assert error["accepted"] == MOMENTS
    twice = client.get(f"{path}?updated_since=2026-01-01&updated_since=2026-01-02")
    assert twice.status_code == 422


@pytest.mark.parametrize("path", ["/api/v1/cpts", "/api/v1/cpts.geojson", "/donnees/cpts.csv"])
def test_left_empty_as_forms_send_it_it_is_not_given(
    client: TestClient, register: Register, path: str
) -> None:
    register("CPTS de Lille", communes=(LILLE,))
    assert "CPTS de Lille" in client.get(f"{path}?updated_since=").text
    assert "CPTS de Lille" not in client.get(f"{path}?updated_since=9999-12-31").text


@pytest.mark.parametrize("path", ["/regions/32", "/departements/59"])
def test_what_nobody_filled_in_leaves_the_address_of_a_page(
    client: TestClient, path: str
) -> None:
    query = "stage=aci_signe&theme=&updated_since=&sort=-name"
    answer = client.get(f"{path}?{query}", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{path}?sort=-name&stage=aci_signe"
    assert client.get(answer.headers["location"], follow_redirects=False).status_code == 200
    bare = client.get(f"{path}?updated_since=", follow_redirects=False)
    assert bare.headers["location"] == path


def test_a_plus_that_an_address_left_as_it_is_is_read_as_one(
    client: TestClient, register: Register
) -> None:
    cpts = register("CPTS de Lille", communes=(LILLE,))
    address = "/api/v1/cpts?updated_since=2026-01-01T10:00:00+01:00"
    body = client.get(address).json()
    assert [item["id"] for item in body["items"]] == [cpts]
    again = client.get(body["links"][0]["href"]).json()
    assert again["items"] == body["items"]


def test_together_with_others_all_must_hold(client: TestClient, register: Register) -> None:
    early = register("CPTS de Lille", communes=(LILLE,))
    late = register("CPTS de Croix", communes=(CROIX,))
    away = register("CPTS de Gap", communes=(GAP,))
    since = client.get(f"/api/v1/cpts/{late}").json()["updated_at"]
    assert ids(client, f"updated_since={since}") == {late, away}
    assert ids(client, f"updated_since={since}&region=32") == {late}
    assert ids(client, f"updated_since={since}&q=lille") == set()
    assert ids(client, "region=32") == {early, late}


def test_the_map_names_it_and_asks_its_data_by_it(
    client: TestClient, register: Register
) -> None:
    register("CPTS de Lille", communes=(LILLE,))
    page = client.get("/maps/cpts?region=32&updated_since=2026-01-01").text
    assert "Hauts-de-France – modifiées depuis le 01/01/2026" in page
    assert "/api/v1/cpts.geojson?region=32&updated_since=2026-01-01" in page.replace(
        "\\u0026", "&"
    ).replace("&amp;", "&")


def test_headings_and_the_code_to_embed_tell_it() -> None:
    day = Filters({REGION: ("32",), UPDATED_SINCE: datetime(2026, 1, 1, tzinfo=PARIS)})
    labels = {"region": {"32": "Hauts-de-France"}}
    told = "CPTS – Hauts-de-France – modifiées depuis le 01/01/2026"
    assert heading(day, labels) == told
    assert map_address(day) == "/embed/carte?region=32&updated_since=2026-01-01"
    assert source_address(day) == "/regions/32?updated_since=2026-01-01"
    first = Filters({UPDATED_SINCE: datetime(1, 1, 1, tzinfo=PARIS)})
    assert map_address(first) == "/embed/carte?updated_since=0001-01-01"
    moment = Filters({UPDATED_SINCE: datetime(2026, 7, 1, 22, 30, tzinfo=UTC)})
    assert heading(moment, {}) == "CPTS – modifiées depuis le 02/07/2026 à 00:30:00"
    assert map_address(moment) == "/embed/carte?updated_since=2026-07-01T22%3A30%3A00%2B00%3A00"


def test_kept_answers_know_it_in_any_order_and_a_change_is_in_the_next_one(
    client: TestClient, register: Register, bearer: Bearer
) -> None:
    cpts = register("CPTS de Lille", communes=(LILLE,))
    other = register("CPTS de Gap", communes=(GAP,))
    since = client.get(f"/api/v1/cpts/{other}").json()["updated_at"]
    address = f"/api/v1/cpts.geojson?updated_since={since}&region=32"
    first = client.get(address)
    assert first.json()["features"] == []
    again = client.get(f"/api/v1/cpts.geojson?region=32&updated_since={quote(since)}")
    assert again.headers["etag"] == first.headers["etag"]
    unasked = client.get("/api/v1/cpts.geojson?region=32").headers["etag"]
    assert unasked != first.headers["etag"]
    tag = {"If-None-Match": first.headers["etag"]}
    assert client.get(address, headers=tag).status_code == 304
    changed = client.patch(
        f"/api/v1/cpts/{cpts}", json={"name": "Autre nom"}, headers=bearer("admin")
    )
    assert changed.status_code == 200
    answer = client.get(address, headers=tag)
    assert [each["id"] for each in answer.json()["features"]] == [cpts]
    assert answer.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("path", ["/integrer", "/regions/32", "/departements/59"])
def test_forms_offer_it_with_what_is_asked_for(client: TestClient, path: str) -> None:
    page = client.get(f"{path}?updated_since=2026-01-01").text
    assert '<label for="updated_since">Modifiées depuis le</label>' in page
    field = 'type="date" id="updated_since" name="updated_since" value="2026-01-01"'
    assert f"<input {field}" in page


def test_it_is_described(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path in (
        "/api/v1/cpts",
        "/api/v1/cpts.geojson",
        "/api/v1/compositions.csv",
        "/maps/cpts",
    ):
        declared = {each["name"]: each for each in paths[path]["get"]["parameters"]}
        schema = declared["updated_since"]["schema"]
        assert [kind.get("format") for kind in schema["anyOf"]] == ["date", "date-time", None]
        # What a form sends for the field that nobody filled in.
        assert schema["anyOf"][-1] == {"type": "string", "maxLength": 0}
        assert "RFC 3339" in declared["updated_since"]["description"]


class Follower:
    """Keeps a copy as `docs/api.md` says."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.copy: dict[int, dict[str, Any]] = {}

    def follow(self) -> set[int]:
        """Bring the copy up to date; give the ids that came or went."""
        since = max((item["updated_at"] for item in self.copy.values()), default="")
        came = {item["id"]: item for item in listed(self.client, f"updated_since={since}")}
        changed = {key for key, item in came.items() if self.copy.get(key) != item}
        self.copy |= came
        total = self.client.get("/api/v1/cpts?limit=1").json()["number_matched"]
        if total != len(self.copy):
            present = ids(self.client, "limit=10000")
            changed |= self.copy.keys() - present
            self.copy = {key: self.copy[key] for key in present}
        return changed

    def check(self) -> None:
        """See that the copy is what the registry holds."""
        assert self.copy == {item["id"]: item for item in listed(self.client, "limit=10000")}
        assert self.copy


def test_who_follows_misses_nothing(
    client: TestClient, register: Register, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = bearer("admin")
    follower = Follower(client)
    dynamic = register("CPTS dynamique", "dynamique_identifiee", (LILLE, CROIX))
    other = register("CPTS de Gap", communes=(GAP,))
    assert follower.follow() == {dynamic, other}
    assert follower.follow() == set()
    new = register("CPTS de Croix", communes=(CROIX,), supersede=[dynamic])
    assert follower.follow() == {dynamic, new}
    client.patch(f"/api/v1/cpts/{other}", json={"themes": ["diabete"]}, headers=headers)
    assert follower.follow() == {other}
    tomorrow = today() + timedelta(days=1)
    client.put(
        f"/api/v1/cpts/{other}/territory",
        json={"communes": [GAP, "05046"], "effective_on": tomorrow.isoformat()},
        headers=headers,
    )
    born_later = client.post(
        "/api/v1/cpts",
        json={
            "name": "CPTS à venir",
            "stage": "aci_signe",
            "communes": ["04070"],
            "effective_on": tomorrow.isoformat(),
        },
        headers=headers,
    ).json()["id"]
    follower.follow()
    follower.check()
    ended = client.delete(f"/api/v1/cpts/{dynamic}?reason=essai", headers=headers)
    assert ended.status_code == 204
    assert dynamic in follower.follow()
    follower.check()
    assert client.get(f"/api/v1/cpts/{dynamic}").json()["ended_on"]
    monkeypatch.setenv("CPTS_TODAY", tomorrow.isoformat())
    assert follower.follow() == {other, born_later}
    follower.check()


def test_of_another_day_it_keeps_what_has_changed_until_now(
    client: TestClient, register: Register, bearer: Bearer
) -> None:
    day = today() - timedelta(days=10)
    ended = register("CPTS finie", communes=(LILLE,), effective_on=day.isoformat())
    other = register("CPTS de Gap", communes=(GAP,), effective_on=day.isoformat())
    since = client.get(f"/api/v1/cpts/{other}").json()["updated_at"]
    client.delete(f"/api/v1/cpts/{ended}?reason=essai", headers=bearer("admin"))
    later = client.get(f"/api/v1/cpts/{ended}").json()["updated_at"]
    assert later > since
    assert ids(client, f"updated_since={later}") == set()
    assert ids(client, f"updated_since={later}&at={day}") == {ended}
    assert ids(client, f"at={day}") == {ended, other}
