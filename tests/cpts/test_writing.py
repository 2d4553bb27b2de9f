"""Writing to the registry, through HTTP on real PostGIS."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.database.calendar import today
from tests.administration import administration

LILLE, MARCQ, MONS, RONCHIN = "59350", "59378", "59410", "59507"
NICE = "06088"

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]


def post(client: TestClient, headers: dict[str, str], **body: Any) -> Any:
    wanted = {"name": "CPTS d'essai", "stage": "aci_signe", "communes": [LILLE]} | body
    return client.post("/api/v1/cpts", json=wanted, headers=headers)


def put(
    client: TestClient, headers: dict[str, str], cpts_id: int, communes: list[str], **more: Any
) -> Any:
    return client.put(
        f"/api/v1/cpts/{cpts_id}/territory", json={"communes": communes} | more, headers=headers
    )


def holders(engine: Engine, day: date | None = None) -> dict[str, int]:
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT commune_code, cpts_id FROM claim WHERE held @> CAST(:day AS date)"),
            {"day": day or today()},
        )
        return {row.commune_code: row.cpts_id for row in rows}


def test_a_cpts_is_registered_with_what_follows_from_its_communes(
    client: TestClient, bearer: Bearer
) -> None:
    response = post(
        client,
        bearer("admin"),
        communes=[LILLE, MARCQ],
        acronym="CLM",
        finess="590000001",
        themes=["diabete", "soins_non_programmes"],
        website="https://clm.example",
        email="contact@clm.example",
        phone="03 20 00 00 00",
        address="1 rue de l'Essai, 59000 Lille",
        stage_since="2024-05-02",
    )
    assert response.status_code == 201
    created = response.json()
    assert response.headers["Location"] == f"/api/v1/cpts/{created['id']}"
    assert created["stage"] == "aci_signe"
    assert created["stage_since"] == "2024-05-02"
    assert created["commune_count"] == 2
    assert [commune["code"] for commune in created["communes"]] == [LILLE, MARCQ]
    assert created["population"] == sum(c["population"] for c in created["communes"]) > 250_000
    assert created["tier"] == 4
    assert created["departments"] == ["59"]
    assert created["regions"] == ["32"]
    assert created["lead_department"] == "59"
    assert [theme["slug"] for theme in created["themes"]] == ["soins_non_programmes", "diabete"]
    assert created["demonstration"] is False
    read = client.get(f"/api/v1/cpts/{created['id']}").json()
    assert {key: created[key] for key in read} == read


def test_a_held_commune_is_refused_with_every_conflict_and_nothing_is_written(
    client: TestClient, bearer: Bearer, register: Register, engine: Engine
) -> None:
    first = register("CPTS Une", communes=(LILLE, MARCQ))
    second = register("CPTS Deux", "dynamique_identifiee", communes=(MONS,))
    before = holders(engine)
    response = post(client, bearer("admin"), communes=[LILLE, MARCQ, MONS, RONCHIN])
    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] == "territory-overlap"
    assert problem["status"] == 409
    assert [(c["commune"]["code"], c["cpts"]["id"]) for c in problem["conflicts"]] == [
        (LILLE, first),
        (MARCQ, first),
        (MONS, second),
    ]
    assert problem["conflicts"][2] == {
        "commune": {"code": MONS, "name": "Mons-en-Barœul"},
        "cpts": {
            "id": second,
            "name": "CPTS Deux",
            "stage": "dynamique_identifiee",
            "demonstration": False,
        },
        "held_from": today().isoformat(),
        "held_until": None,
    }
    assert holders(engine) == before
    assert client.get("/api/v1/cpts").json()["number_matched"] == 2


def test_plain_sql_cannot_make_two_cpts_hold_a_commune(
    register: Register, engine: Engine
) -> None:
    first = register("CPTS Une", communes=(LILLE,))
    second = register("CPTS Deux", communes=(MARCQ,))
    assert first != second
    with (
        engine.connect() as connection,
        pytest.raises(Exception, match="claim_commune_held_once"),
    ):
        connection.execute(
            text("UPDATE claim SET commune_code = :lille WHERE cpts_id = :second"),
            {"lille": LILLE, "second": second},
        )


def test_derived_rows_follow_plain_sql_and_are_never_written_directly(
    client: TestClient, register: Register, engine: Engine
) -> None:
    cpts = register("CPTS Une", communes=(LILLE, MARCQ))
    with engine.begin() as connection:
        connection.execute(
            text("DELETE FROM claim WHERE commune_code = :lille"), {"lille": LILLE}
        )
    assert client.get(f"/api/v1/cpts/{cpts}").json()["commune_count"] == 1
    for statement in (
        "UPDATE cpts_territory SET population = 1",
        "DELETE FROM cpts_territory",
        "TRUNCATE cpts_territory",
    ):
        with (
            pytest.raises(Exception, match="derived from claim"),
            administration(engine) as connection,
        ):
            connection.execute(text(statement))


def test_unknown_communes_are_refused_and_all_are_named(
    client: TestClient, bearer: Bearer
) -> None:
    response = post(client, bearer("admin"), communes=[LILLE, "99999", "59000", "abc"])
    assert response.status_code == 422
    problem = response.json()
    assert problem["code"] == "invalid"
    assert [error["given"] for error in problem["errors"]] == ["99999", "59000", "abc"]


def test_a_former_code_is_translated_and_the_answer_says_so(
    client: TestClient, bearer: Bearer
) -> None:
    # Lomme is an associated commune of Lille.
    response = post(client, bearer("admin"), communes=["59355"])
    assert response.status_code == 201
    assert [commune["code"] for commune in response.json()["communes"]] == [LILLE]
    assert response.json()["translated_communes"] == [{"given": "59355", "communes": [LILLE]}]


@pytest.mark.parametrize(
    ("city", "count", "first"),
    [("75056", 20, "75101"), ("69123", 9, "69381"), ("13055", 16, "13201")],
)
def test_the_code_of_a_city_means_all_its_arrondissements(
    client: TestClient, bearer: Bearer, city: str, count: int, first: str
) -> None:
    response = post(client, bearer("admin"), communes=[city])
    assert response.status_code == 201
    assert response.json()["commune_count"] == count
    assert response.json()["communes"][0]["code"] == first


def test_arrondissements_of_one_city_may_belong_to_several_cpts(register: Register) -> None:
    assert register("CPTS Nord", communes=("13213", "13214")) != register(
        "CPTS Sud", communes=("13208",)
    )


def test_a_territory_may_cross_departments_and_regions(
    client: TestClient, bearer: Bearer
) -> None:
    # Soissons (02, Hauts-de-France) and Villers-Cotterêts beside La Ferté-Milon and Crouy (77).
    response = post(client, bearer("admin"), communes=["02722", "77284"])
    assert response.status_code == 201
    assert response.json()["departments"] == ["02", "77"]
    assert response.json()["regions"] == ["11", "32"]
    assert response.json()["lead_department"] == "77"


def test_mayotte_keeps_the_year_of_its_own_census(client: TestClient, bearer: Bearer) -> None:
    created = post(client, bearer("admin"), communes=["97611"]).json()
    assert created["population_year"] == 2017
    mixed = post(client, bearer("admin"), name="CPTS mêlée", communes=["97608", LILLE]).json()
    assert mixed["population_year"] == 2023
    assert "(2017)" in mixed["population_note"]


def test_a_dynamic_may_have_no_commune_and_a_null_geometry(
    client: TestClient, bearer: Bearer
) -> None:
    response = post(client, bearer("editor"), stage="dynamique_identifiee", communes=[])
    assert response.status_code == 201
    feature = client.get(f"/api/v1/cpts/{response.json()['id']}.geojson").json()
    assert feature["geometry"] is None
    assert post(client, bearer("admin"), communes=[]).status_code == 422


def test_a_named_dynamic_gives_way_to_a_later_stage(
    client: TestClient, bearer: Bearer, register: Register, engine: Engine
) -> None:
    dynamic = register("CPTS naissante", "dynamique_identifiee", communes=(LILLE, MARCQ))
    refused = post(client, bearer("admin"), communes=[LILLE])
    assert refused.status_code == 409
    accepted = post(client, bearer("admin"), communes=[LILLE], supersede=[dynamic])
    assert accepted.status_code == 201
    assert holders(engine) == {LILLE: accepted.json()["id"], MARCQ: dynamic}
    actions = [
        entry["action"]
        for entry in client.get(
            f"/api/v1/cpts/{dynamic}/history", headers=bearer("admin")
        ).json()["items"]
    ]
    assert actions == ["created", "superseded"]


def test_a_recognised_cpts_is_never_superseded(
    client: TestClient, bearer: Bearer, register: Register
) -> None:
    holder = register("CPTS reconnue", "lettre_intention_validee", communes=(LILLE,))
    response = post(client, bearer("admin"), communes=[LILLE], supersede=[holder])
    assert response.status_code == 409
    assert post(client, bearer("admin"), communes=[MONS], supersede=[10**9]).status_code == 422


def test_a_claim_of_tomorrow_is_counted_today_and_shown_tomorrow(
    client: TestClient, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = today() + timedelta(days=1)
    response = post(client, bearer("admin"), effective_on=tomorrow.isoformat())
    assert response.status_code == 201
    assert client.get("/api/v1/cpts").json()["number_matched"] == 0
    assert post(client, bearer("admin"), name="CPTS pressée").status_code == 409
    at_tomorrow = client.get("/api/v1/cpts", params={"at": tomorrow.isoformat()})
    assert at_tomorrow.json()["number_matched"] == 1
    monkeypatch.setenv("CPTS_TODAY", tomorrow.isoformat())
    assert client.get("/api/v1/cpts").json()["number_matched"] == 1


def test_history_is_recorded_in_the_past_by_ars_and_admin_only(
    client: TestClient, bearer: Bearer
) -> None:
    past = {"effective_on": "2022-03-01", "stage": "dynamique_identifiee"}
    assert post(client, bearer("editor"), **past).status_code == 403
    created = post(client, bearer("ars", region="32"), **past)
    assert created.status_code == 201
    shown = client.get("/api/v1/cpts", params={"at": "2022-03-01"}).json()
    assert [item["population"] for item in shown["items"]] == [created.json()["population"]]
    assert client.get("/api/v1/cpts", params={"at": "2022-02-28"}).json()["items"] == []


def test_a_territory_is_replaced_from_its_date_and_kept_before(
    client: TestClient, bearer: Bearer, engine: Engine
) -> None:
    admin = bearer("admin")
    cpts = post(client, admin, communes=[LILLE, MARCQ], effective_on="2023-01-01").json()["id"]
    response = put(client, admin, cpts, [LILLE, MONS], effective_on="2024-01-01")
    assert response.status_code == 200
    assert holders(engine, date(2023, 12, 31)) == {LILLE: cpts, MARCQ: cpts}
    assert holders(engine, date(2024, 1, 1)) == {LILLE: cpts, MONS: cpts}
    # Taken back, a commune is held without interruption again.
    put(client, admin, cpts, [LILLE, MARCQ], effective_on="2024-01-01")
    with engine.connect() as connection:
        periods = connection.execute(
            text("SELECT commune_code, CAST(held AS text) FROM claim ORDER BY 1")
        )
        assert [tuple(row) for row in periods] == [
            (LILLE, "[2023-01-01,)"),
            (MARCQ, "[2023-01-01,)"),
        ]


def test_the_same_territory_again_changes_nothing(
    client: TestClient, bearer: Bearer, register: Register
) -> None:
    cpts = register("CPTS Une", communes=(LILLE, MARCQ))
    before = client.get(f"/api/v1/cpts/{cpts}").json()
    assert put(client, bearer("admin"), cpts, [MARCQ, LILLE]).status_code == 200
    assert client.get(f"/api/v1/cpts/{cpts}").json() == before
    answer = client.get(f"/api/v1/cpts/{cpts}/history", headers=bearer("ars", region="32"))
    assert answer.json()["number_matched"] == 1
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_stage_advances_and_never_goes_back_but_by_a_correction(
    client: TestClient, bearer: Bearer, register: Register
) -> None:
    cpts = register(
        "CPTS Une",
        "lettre_intention_validee",
        communes=(LILLE,),
        stage_since="2025-01-15",
    )
    url = f"/api/v1/cpts/{cpts}"
    ars, admin = bearer("ars", region="32"), bearer("admin")
    advanced = client.patch(url, json={"stage": "aci_signe"}, headers=ars)
    assert advanced.status_code == 200
    assert advanced.json()["stage_since"] == today().isoformat()
    assert (
        client.get(url, params={"at": "2025-02-01"}).json()["stage"]
        == "lettre_intention_validee"
    )
    back = {"stage": "lettre_intention_validee"}
    for headers, body in ((ars, back), (ars, back | {"reason": "erreur"}), (admin, back)):
        refused = client.patch(url, json=body, headers=headers)
        assert refused.status_code == 409
        assert refused.json()["code"] == "stage-regression"
    corrected = client.patch(url, json=back | {"reason": "saisie erronée"}, headers=admin)
    assert corrected.json()["stage_since"] == "2025-01-15"
    last = client.get(f"{url}/history", headers=admin).json()["items"][-1]
    assert last["reason"] == "saisie erronée"
    assert last["actor"] == "essai admin"
    assert set(last["before"]["stages"]) == {"lettre_intention_validee", "aci_signe"}
    assert set(last["after"]["stages"]) == {"lettre_intention_validee"}


def test_an_ended_cpts_frees_its_communes_and_keeps_its_history(
    client: TestClient, bearer: Bearer, engine: Engine
) -> None:
    admin = bearer("admin")
    cpts = post(client, admin, effective_on="2023-01-01").json()["id"]
    url = f"/api/v1/cpts/{cpts}"
    assert (
        client.delete(url, params={"reason": "contrat résilié"}, headers=admin).status_code
        == 204
    )
    assert client.delete(url, headers=admin).status_code == 204
    assert holders(engine) == {}
    ended = client.get(url)
    assert ended.status_code == 200
    assert ended.json()["ended_on"] == today().isoformat()
    assert client.get("/api/v1/cpts").json()["items"] == []
    shown = client.get("/api/v1/cpts", params={"at": "2025-06-01"}).json()
    assert [item["id"] for item in shown["items"]] == [cpts]
    assert post(client, admin).status_code == 201
    assert client.patch(url, json={"name": "Autre"}, headers=admin).status_code == 422
    history = client.get(f"{url}/history", headers=admin).json()
    assert [entry["action"] for entry in history["items"]] == ["created", "ended"]


def test_if_match_refuses_a_write_on_a_state_that_has_changed(
    client: TestClient, bearer: Bearer, register: Register
) -> None:
    cpts = register("CPTS Une", communes=(LILLE,))
    url, admin = f"/api/v1/cpts/{cpts}", bearer("admin")
    for coding in ("identity", "gzip", "br"):
        tag = client.get(url, headers={"Accept-Encoding": coding}).headers["etag"]
        headers = admin | {"If-Match": tag}
        assert client.patch(url, json={"acronym": coding}, headers=headers).status_code == 200
        stale = client.patch(url, json={"acronym": "trop tard"}, headers=headers)
        assert stale.status_code == 412
        assert stale.json()["code"] == "stale-write"
    assert client.get(url).json()["acronym"] == "br"


def test_a_patch_empties_with_null_and_leaves_the_rest(
    client: TestClient, bearer: Bearer, register: Register
) -> None:
    cpts = register("CPTS Une", communes=(LILLE,), acronym="CU", website="https://une.example")
    url, admin = f"/api/v1/cpts/{cpts}", bearer("admin")
    patched = client.patch(url, json={"acronym": None, "themes": ["hpv"]}, headers=admin).json()
    assert patched["acronym"] is None
    assert patched["website"] == "https://une.example"
    assert [theme["slug"] for theme in patched["themes"]] == ["hpv"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"stage": "fini"}, "stage"),
        ({"themes": ["jardinage"]}, "themes"),
        ({"name": "  "}, "name"),
        ({"name": "a\x07b"}, "name"),
        ({"name": None}, "name"),
        ({"finess": "12"}, "finess"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"email": "sans arobase"}, "email"),
        ({"communes": "59350"}, "communes"),
        ({"communes": [59350]}, "communes"),
        ({"communes": ["59350"] * 5001}, "communes"),
        ({"effective_on": "hier"}, "effective_on"),
        ({"effective_on": "0001-01-01"}, "effective_on"),
        ({"stage_since": "2999-01-01"}, "stage_since"),
        ({"supersede": ["x"]}, "supersede"),
        ({"supersede": [2**70]}, "supersede"),
        ({"couleur": "rouge"}, "couleur"),
    ],
)
def test_a_wrong_member_is_named(
    client: TestClient, bearer: Bearer, change: dict[str, Any], named: str
) -> None:
    response = post(client, bearer("admin"), **change)
    assert response.status_code == 422, response.text
    assert any(named in error["loc"] for error in response.json()["errors"])
    assert client.get("/api/v1/cpts").json()["number_matched"] == 0


def test_a_finess_number_belongs_to_one_living_cpts(
    client: TestClient, bearer: Bearer, register: Register
) -> None:
    first = register("CPTS Une", communes=(LILLE,), finess="590000001")
    admin = bearer("admin")
    twice = post(client, admin, name="CPTS Deux", communes=[MARCQ], finess="590000001")
    assert twice.status_code == 422
    assert twice.json()["errors"][0]["loc"][-1] == "finess"
    client.delete(f"/api/v1/cpts/{first}", headers=admin)
    again = post(client, admin, name="CPTS Deux", communes=[MARCQ], finess="590000001")
    assert again.status_code == 201


def test_each_kind_of_caller_is_let_in_or_kept_out(
    client: TestClient, bearer: Bearer, register: Register
) -> None:
    cpts = register("CPTS Une", communes=(LILLE,))
    url = f"/api/v1/cpts/{cpts}"
    anonymous: dict[str, str] = {}
    unknown = {"Authorization": "Bearer cpts_inconnu"}
    member, stranger = bearer("member"), bearer("editor")
    editor = bearer("editor", cpts=cpts)
    here, elsewhere, admin = (
        bearer("ars", region="32"),
        bearer("ars", region="93"),
        bearer("admin"),
    )

    def statuses(call: Callable[[dict[str, str]], Any]) -> list[int]:
        callers = (anonymous, unknown, member, stranger, editor, elsewhere, here, admin)
        return [call(headers).status_code for headers in callers]

    assert statuses(lambda h: client.patch(url, json={"acronym": "X"}, headers=h)) == [
        401,
        401,
        403,
        403,
        200,
        403,
        200,
        200,
    ]
    assert statuses(
        lambda h: client.patch(url, json={"stage_since": "2020-01-01"}, headers=h)
    ) == [
        401,
        401,
        403,
        403,
        403,
        403,
        200,
        200,
    ]
    assert statuses(lambda h: put(client, h, cpts, [LILLE])) == [
        401,
        401,
        403,
        403,
        403,
        403,
        200,
        200,
    ]
    assert statuses(lambda h: client.get(f"{url}/history", headers=h)) == [
        401,
        401,
        403,
        200,
        200,
        200,
        200,
        200,
    ]
    # The lead department is the Alpes-Maritimes, in the other ARS's region.
    assert statuses(lambda h: post(client, h, name="N", communes=[NICE, LILLE])) == [
        401,
        401,
        403,
        403,
        403,
        409,
        403,
        409,
    ]
    assert statuses(lambda h: client.delete(url, headers=h)) == [
        401,
        401,
        403,
        403,
        403,
        403,
        403,
        204,
    ]


def test_a_revoked_token_is_worth_nothing(
    client: TestClient, bearer: Bearer, engine: Engine
) -> None:
    admin = bearer("admin")
    with engine.begin() as connection:
        connection.execute(text("UPDATE api_token SET revoked_at = now()"))
    assert post(client, admin).status_code == 401


def test_an_unknown_cpts_is_not_found(client: TestClient, bearer: Bearer) -> None:
    admin = bearer("admin")
    assert put(client, admin, 999, [LILLE]).status_code == 404
    assert client.patch("/api/v1/cpts/999", json={}, headers=admin).status_code == 404
    assert client.delete("/api/v1/cpts/999", headers=admin).status_code == 404
    assert client.get("/api/v1/cpts/999/history", headers=admin).status_code == 404


@pytest.mark.parametrize("website", ["http://[::1", "https:///page", "javascript:alert(1)"])
def test_a_website_without_a_readable_host_is_refused(
    client: TestClient, bearer: Bearer, website: str
) -> None:
    answer = post(client, bearer("admin"), website=website)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["body", "website"]
