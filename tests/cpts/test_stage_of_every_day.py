"""A CPTS has a stage on every day on which it holds a commune."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from app.cpts.verification.service import verify
from app.database.sessions import snapshot_scope
from app.progress import SilentProgress
from tests.administration import administration

LILLE, MARCQ = "59350", "59378"

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]


def patch(client: TestClient, headers: dict[str, str], cpts: int, **body: Any) -> Any:
    return client.patch(f"/api/v1/cpts/{cpts}", json=body, headers=headers)


@pytest.fixture
def since_2020(register: Register) -> int:
    return register(
        "CPTS de 2020", communes=(LILLE,), effective_on="2020-03-01", stage_since="2019-05-02"
    )


def stage_on(client: TestClient, cpts: int, day: str) -> str | None:
    answer = client.get(f"/api/v1/cpts/{cpts}", params={"at": day}).json()
    stage: str | None = answer["stage"]
    return stage


def test_the_only_stage_is_not_dated_after_the_first_commune(
    client: TestClient, bearer: Bearer, since_2020: int
) -> None:
    admin = bearer("admin")
    refused = patch(client, admin, since_2020, stage_since="2020-03-02", reason="erreur")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["loc"] == ["body", "stage_since"]
    assert "01/03/2020" in refused.json()["detail"]
    moved = patch(client, admin, since_2020, stage_since="2020-03-01", reason="erreur")
    assert moved.status_code == 200
    assert stage_on(client, since_2020, "2020-03-01") == "aci_signe"


def test_a_stage_taken_back_to_the_only_one_covers_every_day_with_communes(
    client: TestClient, bearer: Bearer, since_2020: int
) -> None:
    admin = bearer("admin")
    body = {"stage": "association_creee", "reason": "erreur de saisie"}
    refused = patch(client, admin, since_2020, stage_since="2021-01-01", **body)
    assert refused.status_code == 422
    assert patch(client, admin, since_2020, **body).status_code == 200
    for day in ("2019-05-02", "2020-03-01", "2026-01-01"):
        assert stage_on(client, since_2020, day) == "association_creee"


def test_a_later_stage_may_be_dated_after_the_first_commune(
    client: TestClient, bearer: Bearer, register: Register
) -> None:
    cpts = register(
        "CPTS", "dynamique_identifiee", communes=(LILLE,), effective_on="2020-03-01"
    )
    admin = bearer("admin")
    for stage, since in (
        ("lettre_intention_validee", "2021-01-01"),
        # Two stages on one day: the more advanced is that of the day.
        ("association_creee", "2021-01-01"),
    ):
        answer = patch(client, admin, cpts, stage=stage, stage_since=since)
        assert answer.status_code == 200, answer.text
    assert stage_on(client, cpts, "2020-12-31") == "dynamique_identifiee"
    assert stage_on(client, cpts, "2021-01-01") == "association_creee"


def test_of_two_stages_on_one_day_the_first_may_not_leave_the_communes_behind(
    client: TestClient, bearer: Bearer, register: Register
) -> None:
    cpts = register(
        "CPTS", "lettre_intention_validee", communes=(LILLE,), effective_on="2021-01-01"
    )
    admin = bearer("admin")
    assert (
        patch(client, admin, cpts, stage="aci_signe", stage_since="2021-01-01").status_code
        == 200
    )
    # The later of them may move: the other still covers the day.
    assert patch(client, admin, cpts, stage_since="2022-01-01").status_code == 200
    assert stage_on(client, cpts, "2021-06-01") == "lettre_intention_validee"


def test_without_communes_a_stage_may_be_dated_at_will(
    client: TestClient, bearer: Bearer, register: Register
) -> None:
    cpts = register("Dynamique", "dynamique_identifiee", effective_on="2020-03-01")
    assert patch(client, bearer("admin"), cpts, stage_since="2021-03-01").status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE cpts_stage SET since = '2021-01-01'",
        "DELETE FROM cpts_stage",
        "UPDATE claim SET held = daterange('2018-01-01', NULL)",
        """INSERT INTO claim (cpts_id, commune_code, held)
           SELECT id, '59378', daterange('2018-01-01', '2018-02-01') FROM cpts""",
    ],
)
def test_plain_sql_cannot_leave_communes_without_a_stage(
    engine: Engine, since_2020: int, change: str
) -> None:
    with (
        pytest.raises(IntegrityError, match="before its first stage"),
        engine.begin() as connection,
    ):
        connection.execute(text(change))
    assert since_2020
    with snapshot_scope(engine) as session:
        assert verify(session, SilentProgress()) == []


def test_plain_sql_may_write_stages_and_claims_in_either_order(
    engine: Engine, since_2020: int
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE claim SET held = daterange('2018-01-01', NULL) WHERE cpts_id = :id"),
            {"id": since_2020},
        )
        connection.execute(
            text("UPDATE cpts_stage SET since = '2018-01-01' WHERE cpts_id = :id"),
            {"id": since_2020},
        )
    with snapshot_scope(engine) as session:
        assert verify(session, SilentProgress()) == []


def test_the_verification_names_who_holds_communes_before_a_stage(
    engine: Engine, since_2020: int
) -> None:
    with administration(engine) as connection:
        connection.execute(text("ALTER TABLE cpts_stage DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE cpts_stage SET since = '2021-01-01'"))
        connection.execute(text("ALTER TABLE cpts_stage ENABLE TRIGGER USER"))
    with snapshot_scope(engine) as session:
        drifts = verify(session, SilentProgress())
    named = [drift for drift in drifts if "avant son premier stade" in drift]
    assert len(named) == 1
    assert named[0].startswith(f"CPTS {since_2020} ")


def test_the_stage_of_a_holder_that_starts_later_is_that_of_its_first_day(
    client: TestClient, bearer: Bearer, register: Register
) -> None:
    holder = register(
        "CPTS à venir", "association_creee", communes=(LILLE,), effective_on="2190-01-01"
    )
    answer = client.post(
        "/api/v1/cpts",
        json={"name": "Autre", "stage": "aci_signe", "communes": [LILLE]},
        headers=bearer("admin"),
    )
    assert answer.status_code == 409
    [conflict] = answer.json()["conflicts"]
    assert conflict["cpts"]["id"] == holder
    assert conflict["cpts"]["stage"] == "association_creee"
    assert (conflict["held_from"], conflict["held_until"]) == ("2190-01-01", None)
