"""An import in the browser: the plan of the command, corrections kept, the undo of it all."""

import csv
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.cpts.importing import service as importing
from app.cpts.importing.drafts.repository import taken
from app.cpts.importing.drafts.service import work_on
from app.cpts.importing.plan import Options, Plan
from app.cpts.importing.resolving import read_names
from app.cpts.importing.rules import OnConflict
from app.database.calendar import today
from app.database.engine import create_database_engine
from app.database.sessions import session_scope
from app.files.sources import open_source
from app.progress import SilentProgress
from app.web.administration.imports import service
from app.web.administration.imports.working_process import letters_of
from tests.accounts.people import csrf, make_person, send, session_of
from tests.quarters import Divide
from tests.web.administration.desk import page, sign_in_as
from tests.web.conftest import BROWSER

Register = Callable[..., int]
AT = "/administration/imports"
LISTING = """Nom CPTS,Territoire CPTS,Stade,Président
CPTS du Gapençais,Gap,ACI signé,Camille Exemple
CPTS du Gapençais,Aubesagne,ACI signé,Camille Exemple
CPTS de Saint-Denis,Saint-Denis,ACI signé,Camille Exemple
CPTS de Lille,Lille,ACI signé,Camille Exemple
"""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the work on a draft done before the next request, without its process.

    That process is tried by `test_in_browser.py`.
    """

    def start(address: str, number: int) -> None:
        engine = create_database_engine(address)
        work_on(engine, number, letters_of)
        engine.dispose()

    monkeypatch.setattr(service, "start", start)


def bring(
    client: TestClient, content: str = LISTING, source: str = "ARS PACA", **choices: str
) -> str:
    answer = client.post(
        AT,
        data={"csrf": csrf(client, AT), "source": source, **choices},
        files={"file": ("liste.csv", content.encode())},
        headers=BROWSER,
        follow_redirects=False,
    )
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def rows_of(engine: Engine, at: str) -> list[Any]:
    with engine.connect() as connection:
        return list(
            connection.execute(
                text(
                    "SELECT position, row_number, outcome, commune_codes, detail, candidates"
                    " FROM import_row WHERE draft_id = :id ORDER BY position"
                ),
                {"id": int(at.rsplit("/", 1)[-1])},
            )
        )


def outcomes(engine: Engine, at: str) -> list[str]:
    return [row.outcome for row in rows_of(engine, at)]


def registry(engine: Engine) -> tuple[Any, ...]:
    with engine.connect() as connection:
        claims = connection.execute(
            text(
                "SELECT p.name, c.commune_code, c.held::text FROM claim c"
                " JOIN cpts p ON p.id = c.cpts_id ORDER BY 1, 2"
            )
        )
        sheets = text(
            "SELECT name, phone FROM cpts WHERE ended_on IS NULL OR ended_on > started_on"
            " ORDER BY 1"
        )
        return tuple(map(tuple, claims)), tuple(map(tuple, connection.execute(sheets)))


def command_plan(engine: Engine, tmp_path: Path, content: str) -> Plan:
    path = tmp_path / "liste.csv"
    path.write_text(content, "utf-8")
    listing = importing.read_listing(open_source(path), {})
    with session_scope(engine) as session:
        return importing.plan_import(
            session, listing, Options(today(), OnConflict.REFUSE), SilentProgress()
        )


def test_the_plan_is_that_of_the_command_and_writes_nothing(
    client: TestClient, engine: Engine, register: Register, tmp_path: Path
) -> None:
    holder = register("CPTS du Nord", communes=("59350",))
    before = registry(engine)
    sign_in_as(client, engine, "admin")
    at = bring(client)
    plan = command_plan(engine, tmp_path, LISTING)
    assert [
        (row.row_number, row.outcome, row.detail, row.commune_codes)
        for row in rows_of(engine, at)
    ] == [
        (line.row, line.outcome.value, line.detail, list(line.commune_codes))
        for line in plan.lines
    ]
    assert outcomes(engine, at)[2:] == ["ambiguous", "conflict"]
    shown = page(client, at)
    assert "CPTS du Nord" in shown
    assert "Nom CPTS" in shown
    # Columns of persons are read past, here too.
    assert "Camille" not in shown
    assert "1 colonne de personnes" in shown
    assert registry(engine) == before
    assert holder


def test_a_correction_is_kept_for_the_next_file_of_the_source(
    client: TestClient, engine: Engine
) -> None:
    sign_in_as(client, engine, "admin")
    at = bring(client)
    [ambiguous] = [row for row in rows_of(engine, at) if row.outcome == "ambiguous"]
    assert any(each.startswith("97411 Saint-Denis") for each in ambiguous.candidates)
    line = f"{at}/lignes/{ambiguous.position}"
    unknown = send(client, line, {"other": "99999", "act": "choose"}, at)
    assert unknown.status_code == 422
    assert send(client, line, {"code": "97411", "act": "choose"}, at).status_code == 303
    shown = page(client, at)
    assert "Décidé : 97411" in shown
    assert "refaites le plan" in shown
    refused = send(client, f"{at}/import", {}, at)
    assert refused.status_code == 422
    assert send(client, f"{at}/lecture", {}, at).status_code == 303
    assert "ambiguous" not in outcomes(engine, at)
    again = bring(client, LISTING + "CPTS de Nice,Nice,ACI signé,X\n", source=" ars  paca")
    assert rows_of(engine, again)[2].commune_codes == ["97411"]
    # Another source has said nothing.
    assert "ambiguous" in outcomes(engine, bring(client, source="ARS OCC"))
    assert send(client, line, {"act": "forget"}, at).status_code == 303
    assert "ambiguous" in outcomes(engine, bring(client))
    assert send(client, line, {"act": "leave"}, at).status_code == 303
    assert outcomes(engine, bring(client))[2] == "unclaimed"


def test_three_cpts_of_a_divided_city_are_settled_by_its_parts(
    client: TestClient, engine: Engine, divide_commune: Divide
) -> None:
    divide_commune("59350", ("Fives", "Le Port", "Nord et Sud"))
    yesterday = (today() - timedelta(days=1)).isoformat()
    east, middle, west = "59350-01", "59350-02", "59350-03"
    listing = (
        "Nom CPTS,Territoire CPTS,Stade\n"
        "CPTS Lille Est,Lille (Fives),ACI signé\n"
        "CPTS Lille Centre,Lille (quartiers du Centre),ACI signé\n"
        "CPTS Lille Ouest,Lille,ACI signé\n"
        "CPTS Lille Ouest,Loos,ACI signé\n"
    )
    sign_in_as(client, engine, "admin")
    early = rows_of(engine, bring(client, listing, as_of=yesterday))
    assert [row.outcome for row in early] == ["unknown", "ambiguous", "unknown", "skipped"]
    assert "seulement depuis la division de la commune" in early[0].detail
    at = bring(client, listing, on_conflict="without-commune")
    rows = rows_of(engine, at)
    assert [(row.outcome, row.commune_codes) for row in rows] == [
        ("loaded", [east]),
        ("ambiguous", []),
        ("conflict", [east, middle, west]),
        ("loaded", ["59360"]),
    ]
    assert "Lille : ses 3 quartiers" in rows[2].detail
    told = [each.split(" ")[0] for each in rows[1].candidates]
    assert told == ["59350", east, middle, west]
    shown = page(client, at)
    assert f'type="checkbox" id="c2-3" name="code" value="{west}"' in shown
    nothing = send(client, f"{at}/lignes/1", {"act": "choose"}, at)
    assert nothing.status_code == 422
    for line, codes in ((1, middle), (2, f"{west}, {middle}"), (2, west)):
        decided = send(client, f"{at}/lignes/{line}", {"other": codes, "act": "choose"}, at)
        assert decided.status_code == 303
    assert f"Décidé : {middle}." in page(client, at)
    assert send(client, f"{at}/lecture", {}, at).status_code == 303
    assert send(client, f"{at}/import", {}, at).status_code == 303
    held = {(name, code) for name, code, _ in registry(engine)[0]}
    assert held == {
        ("CPTS Lille Est", east),
        ("CPTS Lille Centre", middle),
        ("CPTS Lille Ouest", west),
        ("CPTS Lille Ouest", "59360"),
    }
    # What was decided is known of the next file of the source, several parts of a row too.
    both = {"other": f"{west} {middle}", "act": "choose"}
    again = bring(client, listing)
    assert [row.commune_codes for row in rows_of(engine, again)[:3]] == [
        [east],
        [middle],
        [west],
    ]
    second = f"{again}/lignes/1"
    assert send(client, second, {"act": "forget"}, again).status_code == 303
    assert send(client, second, both, again).status_code == 303
    assert f"Décidé : {west}, {middle}." in page(client, again)
    assert rows_of(engine, bring(client, listing))[1].commune_codes == [middle, west]


def test_what_is_imported_is_undone_as_a_whole(
    client: TestClient, engine: Engine, register: Register
) -> None:
    register("CPTS du Gapençais", communes=("05061", "05023"), phone="04 99 00 00 01")
    before = registry(engine)
    sign_in_as(client, engine, "admin")
    at = bring(client)
    assert send(client, f"{at}/import", {}, at).status_code == 303
    assert "Importé le" in page(client, at)
    after = registry(engine)
    assert after != before
    assert ("CPTS de Lille", None) in after[1]
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM import_file")).scalar_one() == 0
    assert send(client, f"{at}/import", {}, at).status_code == 422
    assert send(client, f"{at}/annulation", {}, at).status_code == 303
    assert "Import annulé" in page(client, at)
    assert registry(engine) == before
    told = page(client, "/administration/journal")
    assert "Import demandé" in told
    assert "Annulation" in told


def test_an_import_on_which_something_stands_is_not_undone(
    client: TestClient, engine: Engine, bearer: Callable[..., dict[str, str]]
) -> None:
    sign_in_as(client, engine, "admin")
    at = bring(client)
    send(client, f"{at}/import", {}, at)
    [lille] = client.get("/api/v1/cpts?q=lille").json()["items"]
    patched = client.patch(
        f"/api/v1/cpts/{lille['id']}", json={"phone": "03 99 00 00 01"}, headers=bearer("admin")
    )
    assert patched.status_code == 200
    # A member that the import did not set may change; one that it set may not.
    put = client.put(
        f"/api/v1/cpts/{lille['id']}/territory",
        json={"communes": ["59350", "59009"]},
        headers=bearer("admin"),
    )
    assert put.status_code == 200
    before = registry(engine)
    send(client, f"{at}/annulation", {}, at)
    shown = page(client, at)
    assert "CPTS de Lille" in shown
    assert "a changé depuis" in shown
    assert "importé" in shown
    assert registry(engine) == before


def test_an_undo_is_signed_by_whoever_asks_for_it(client: TestClient, engine: Engine) -> None:
    sign_in_as(client, engine, "admin")
    at = bring(client)
    send(client, f"{at}/import", {}, at)
    make_person(engine, "admin", email="autre@exemple.example", name="Autre personne")
    other = session_of(engine, "autre@exemple.example")
    client.cookies.set("cpts-agent", other, domain="testserver.local")
    send(client, f"{at}/annulation", {}, at)
    with engine.connect() as connection:
        asked_by = connection.execute(
            text("SELECT identity_id FROM person WHERE email = 'autre@exemple.example'")
        ).scalar_one()
        signed = connection.execute(
            text("SELECT DISTINCT actor_token_id FROM cpts_change WHERE action = 'undone'")
        ).scalars()
        assert list(signed) == [asked_by]


def test_the_undo_of_an_import_that_changed_nothing_leaves_what_others_did_meanwhile(
    client: TestClient,
    engine: Engine,
    bearer: Callable[..., dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sign_in_as(client, engine, "admin")
    at = bring(client)
    send(client, f"{at}/import", {}, at)
    again = bring(client)

    def read_while_others_write(*given: Any) -> Any:
        [lille] = client.get("/api/v1/cpts?q=lille").json()["items"]
        body = {"phone": "03 99 00 00 01"}
        address = f"/api/v1/cpts/{lille['id']}"
        assert client.patch(address, json=body, headers=bearer("admin")).status_code == 200
        return read_names(*given)

    monkeypatch.setattr("app.cpts.importing.service.read_names", read_while_others_write)
    monkeypatch.setattr(service, "start", lambda *_: work_on(engine, 2, letters_of))
    assert send(client, f"{again}/import", {}, again).status_code == 303
    assert "Rien n’a changé au registre" in page(client, again)
    before = registry(engine)
    assert send(client, f"{again}/annulation", {}, again).status_code == 303
    assert "Import annulé" in page(client, again)
    assert registry(engine) == before
    assert ("CPTS de Lille", "03 99 00 00 01") in before[1]


def test_a_second_job_leaves_a_draft_to_the_one_that_waits_in_silence(
    client: TestClient, engine: Engine
) -> None:
    sign_in_as(client, engine, "admin")
    at = bring(client)
    number = int(at.rsplit("/", 1)[-1])
    stands = text("SELECT state, told_at, step FROM import_draft")
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE import_draft SET state = 'working', step = 'Écriture',"
                " told_at = now() - interval '10 minutes'"
            )
        )
    with taken(engine, number) as is_ours:
        assert is_ours
        with engine.connect() as connection:
            before = connection.execute(stands).one()
        work_on(engine, number, letters_of)
        with engine.connect() as connection:
            assert connection.execute(stands).one() == before
        assert client.get(f"{at}/avancement").json()["silent"] is False
        assert send(client, f"{at}/reprise", {}, at).status_code == 422
    # Of a process that was killed nothing is kept.
    assert client.get(f"{at}/avancement").json()["silent"] is True
    assert send(client, f"{at}/reprise", {}, at).status_code == 303
    assert client.get(f"{at}/avancement").json()["state"] == "planned"


def test_a_draft_is_asked_anew_while_its_former_job_still_leaves(
    client: TestClient, engine: Engine
) -> None:
    sign_in_as(client, engine, "admin")
    at = bring(client)
    number = int(at.rsplit("/", 1)[-1])
    with engine.begin() as connection:
        connection.execute(text("UPDATE import_draft SET state = 'waiting'"))
    with ThreadPoolExecutor(1) as threads:
        with taken(engine, number):
            later = threads.submit(work_on, engine, number, letters_of)
            time.sleep(0.5)
            assert not later.done()
        later.result(30)
    assert client.get(f"{at}/avancement").json()["state"] == "planned"


def test_a_registry_that_changed_since_the_plan_is_shown_anew(
    client: TestClient, engine: Engine, register: Register
) -> None:
    sign_in_as(client, engine, "admin")
    at = bring(client)
    register("CPTS des Flandres", communes=("59350",))
    before = registry(engine)
    assert send(client, f"{at}/import", {}, at).status_code == 303
    shown = page(client, at)
    assert "Le registre a changé" in shown
    assert "CPTS des Flandres" in shown
    assert registry(engine) == before
    assert send(client, f"{at}/import", {}, at).status_code == 303
    assert "Importé le" in page(client, at)


def test_columns_are_chosen_and_a_wrong_file_says_why(
    client: TestClient, engine: Engine
) -> None:
    sign_in_as(client, engine, "admin")
    content = "Groupe,Ville,Ancien nom\nCPTS Une,Gap,CPTS Deux\n"
    at = bring(client, content, default_stage="aci_signe")
    assert "aucun en-tête" in page(client, at) or rows_of(engine, at)
    chosen = {
        "column_name": "Ancien nom",
        "column_commune": "Ville",
        "default_stage": "aci_signe",
    }
    assert send(client, f"{at}/lecture", chosen, at).status_code == 303
    assert "CPTS Deux" in page(client, at)
    empty = client.post(
        AT,
        data={"csrf": csrf(client, AT), "source": "x"},
        files={"file": ("vide.csv", b"")},
        headers=BROWSER,
    )
    assert empty.status_code == 422
    assert "Choisissez un fichier" in empty.text
    broken = bring(client, "%PDF-1.4 rien")
    assert "refusé" in page(client, broken)


def test_the_map_shows_each_outcome_and_its_candidates(
    client: TestClient, engine: Engine, register: Register
) -> None:
    register("CPTS du Nord", communes=("59350",))
    sign_in_as(client, engine, "admin")
    at = bring(client)
    shown = page(client, f"{at}/carte")
    assert "Gap (05061)" in shown
    assert 'class="conflict"' in shown
    assert 'class="doubtful"' in shown
    assert "partie=974" in shown
    assert "Saint-Denis (97411)" in page(client, f"{at}/carte?partie=974")
    assert client.get(f"{at}/carte?partie=99").status_code == 404


def test_of_thousands_of_rows_a_page_shows_some(
    client: TestClient, engine: Engine, tmp_path: Path
) -> None:
    with engine.connect() as connection:
        communes = connection.execute(
            text("SELECT code, name, department_code FROM commune ORDER BY code LIMIT 3000")
        ).all()
    path = tmp_path / "pays.csv"
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["Nom CPTS", "Code INSEE", "Commune", "Stade"])
        writer.writerows(
            [f"CPTS {each.department_code} {n // 40}", each.code, each.name, "ACI signé"]
            for n, each in enumerate(communes)
        )
    sign_in_as(client, engine, "admin")
    at = bring(client, path.read_text("utf-8"))
    assert len(rows_of(engine, at)) == 3_000
    for address in (at, f"{at}?offset=2900", f"{at}?resultat=loaded&offset=1500"):
        shown = client.get(address, headers=BROWSER)
        assert shown.status_code == 200
        assert 10_000 < len(shown.content) < 200_000
