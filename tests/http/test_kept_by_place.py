"""What is kept stays beyond changes that it does not show, and never beyond one that it shows.

Changes and questions are drawn at random, over departments and regions that touch, through
several workers that keep answers; whatever they say is compared with what an application says
that keeps nothing. `./cpts test --endurance` asks 20 000 times.
"""

import os
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from app.database.calendar import today
from app.database.sessions import Sessions
from app.http.dependence import DEPENDENCES
from app.http.questions import routes_of
from app.instruments import KEPT_HITS
from app.main import create_app
from app.settings import Settings
from tests.conftest import Register
from tests.endurance.conftest import SHARE

DEPARTMENTS = ("05", "26", "38", "59")
REGIONS = ("93", "84", "32")
STAGES = ("dynamique_identifiee", "lettre_intention_validee", "association_creee")
THEMES = ("diabete", "hpv", "chutes")
GAP, LILLE = "05061", "59350"


def days() -> tuple[str, ...]:
    """A day of the past, today's eve, and a day to come."""
    return tuple((today() + timedelta(days=shift)).isoformat() for shift in (-400, -1, 40))


def border_communes(connection: Connection) -> list[str]:
    """Communes on both sides of the borders between the departments, and a city far away."""
    found = connection.execute(
        text(
            "SELECT n.commune_code FROM commune_neighbour n"
            " JOIN commune a ON a.code = n.commune_code"
            " JOIN commune b ON b.code = n.neighbour_code"
            " WHERE a.department_code <> b.department_code"
            " AND a.department_code = ANY(:codes) AND b.department_code = ANY(:codes)"
            " GROUP BY 1 ORDER BY max(n.border_m) DESC, 1 LIMIT 10"
        ),
        {"codes": list(DEPARTMENTS)},
    ).scalars()
    return [*found, GAP, LILLE]


@dataclass
class Changes:
    """Changes of the registry at random, of every kind that an answer may show."""

    engine: Engine
    random: random.Random
    communes: Sequence[str]
    cpts: list[int] = field(default_factory=list)

    def one(self) -> str:
        """Make one change and give its name; one that the registry refuses changes nothing."""
        names = [name for name in dir(self) if name.startswith("change_")]
        name = self.random.choice(names)
        try:
            with self.engine.begin() as connection:
                getattr(self, name)(connection)
        except IntegrityError:
            # Held by another already, without a stage, there already.
            return f"{name} (refused)"
        return name

    def values(self) -> dict[str, Any]:
        past, eve, ahead = days()
        return {
            "cpts": self.random.choice(self.cpts) if self.cpts else None,
            "commune": self.random.choice(self.communes),
            "department": self.random.choice(DEPARTMENTS),
            "region": self.random.choice(REGIONS),
            "stage": self.random.choice(STAGES),
            "theme": self.random.choice(THEMES),
            "word": f"Essai {self.random.randrange(10**6)}",
            "past": past,
            "eve": eve,
            "ahead": ahead,
        }

    def run(self, connection: Connection, statement: str) -> Any:
        return connection.execute(text(statement), self.values())

    def change_cpts_added(self, connection: Connection) -> None:
        added = self.run(
            connection,
            "WITH p AS ("
            "INSERT INTO cpts (name, started_on) VALUES (:word, :past) RETURNING id"
            "), s AS (INSERT INTO cpts_stage (cpts_id, stage_slug, since)"
            " SELECT id, :stage, :past FROM p) SELECT id FROM p",
        ).scalar_one()
        # Only once it is committed: a number that is taken back is no CPTS.
        self.cpts.append(added)

    def change_demonstration_added(self, connection: Connection) -> None:
        self.run(
            connection,
            "INSERT INTO cpts (name, started_on, demonstration) VALUES (:word, :past, true)",
        )

    def change_demonstration_removed(self, connection: Connection) -> None:
        self.run(connection, "DELETE FROM cpts WHERE demonstration")

    def change_claim_added(self, connection: Connection) -> None:
        since = self.random.choice(("past", "eve", "ahead"))
        self.run(
            connection,
            "INSERT INTO claim (cpts_id, commune_code, held) SELECT p.id, :commune,"
            f" daterange(CAST(:{since} AS date), NULL) FROM cpts p WHERE p.id = :cpts",
        )

    change_claim_added_too = change_claim_added_as_well = change_claim_added

    def change_claim_ended(self, connection: Connection) -> None:
        self.run(
            connection,
            "UPDATE claim SET held = daterange(lower(held), CAST(:ahead AS date))"
            " WHERE commune_code = :commune AND upper_inf(held) AND lower(held) < :ahead",
        )

    def change_claim_moved(self, connection: Connection) -> None:
        self.run(connection, "UPDATE claim SET cpts_id = :cpts WHERE commune_code = :commune")

    def change_claim_removed(self, connection: Connection) -> None:
        self.run(connection, "DELETE FROM claim WHERE commune_code = :commune")

    def change_planned(self, connection: Connection) -> None:
        self.run(
            connection,
            "INSERT INTO planned_change"
            " (letter_id, cpts_id, commune_code, change, effective_on)"
            " SELECT 1, p.id, :commune, 'add', :ahead FROM cpts p WHERE p.id = :cpts",
        )

    def change_plan_dropped(self, connection: Connection) -> None:
        self.run(connection, "DELETE FROM planned_change WHERE cpts_id = :cpts")

    def change_name(self, connection: Connection) -> None:
        self.run(connection, "UPDATE cpts SET name = :word, acronym = NULL WHERE id = :cpts")

    def change_end(self, connection: Connection) -> None:
        self.run(
            connection,
            "UPDATE cpts SET ended_on = CASE WHEN ended_on IS NULL"
            " THEN CAST(:eve AS date) END WHERE id = :cpts",
        )

    def change_stage(self, connection: Connection) -> None:
        self.run(
            connection,
            "INSERT INTO cpts_stage (cpts_id, stage_slug, since)"
            " SELECT p.id, :stage, :eve FROM cpts p WHERE p.id = :cpts",
        )

    def change_theme(self, connection: Connection) -> None:
        self.run(
            connection,
            "INSERT INTO cpts_theme (cpts_id, theme_slug)"
            " SELECT p.id, :theme FROM cpts p WHERE p.id = :cpts",
        )

    def change_theme_dropped(self, connection: Connection) -> None:
        self.run(connection, "DELETE FROM cpts_theme WHERE cpts_id = :cpts")

    def change_sheet(self, connection: Connection) -> None:
        self.run(
            connection,
            "INSERT INTO cpts_sheet (cpts_id, members_count, confirmed_on)"
            " SELECT p.id, 120, :eve FROM cpts p WHERE p.id = :cpts ON CONFLICT (cpts_id)"
            " DO UPDATE SET confirmed_on = cpts_sheet.confirmed_on - 1",
        )

    def change_refusal(self, connection: Connection) -> None:
        self.run(
            connection,
            "INSERT INTO refused_claim (commune_code, cpts_id, claimant_name, refused_on)"
            " SELECT :commune, p.id, :word, :eve FROM cpts p WHERE p.id = :cpts",
        )

    def change_refusal_settled(self, connection: Connection) -> None:
        self.run(connection, "DELETE FROM refused_claim WHERE commune_code = :commune")

    def change_complete(self, connection: Connection) -> None:
        self.run(
            connection,
            "INSERT INTO department_completeness (department_code, complete)"
            " VALUES (:department, daterange(CAST(:eve AS date), NULL))",
        )

    def change_incomplete(self, connection: Connection) -> None:
        self.run(
            connection,
            "DELETE FROM department_completeness WHERE department_code = :department",
        )

    def change_contact(self, connection: Connection) -> None:
        place = self.random.choice(("region", "department"))
        self.run(
            connection,
            f"INSERT INTO institution_contact ({place}_code, institution, organisation, phone)"
            f" VALUES (:{place}, 'ars', :word, '0102030405')",
        )

    def change_contact_dropped(self, connection: Connection) -> None:
        self.run(connection, "DELETE FROM institution_contact WHERE department_code IS NULL")

    def change_letter(self, connection: Connection) -> None:
        self.run(
            connection,
            "WITH l AS (INSERT INTO letter (name, kind, deposited_on, lead_region,"
            " subject_cpts_id) VALUES (:word, 'creation', :eve, :region, :cpts) RETURNING id)"
            " INSERT INTO letter_commune (letter_id, commune_code, part)"
            " SELECT id, :commune, 'asked' FROM l",
        )


def questions(communes: Sequence[str], cpts: Sequence[int]) -> Iterator[str]:
    """Give an address for everything that is kept by place, and some that are not."""
    for at in ("", *days()):
        for level, codes in (("region", REGIONS), ("department", DEPARTMENTS)):
            for code in codes:
                query = f"?{level}={code}" + (f"&at={at}" if at else "")
                lists = ("cpts", "cpts.geojson", "compositions.csv", "communes")
                yield from (f"/api/v1/{name}{query}" for name in lists)
                yield f"/maps/cpts{query}"
                yield f"/embed/carte{query}"
                path = f"/{'regions' if level == 'region' else 'departements'}/{code}"
                yield path + (f"?at={at}" if at else "")
                yield f"{path}/communes-sans-cpts"
        day = f"?at={at}" if at else ""
        for code in communes:
            yield f"/communes/{code}{day}"
            yield f"/api/v1/communes/{code}{day}"
            yield f"/maps/communes.geojson?commune={code}"
        for number in cpts:
            yield f"/cpts/{number}{day}"
            yield f"/cpts/{number}/communes.csv{day}"
            yield f"/api/v1/cpts/{number}{day}"
            yield f"/api/v1/cpts/{number}.geojson{day}"
            yield f"/maps/communes.geojson?cpts={number}"
            yield f"/maps/cpts?cpts={number}"


def questions_of_the_country() -> Iterator[str]:
    """Give an address for everything that is kept by country, and some that are not."""
    yield from (path for path in DEPENDENCES if "{" not in path)
    yield from ("/statistiques", "/lettres", "/api/v1/conciliations", "/recherche?q=essai")


@pytest.fixture
def workers(
    engine: Engine, settings: Settings, sessions_of_the_run: Sessions
) -> Iterator[list[TestClient]]:
    """Three workers of one registry; the last keeps nothing."""
    forgetful = settings.model_copy(deep=True)
    forgetful.service.cache_megabytes = 0
    apps: list[FastAPI] = [
        create_app(each, sessions=sessions_of_the_run.afresh())
        for each in (settings, settings, forgetful)
    ]
    with ExitStack() as stack:
        yield [
            stack.enter_context(TestClient(app, raise_server_exceptions=False)) for app in apps
        ]


def kept_hits() -> float:
    """Count what was answered from what is kept."""
    return sum(
        sample.value
        for metric in KEPT_HITS.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    )


def test_no_kept_answer_is_ever_stale(
    workers: list[TestClient], engine: Engine, request: pytest.FixtureRequest
) -> None:
    is_long = request.config.getoption("--endurance")
    reads = round(20_000 * float(os.environ.get(SHARE) or 1)) if is_long else 72
    drawn = random.Random(20261130)
    with engine.connect() as connection:
        changes = Changes(engine, drawn, border_communes(connection))
    for _ in range(30):
        changes.one()
    *keeping, forgetful = workers
    made: list[str] = []
    pool: list[str] = []
    for count in range(reads):
        if count % 400 == 0:
            # Few enough that each is asked for again between two changes.
            asked = list(questions(changes.communes, changes.cpts[-3:]))
            pool = drawn.sample(asked, 40 if is_long else 12)
            pool += drawn.sample(list(questions_of_the_country()), 8 if is_long else 1)
        if count % 4 == 0:
            made = [*made[-5:], changes.one()]
        path = drawn.choice(pool)
        said = drawn.choice(keeping).get(path, follow_redirects=False)
        true = forgetful.get(path, follow_redirects=False)
        assert (said.status_code, said.content) == (true.status_code, true.content), (
            f"{path} is stale after {made}"
        )


UNTOUCHED = (
    "/aide",
    "/api/v1/cpts.geojson?region=93",
    "/api/v1/cpts?department=05",
    "/api/v1/departments",
    "/communes/05061",
    "/departements/05",
    "/maps/cpts?region=32",
    "/regions/93",
)
TOUCHED = (
    "/",
    "/api/v1/cpts?department=05&region=32",
    "/api/v1/cpts?region=32,93",
    "/communes/59350",
    "/departements/59",
    "/donnees",
)


def test_a_change_elsewhere_costs_no_rebuild(
    client: TestClient, register: Register, engine: Engine
) -> None:
    register("CPTS de Gap", communes=(GAP,))
    there = register("CPTS de Lille", communes=(LILLE,))
    paths = (*UNTOUCHED, *TOUCHED, f"/api/v1/cpts/{there}")
    assert {client.get(path).status_code for path in paths} == {200}
    with engine.begin() as connection:
        connection.execute(text("UPDATE cpts SET name = 'Autre' WHERE id = :id"), {"id": there})
    kept = []
    for path in paths:
        hits = kept_hits()
        client.get(path)
        if kept_hits() > hits:
            kept.append(path)
    assert kept == list(UNTOUCHED)


def test_what_depends_on_places_is_declared_of_routes_that_there_are(app: FastAPI) -> None:
    assert DEPENDENCES.keys() <= {route.path for route in routes_of(app)}
