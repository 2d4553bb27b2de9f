"""Members search the directory by what CPTS did, and see what each further choice leaves."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.database.calendar import today
from app.database.sessions import ReadingSession, Sessions, session_scope
from app.directory.search import repository
from app.directory.search.facets import Facts
from app.directory.search.schemas import MembersCptsPage
from app.http.keeping import moment_of

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]
North = dict[str, int]
ADDRESS = "/api/v1/members/cpts"


@pytest.fixture
def ask(client: TestClient, bearer: Bearer, north: North) -> Callable[..., Any]:
    headers = bearer("member")

    def asked(query: str = "", status: int = 200) -> Any:
        answer = client.get(f"{ADDRESS}?{query}", headers=headers)
        assert answer.status_code == status, answer.text
        assert answer.headers["cache-control"] == "no-store"
        return answer.json()

    return asked


def names(answer: Any) -> list[str]:
    return [item["name"].removeprefix("CPTS d").lstrip("eu ") for item in answer["items"]]


def count(answer: Any, facet: str, value: str) -> int:
    [found] = [each["count"] for each in answer["facets"][facet] if each["value"] == value]
    return int(found)


def test_an_item_tells_what_was_done_and_whom_to_call(ask: Callable[..., Any]) -> None:
    answer = ask("theme=diabete&action_state=realise")
    assert names(answer) == ["Lille"]
    [item] = answer["items"]
    assert item["members_count"] == 120
    assert item["presentation"] == "Équipe de coordination ville-hôpital"
    assert (item["confirmed_on"], item["stale"]) == ("2026-06-01", False)
    assert item["actions"][0] == {
        "theme": "diabete",
        "theme_label": "Diabète",
        "mission": "parcours",
        "state": "realise",
        "year": 2024,
        "text": "Dépistages dans les pharmacies",
        "links": ["https://exemple.example/document"],
    }
    assert item["contacts"] == [
        {
            "role": "Coordination",
            "name": "Camille Exemple",
            "email": "camille@lille.example",
            "phone": "0320000001",
        }
    ]
    assert item["reasons"] == ["Action réalisée : Diabète (2024)", "120 membres"]


@pytest.mark.parametrize("query", ["", "near=59350&q=lille&limit=1"])
def test_an_answer_has_what_its_schema_says_and_no_more(
    ask: Callable[..., Any], query: str
) -> None:
    answer = ask(query)
    assert MembersCptsPage.model_validate(answer).model_dump(mode="json") == answer
    assert answer["items"][0]["distance_km"] == (0.0 if query else None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=cardiaques", ["Lille"]),  # a stem, of a theme's name
        ("q=depistage", ["Lille"]),  # a stem without its accent, of a text
        ("q=pharma", ["Lille"]),  # a beginning
        ("q=dépistages pharmacie", ["Lille"]),
        ("q=telesurveilance", ["Lille"]),  # an error of typing
        ("q=Roubaix", ["Roubaix"]),
        ("q=marcq", ["Mélantois"]),  # a commune
        ("q=melantoi", ["Mélantois"]),
        ("q=diabete melantois", ["Mélantois"]),  # each word somewhere else
        ("q=introuvablement", []),
        ("q=!!!", []),
        ("theme=diabete", ["Lille", "Mélantois"]),
        ("theme=diabete,insuffisance_cardiaque&theme_match=all", ["Lille"]),
        ("theme=diabete,chutes&theme_match=any&sort=name", ["Lille", "Roubaix", "Mélantois"]),
        ("theme=diabete&action_state=en_projet", ["Mélantois"]),
        ("mission=prevention", ["Lille"]),
        ("mission=prevention,parcours&theme_match=all", ["Lille"]),
        ("action_state=en_cours,en_projet&sort=name", ["Lille", "Mélantois"]),
        ("members_min=100", ["Lille"]),
        ("members_max=100", ["Mélantois"]),
        ("members_min=40&members_max=120&sort=name", ["Lille", "Mélantois"]),
        ("region=93", ["Nice"]),
        ("stage=association_creee", ["Roubaix"]),
        ("near=59378&within_km=4&sort=distance", ["Mélantois", "Lille"]),
        ("near=06088&sort=distance&limit=1", ["Nice"]),
        ("sort=population&limit=1", ["Nice"]),
        ("bbox=7,43,8,44", ["Nice"]),
        ("bbox=7,43,8,44&updated_since=2020-01-01", ["Nice"]),
        ("bbox=7,43,8,44&updated_since=2100-01-01", []),
        ("q=Nice&region=32", []),
    ],
)
def test_filters_find(ask: Callable[..., Any], query: str, expected: list[str]) -> None:
    answer = ask(query)
    assert names(answer) == expected
    assert answer["number_matched"] >= len(expected)


def test_stale_sheets_come_last_unless_another_order_is_asked(ask: Callable[..., Any]) -> None:
    assert names(ask()) == ["Lille", "Mélantois", "Nice", "Roubaix"]
    assert [item["stale"] for item in ask()["items"]] == [False, False, True, True]
    assert names(ask("sort=name")) == ["Lille", "Nice", "Roubaix", "Mélantois"]


QUESTIONS = {
    "region": ("", "32", "93"),
    "stage": ("", "aci_signe"),
    "theme": ("", "diabete", "diabete,chutes"),
    "theme_match": ("", "all"),
    "mission": ("", "prevention"),
    "action_state": ("", "realise", "en_cours,en_projet"),
    "q": ("", "lille"),
}
COUNTED = ("region", "department", "stage", "tier", "theme", "mission", "action_state")


def test_a_count_is_what_remains_with_that_choice_in_its_filter_instead(
    ask: Callable[..., Any],
) -> None:
    tried = 0
    for number, values in enumerate(product(*QUESTIONS.values())):
        if number % 37:  # a part of all, of every kind
            continue
        asked = dict(zip(QUESTIONS, values, strict=True))
        answer = ask("&".join(f"{name}={value}" for name, value in asked.items()))
        for facet in COUNTED:
            for choice in answer["facets"][facet]:
                if choice["count"] == 0 and facet != "stage":
                    continue
                if facet == "department" and choice["value"] not in ("59", "06", "2A"):
                    continue
                with_it = {**asked, facet: choice["value"]}
                query = "&".join(f"{name}={value}" for name, value in with_it.items())
                told = ask(f"{query}&limit=1")["number_matched"]
                assert told == choice["count"], (query, choice)
                tried += 1
    assert tried > 60


def test_the_answer_follows_a_change_of_a_sheet_at_once(
    ask: Callable[..., Any], engine: Engine, north: North
) -> None:
    assert count(ask(), "theme", "sommeil") == 0
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO cpts_action (cpts_id, theme_slug, state)"
                " VALUES (:id, 'sommeil', 'en_cours')"
            ),
            {"id": north["CPTS de Nice"]},
        )
    assert count(ask(), "theme", "sommeil") == 1
    [item] = ask("theme=sommeil")["items"]
    assert item["name"] == "CPTS de Nice"
    assert [action["theme"] for action in item["actions"]] == ["sommeil"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("theme=inconnu", "theme"),
        ("mission=inconnue", "mission"),
        ("action_state=fini", "action_state"),
        ("theme_match=most", "theme_match"),
        ("tier=grande", "tier"),
        ("region=00", "region"),
        ("near=99999", "near"),
        ("near=Lille", "near"),
        ("within_km=20", "within_km"),
        ("near=59350&within_km=nan", "within_km"),
        ("near=59350&within_km=-1", "within_km"),
        ("near=59350&within_km=1e999", "within_km"),
        ("sort=distance", "sort"),
        ("sort=random", "sort"),
        ("members_min=many", "members_min"),
        ("members_max=-1", "members_max"),
        ("limit=10001", "limit"),
        ("what=ever", "what"),
    ],
)
def test_what_is_wrong_is_refused_by_name(
    ask: Callable[..., Any], query: str, parameter: str
) -> None:
    problem = ask_problem(ask, query)
    assert problem["code"] == "invalid"
    assert problem["errors"][0]["loc"][-1] == parameter, problem
    assert problem["errors"][0]["accepted"], problem


def ask_problem(ask: Callable[..., Any], query: str) -> Any:
    try:
        return ask(query, status=422)
    except KeyError:  # a refusal before the endpoint has no directive of its own
        raise AssertionError(query) from None


FIELDS = (
    "q", "near", "theme", "mission", "action_state", "region", "tier", "stage", "department",
    "within_km", "members_min", "sort", "at",
)  # fmt: skip
HOSTILE = (
    "'; DROP TABLE cpts; --", "1) OR (1=1", "%' OR '%'='", "\\", "😀", "a" * 201, "':*",
)  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_sql_in_a_filter_is_only_text(
    client: TestClient, bearer: Bearer, north: North, hostile: str
) -> None:
    for name in FIELDS:
        answer = client.get(ADDRESS, params={name: hostile}, headers=bearer("member"))
        assert answer.status_code in (200, 422), (name, answer.text)
        if answer.status_code == 200:
            assert name == "q"
            assert answer.json()["number_matched"] == 0
    assert client.get(ADDRESS, headers=bearer("member")).json()["number_matched"] == 4


def test_pages_follow_each_other(
    client: TestClient, bearer: Bearer, ask: Callable[..., Any]
) -> None:
    address = f"{ADDRESS}?limit=3"
    told = []
    while address:
        answer = client.get(address, headers=bearer("member")).json()
        told += names(answer)
        [address] = [link["href"] for link in answer["links"] if link["rel"] == "next"] or [""]
    assert told == names(ask())


def test_one_cpts_is_told_with_its_communes(
    client: TestClient, bearer: Bearer, north: North
) -> None:
    number = north["CPTS de Lille"]
    item = client.get(f"{ADDRESS}/{number}", headers=bearer("ars", region="93")).json()
    assert item["communes"][0]["code"] == "59350"
    assert item["contacts"][0]["name"] == "Camille Exemple"
    assert client.get(f"{ADDRESS}/987654", headers=bearer("member")).status_code == 404


def test_comparable_ones_say_why(client: TestClient, bearer: Bearer, north: North) -> None:
    number = north["CPTS du Mélantois"]
    answer = client.get(f"{ADDRESS}/{number}/similar", headers=bearer("member")).json()
    assert names(answer)[-1] == "Nice"
    [lille] = [item for item in answer["items"] if item["name"] == "CPTS de Lille"]
    assert "Un thème en commun : Diabète" in lille["reasons"]
    assert "Territoire voisin" in lille["reasons"]
    assert number not in [item["id"] for item in answer["items"]]


def test_a_visitor_is_told_nothing(client: TestClient, north: North) -> None:
    for address in (ADDRESS, f"{ADDRESS}/1", f"{ADDRESS}/1/similar"):
        answer = client.get(address)
        assert answer.status_code == 401
        assert answer.json()["code"] == "unauthenticated"
        assert "Camille" not in answer.text


def test_the_first_and_the_last_day_of_the_calendar_are_days_like_others(
    ask: Callable[..., Any],
) -> None:
    for day in ("0001-01-01", "0001-12-31", "9999-12-31"):
        ask(f"at={day}")


def test_threads_that_ask_at_once_read_the_facts_of_a_day_once(
    north: North, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = repository._read_facts
    begun: list[date] = []

    def slowly(session: ReadingSession, day: date) -> Facts:
        begun.append(day)
        time.sleep(0.2)
        return read(session, day)

    monkeypatch.setattr(repository, "_read_facts", slowly)
    days = [today(), today() + timedelta(days=1)]

    snapshots = Sessions.on(engine).read

    def ask_for(day: date) -> int:
        with snapshots() as session:
            return len(repository.facts_of(session, moment_of(session, day)).ids)

    with ThreadPoolExecutor(8) as threads:
        counted = list(threads.map(ask_for, days * 4))
    assert counted == [len(north)] * 8
    assert sorted(begun) == days


def test_facts_that_could_not_be_read_are_read_by_whoever_is_next(
    north: North, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_session: ReadingSession, _day: date) -> Facts:
        raise LookupError

    day = today() + timedelta(days=2)
    snapshots = Sessions.on(engine).read
    with monkeypatch.context() as patched, snapshots() as session:
        patched.setattr(repository, "_read_facts", fails)
        with pytest.raises(LookupError):
            repository.facts_of(session, moment_of(session, day))
    with snapshots() as session:
        facts = repository.facts_of(session, moment_of(session, day))
        assert len(facts.ids) == len(north)


# What PostGIS says of it.
KILOMETRES = text("""
    SELECT t.cpts_id,
           ST_DistanceSphere(ST_ClosestPoint(t.geom_country, p.point), p.point) / 1000
    FROM cpts_territory t
    CROSS JOIN (SELECT ST_PointOnSurface(m.geom_country) AS point
                FROM commune m WHERE m.code = :code) p
""")


@pytest.mark.parametrize("code", ["59350", "59378", "62041", "06088", "75104", "97411"])
def test_distances_are_those_of_postgis(north: North, engine: Engine, code: str) -> None:
    with session_scope(engine) as session:
        found = repository.near(session, code, moment_of(session, today()))
        expected = {row[0]: row[1] for row in session.execute(KILOMETRES, {"code": code})}
    assert found is not None
    assert found.km == pytest.approx(expected, abs=1e-6)
    assert len(found.km) == len(north)
