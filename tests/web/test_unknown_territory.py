"""Where the registry is not declared complete, pages never say that there is no CPTS."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.cpts.completeness.service import declare_complete
from app.database.calendar import today
from app.database.sessions import session_scope
from tests.web.conftest import BROWSER

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from starlette.testclient import TestClient

Register = Callable[..., int]
GAP, VEYNES = "05061", "05179"
UNKNOWN = re.compile("territoire non renseigné", re.IGNORECASE)
NONE = re.compile(r"(?<!« )aucune CPTS (ne couvre|n’est enregistrée)", re.IGNORECASE)
ALPS_AND_COUNTRY = (
    f"/communes/{VEYNES}",
    "/departements/05",
    "/departements/05/communes-sans-cpts",
    "/regions/93",
    "/statistiques",
    "/recherche?q=Veynes",
    "/maps/cpts?department=05",
    "/",
)


def page(client: TestClient, address: str) -> str:
    answer = client.get(address, headers=BROWSER, follow_redirects=True)
    assert answer.status_code == 200, address
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text).replace("\u00a0", " "))


@pytest.mark.parametrize("address", ALPS_AND_COUNTRY)
def test_where_nothing_is_declared_pages_say_that_nothing_is_known(
    client: TestClient, register: Register, address: str
) -> None:
    register("CPTS A", "aci_signe", (GAP,))
    told = page(client, address)
    assert UNKNOWN.search(told) or "le territoire est non renseigné" in told
    assert not NONE.search(told)


@pytest.mark.parametrize("address", ALPS_AND_COUNTRY)
@pytest.mark.usefixtures("complete_country")
def test_where_all_is_declared_nothing_is_called_unknown(
    client: TestClient, register: Register, address: str
) -> None:
    register("CPTS A", "aci_signe", (GAP,))
    assert "non renseigné" not in page(client, address)


def test_a_suggestion_calls_unknown_what_is_not_declared(
    client: TestClient, engine: Engine
) -> None:
    def detail() -> str:
        items = client.get("/recherche/suggestions?q=veynes").json()["items"]
        return next(str(item["detail"]) for item in items if item["label"] == "Veynes")

    assert detail().endswith(", territoire non renseigné")
    with session_scope(engine) as session:
        declare_complete(session, ["05"], today())
    assert detail().endswith(", aucune CPTS")


def test_an_empty_department_is_unknown_until_it_is_declared(
    client: TestClient, engine: Engine
) -> None:
    assert not re.search("Aucune CPTS n’est enregistrée", page(client, "/departements/48"))
    with session_scope(engine) as session:
        declare_complete(session, ["48"], today())
    assert "Aucune CPTS n’est enregistrée" in page(client, "/departements/48")
    assert "Aucune CPTS ne couvre Mende" in page(client, "/communes/48095")
    before = (today() - timedelta(days=1)).isoformat()
    assert "Territoire non renseigné" in page(client, f"/communes/48095?at={before}")


def test_national_figures_name_the_share_of_the_population_that_they_rest_on(
    client: TestClient, engine: Engine, register: Register
) -> None:
    register("CPTS A", "aci_signe", (GAP,))
    with session_scope(engine) as session:
        declare_complete(session, ["05", "13"], today())
    country = client.get("/api/v1/coverage").json()["items"][0]
    share = country["population_complete"] / country["population"]
    said = f"2 départements renseignés sur 101, soit {100 * share:.1f}".replace(".", ",")
    for address in ("/", "/statistiques"):
        assert said in page(client, address)


def test_figures_as_csv_say_what_they_rest_on(client: TestClient, engine: Engine) -> None:
    with session_scope(engine) as session:
        declare_complete(session, ["05"], today())
    text = client.get("/statistiques/departements.csv").text
    rows = {row["code"]: row for row in csv.DictReader(io.StringIO(text))}
    assert (rows["05"]["complete"], rows["04"]["complete"]) == ("true", "false")
    assert rows["04"]["population_complete"] == "0"


def test_the_drawn_map_of_coverage_greys_what_is_unknown(
    client: TestClient, engine: Engine
) -> None:
    with session_scope(engine) as session:
        declare_complete(session, ["05"], today())
    drawn = client.get("/statistiques/couverture.svg").text
    assert "Lozère (48) : territoire non renseigné" in drawn
    assert re.search(r"Hautes-Alpes \(05\) : 0", drawn)


def test_a_map_names_the_departments_of_which_nothing_is_known(
    client: TestClient, engine: Engine
) -> None:
    with session_scope(engine) as session:
        declare_complete(session, ["05"], today())
    assert "territoire non renseigné : 04" in page(client, "/maps/cpts?department=04,05")
    assert "dans 100 départements sur 101" in page(client, "/maps/cpts")


def test_the_letter_check_calls_no_unknown_territory_free(
    client: TestClient, engine: Engine
) -> None:
    ask = {"communes": [VEYNES, "04070"]}
    with session_scope(engine) as session:
        declare_complete(session, ["05"], today())
    answer = client.post("/api/v1/letters/check", json=ask).json()
    assert (answer["verdict"], answer["incomplete_departments"]) == ("clear", ["04"])
    note = client.post("/api/v1/letters/notes", json=ask).json()
    told = page(client, note["url"])
    assert "Territoire non renseigné" in told
    assert "Territoire libre" not in told
    with session_scope(engine) as session:
        declare_complete(session, ["04"], today())
    answer = client.post("/api/v1/letters/check", json=ask).json()
    assert answer["incomplete_departments"] == []
