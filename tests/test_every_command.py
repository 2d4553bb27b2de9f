"""Every command of `./cpts`, as a process of its own, with what it leaves behind.

A command without a test here fails the first one.
"""

import csv
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas
import httpx2
import pytest
import shapely
import typer
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from app.accounts.people.demonstration import renew_accounts
from app.accounts.permissions import ROLES
from app.cli import application
from app.database.engine import create_database_engine
from app.database.migration import upgrade_database
from app.database.sessions import session_scope
from app.running.benchmarking import INSTALLER
from tests.accounts.people import EMAIL, NAME, make_person, session_of
from tests.administration import administration
from tests.command_processes import ROOT, environment, run, start
from tests.geography.small_country import make_inputs
from tests.geography.small_release import SmallCommune, SmallRelease, shape, write_release

Rows = Callable[..., list[Any]]
# These two are tested where the country is full of CPTS, which takes half a minute once.
TESTED: dict[tuple[str, ...], str] = {
    ("db", "prepare"): "tests/cpts/test_whole_country.py",
    ("demo", "load"): "tests/cpts/test_whole_country.py",
}


def of(*path: str) -> Callable[[Any], Any]:
    """Mark the test of a command."""

    def mark(test: Any) -> Any:
        assert path not in TESTED
        TESTED[path] = test.__name__
        return test

    return mark


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield path
        return
    for name, child in below.items():
        yield from leaves(child, (*path, name))


def test_every_command_has_its_test() -> None:
    assert set(TESTED) == set(leaves(typer.main.get_command(application)))


@pytest.fixture
def ask(engine: Engine) -> Rows:
    """Read from, or write to, the commands' database beside them."""

    def rows(question: str, **parameters: Any) -> list[Any]:
        with administration(engine) as connection:
            result = connection.execute(text(question), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []

    return rows


@pytest.fixture
def fresh(owner_url: URL, maintenance: Engine) -> Iterator[str]:
    """Address of a migrated database without any geography."""
    name = f"cpts_test_fresh_{uuid.uuid4().hex[:8]}_{os.getpid()}"
    with maintenance.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    address = owner_url.set(database=name).render_as_string(hide_password=False)
    made = create_database_engine(address)
    upgrade_database(made)
    made.dispose()
    yield address
    with maintenance.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def done(
    database: str, *arguments: str, status: int = 0, **settings: str
) -> subprocess.CompletedProcess[str]:
    ended = run(database, *arguments, within=120, **settings)
    assert ended.returncode == status, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended


def listing(folder: Path) -> Path:
    path = folder / "liste.csv"
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, delimiter=";")
        writer.writerow(["Nom CPTS", "Territoire CPTS", "dpt"])
        writer.writerow(["CPTS des Essais", "Croix", "59"])
    return path


@of("token", "create")
def test_a_token_is_shown_once_and_stored_by_its_digest(test_database: str, ask: Rows) -> None:
    ended = done(test_database, "token", "create", "--role", "ars", "--region", "32")
    token = ended.stdout.splitlines()[-1]
    digest = hashlib.sha256(token.encode()).digest()
    assert ask("SELECT role, region_code FROM api_token WHERE token_hash = :d", d=digest) == [
        ("ars", "32")
    ]


@of("token", "list")
def test_tokens_are_listed_with_their_limits(
    test_database: str, make_token: Callable[..., str]
) -> None:
    token = make_token("ars", region="32")
    ended = done(test_database, "token", "list")
    assert "\tars\tessai ars\trégion 32\t" in ended.stdout
    assert ended.stdout.endswith("\tjamais servi\n")
    assert token not in ended.stdout


@of("token", "revoke")
def test_a_revoked_token_opens_nothing_any_more(
    test_database: str, ask: Rows, client: Any, bearer: Callable[..., dict[str, str]]
) -> None:
    headers = bearer("admin")
    answer = client.post("/api/v1/cpts", json={}, headers=headers)
    assert answer.status_code == 422
    [(number,)] = ask("SELECT id FROM api_token")
    ended = done(test_database, "token", "revoke", str(number))
    assert ended.stdout == f"Jeton {number} révoqué.\n"
    assert ask("SELECT revoked_at IS NOT NULL FROM api_token") == [(True,)]
    assert client.post("/api/v1/cpts", json={}, headers=headers).status_code == 401
    done(test_database, "token", "revoke", str(number), status=2)


@of("sheets", "import")
def test_sheets_of_many_cpts_enter_with_a_report(
    test_database: str, ask: Rows, register: Callable[..., int], tmp_path: Path
) -> None:
    register("CPTS du Nord", communes=("59378",))
    path = tmp_path / "suivi.csv"
    path.write_text("CPTS;Thématique;Nom\nCPTS du Nord;Diabète;Camille\nCPTS;Diabète;\n")
    report = tmp_path / "rapport.csv"
    tried = done(test_database, "sheets", "import", str(path), "--dry-run", status=1)
    assert "Essai seulement" in tried.stdout
    assert ask("SELECT count(*) FROM cpts_action") == [(0,)]
    ended = done(
        test_database, "sheets", "import", str(path), "--report", str(report), status=1
    )
    assert ended.stdout.startswith("3 lignes : 2 chargées, 1 de CPTS")
    assert ask("SELECT theme_slug FROM cpts_action") == [("diabete",)]
    told = csv.DictReader(report.read_text("utf-8").splitlines())
    assert [row["outcome"] for row in told] == [
        "loaded", "loaded", "unknown",
    ]  # fmt: skip
    path.write_text("Commune;Habitants\nCroix;21000\n")
    done(test_database, "sheets", "import", str(path), status=2)


def sheet_with_camille(ask: Rows, cpts: int) -> None:
    ask("INSERT INTO cpts_sheet (cpts_id) VALUES (:id)", id=cpts)
    ask(
        "INSERT INTO cpts_contact (cpts_id, name, email, recorded_on, kept_until)"
        " VALUES (:id, 'Camille', 'c@exemple.example', '2020-01-01', '2020-01-02'),"
        " (:id, 'Dominique', 'd@exemple.example', '2020-01-01', '2999-01-01')",
        id=cpts,
    )


@of("sheets", "export")
def test_sheets_are_exported_for_their_owner_only(
    test_database: str, ask: Rows, register: Callable[..., int], tmp_path: Path
) -> None:
    sheet_with_camille(ask, register("CPTS du Nord", communes=("59378",)))
    path = tmp_path / "fiches.csv"
    ended = done(test_database, "sheets", "export", str(path))
    assert ended.stdout == "2 lignes écrites dans « fiches.csv ».\n"
    [_, contact] = csv.DictReader(path.read_text("utf-8").splitlines())
    assert contact["Nom"] == "Dominique"
    assert path.stat().st_mode & 0o077 == 0
    done(test_database, "sheets", "export", str(tmp_path / "fiches.txt"), status=2)


@of("institutions", "import")
def test_contacts_of_institutions_enter_whole_or_not_at_all(
    test_database: str, ask: Rows, tmp_path: Path
) -> None:
    path, report = tmp_path / "contacts.csv", tmp_path / "rapport.csv"
    heading = "Département;Organisme;Courriel\n"
    path.write_text(f"{heading}59;CPAM;pro@cpam.example\n999;CPAM;pro@cpam.example\n")
    command = ("institutions", "import", str(path), "--report", str(report))
    ended = done(test_database, *command, status=1)
    assert "Rien n'a été écrit" in ended.stdout
    assert [row["outcome"] for row in csv.DictReader(report.read_text().splitlines())] == [
        "added", "refused",
    ]  # fmt: skip
    assert ask("SELECT count(*) FROM institution_contact") == [(0,)]
    path.write_text(f"{heading}59;CPAM;pro@cpam.example\n")
    done(test_database, *command, "--dry-run")
    assert ask("SELECT count(*) FROM institution_contact") == [(0,)]
    done(test_database, *command)
    assert ask("SELECT department_code, institution, email FROM institution_contact") == [
        ("59", "assurance_maladie", "pro@cpam.example")
    ]
    assert ask("SELECT kind, actor FROM administrative_act") == [
        ("institution-added", "commande")
    ]
    done(test_database, "institutions", "import", str(tmp_path / "absent.csv"), status=2)


@of("institutions", "export")
def test_contacts_of_institutions_are_exported_as_they_are_read(
    test_database: str, ask: Rows, tmp_path: Path
) -> None:
    ask(
        "INSERT INTO institution_contact (region_code, institution, organisation, phone)"
        " VALUES ('32', 'ars', 'ARS', '03 00 00 00 00')"
    )
    path = tmp_path / "contacts.csv"
    ended = done(test_database, "institutions", "export", str(path))
    assert ended.stdout == "Contacts écrits dans « contacts.csv » : 1.\n"
    done(test_database, "institutions", "import", str(path), "--replace")
    assert ask("SELECT region_code, phone FROM institution_contact") == [
        ("32", "03 00 00 00 00")
    ]
    done(test_database, "institutions", "export", str(tmp_path), status=2)


@of("sheets", "forget")
def test_whoever_asks_is_erased_from_all_sheets(
    test_database: str, ask: Rows, register: Callable[..., int]
) -> None:
    sheet_with_camille(ask, register("CPTS du Nord", communes=("59378",)))
    ended = done(test_database, "sheets", "forget", "D@exemple.example")
    assert ended.stdout == "Fiches qui la montraient encore : 1.\n"
    assert ask("SELECT name FROM cpts_contact") == [("Camille",)]
    assert ask("SELECT action, contacts_changed FROM cpts_sheet_change") == [("erased", True)]


@of("sheets", "remind")
def test_the_editors_of_stale_sheets_are_reminded_once(
    test_database: str, ask: Rows, engine: Engine, register: Callable[..., int]
) -> None:
    cpts = register("CPTS du Nord", communes=("59378",))
    make_person(engine, "editor", cpts_id=cpts)
    ask("INSERT INTO cpts_sheet (cpts_id, confirmed_on) VALUES (:id, '2020-01-01')", id=cpts)
    ended = done(test_database, "sheets", "remind", CPTS_PUBLIC_URL="https://x.example")
    assert ended.stdout == "Fiches rappelées : 1.\n"
    assert ask("SELECT kind, recipient FROM outgoing_message") == [("text", EMAIL)]
    [(body,)] = ask("SELECT details ->> 'body' FROM outgoing_message")
    assert f"https://x.example/membres/cpts/{cpts}/fiche" in body
    assert done(test_database, "sheets", "remind").stdout == "Fiches rappelées : 0.\n"


@of("person", "invite")
def test_an_invitation_ends_with_an_address_that_is_stored_by_its_digest(
    test_database: str, ask: Rows
) -> None:
    invite = ("person", "invite", "Agente@Exemple.example", "--role")
    outside = "https://cpts.example"
    ended = done(test_database, *invite, "ars", "--region", "32", CPTS_PUBLIC_URL=outside)
    address, _, secret = ended.stdout.splitlines()[-1].rpartition("/")
    assert address == "https://cpts.example/invitation"
    assert ask("SELECT email, role, region_code FROM person") == [
        ("agente@exemple.example", "ars", "32")
    ]
    digest = hashlib.sha256(secret.encode()).digest()
    assert ask("SELECT secret_hash FROM person_link") == [(digest,)]
    for wrong in (("ars",), ("roi",), ("editor",), ("editor", "--cpts", "987654")):
        done(test_database, *invite, *wrong, status=2)


def test_accounts_of_demonstration_are_made_where_they_are_wanted_only(
    test_database: str, engine: Engine, ask: Rows
) -> None:
    ask(
        "INSERT INTO cpts (name, started_on, demonstration) VALUES ('Démo', '2020-01-01', true)"
    )
    prepare = ("db", "prepare")
    passwords = set()
    for _ in range(2):
        ended = done(test_database, *prepare, CPTS_DEMO="0", CPTS_DEMO_ACCOUNTS="1")
        said = ended.stderr
        found = re.search(r"mot de passe ([\w-]{16}) : (.*)\.", said)
        assert found, said
        passwords.add(found[1])
        addresses = found[2].split(", ")
        assert len(addresses) == len(ROLES)
        for each in addresses:
            assert each.endswith("@demonstration.example")
            assert session_of(engine, each, found[1])
    assert len(passwords) == 2
    roles = (
        "SELECT role, name LIKE 'Démo, compte fictif%' FROM person WHERE origin <> 'invitation'"
    )
    assert sorted(ask(roles)) == sorted((role, True) for role in ROLES)
    done(test_database, *prepare, CPTS_DEMO="0")
    assert ask("SELECT email FROM person") == []


@pytest.mark.parametrize("there", ["a real CPTS", "somebody invited"])
def test_a_service_in_use_has_no_accounts_of_demonstration(
    test_database: str, engine: Engine, ask: Rows, there: str
) -> None:
    [(fictitious,)] = ask(
        "INSERT INTO cpts (name, started_on, demonstration) "
        "VALUES ('Démo', '2020-01-01', true) RETURNING id"
    )
    with session_scope(engine) as session:
        renew_accounts(session, cpts_id=fictitious)
    if there == "a real CPTS":
        ask("INSERT INTO cpts (name, started_on) VALUES ('Vraie', '2020-01-01')")
    else:
        make_person(engine)
    ended = done(test_database, "db", "prepare", CPTS_DEMO="0", CPTS_DEMO_ACCOUNTS="1")
    assert "mot de passe" not in ended.stderr
    assert ask("SELECT count(*) FROM person WHERE origin = 'demonstration'") == [(0,)]


@of("person", "list")
def test_people_are_listed_with_the_state_of_their_accounts(
    test_database: str, engine: Engine
) -> None:
    make_person(engine, "ars", region="32")
    ended = done(test_database, "person", "list")
    assert ended.stdout == f"{EMAIL}\t{NAME}\tars\trégion 32\tactif\n"


@of("person", "suspend")
def test_a_suspended_person_has_no_session_any_more(
    test_database: str, engine: Engine, ask: Rows
) -> None:
    make_person(engine)
    session_of(engine)
    done(test_database, "person", "suspend", EMAIL.upper())
    assert ask("SELECT suspended_at IS NOT NULL FROM person") == [(True,)]
    assert ask("SELECT count(*) FROM page_session") == [(0,)]
    done(test_database, "person", "suspend", "nul@exemple.example", status=2)


@of("person", "purge")
def test_people_past_their_term_are_erased_and_no_others(
    test_database: str, engine: Engine, ask: Rows, tmp_path: Path
) -> None:
    outbox = tmp_path / "outbox"
    outbox.mkdir()
    for name, to, age_days in (
        ("old", "ici@exemple.example", 15),
        ("new", "ici@exemple.example", 1),
        ("erased", "absente@exemple.example", 1),
    ):
        message = outbox / f"{name}.eml"
        message.write_text(f"To: {to}\n\nBonjour.\n", encoding="utf-8")
        written = time.time() - age_days * 86400
        os.utime(message, (written, written))
    past = "now() - interval '400 days'"
    for email, change in (
        ("ici@exemple.example", "last_seen_on = (now() AT TIME ZONE 'Europe/Paris')::date"),
        ("depuis-peu@exemple.example", "suspended_at = now()"),
        ("ancienne@exemple.example", f"suspended_at = {past}"),
        (
            "absente@exemple.example",
            "last_seen_on = (now() AT TIME ZONE 'Europe/Paris')::date - 1200",
        ),
        ("jamais@exemple.example", f"confirmed_at = NULL, created_at = {past}"),
        (
            "venue@exemple.example",
            (
                f"created_at = {past}, "
                "last_seen_on = (now() AT TIME ZONE 'Europe/Paris')::date - 399"
            ),
        ),
    ):
        make_person(engine, email=email)
        ask(f"UPDATE person SET {change} WHERE email = '{email}'")
    ended = done(test_database, "person", "purge", CPTS_DATA_DIRECTORY=str(tmp_path))
    assert "Personnes effacées : 3 ; messages abandonnés : 1." in ended.stdout
    assert [each.name for each in outbox.iterdir()] == ["new.eml"]
    assert ask("SELECT split_part(email, '@', 1) FROM person ORDER BY id") == [
        ("ici",),
        ("depuis-peu",),
        ("venue",),
    ]


@of("contacts", "purge")
def test_contacts_past_their_last_day_are_deleted_and_no_others(
    test_database: str, ask: Rows
) -> None:
    ask("INSERT INTO cpts (name, started_on) VALUES ('CPTS d''essai', '2020-01-01')")
    ask(
        "INSERT INTO cpts_contact (cpts_id, name, recorded_on, kept_until)"
        " SELECT c.id, given.name, (now() AT TIME ZONE 'Europe/Paris')::date - 9, "
        "(now() AT TIME ZONE 'Europe/Paris')::date + given.days FROM cpts c,"
        " (VALUES ('Parti', -1), ('Dernier jour', 0), ('Présent', 9)) AS given (name, days)"
    )
    ended = done(test_database, "contacts", "purge")
    assert "Contacts effacés : 1 ; consultations effacées : 0." in ended.stdout
    assert ask("SELECT name FROM cpts_contact ORDER BY kept_until") == [
        ("Dernier jour",),
        ("Présent",),
    ]


@of("import")
def test_an_import_registers_the_cpts(test_database: str, ask: Rows, tmp_path: Path) -> None:
    report = tmp_path / "rapport.csv"
    options = ["--default-stage", "aci_signe", "--report", str(report)]
    done(test_database, "import", str(listing(tmp_path)), *options)
    held = "SELECT c.name, k.commune_code FROM cpts c JOIN claim k ON k.cpts_id = c.id"
    assert ask(held) == [("CPTS des Essais", "59163")]
    assert "59163" in report.read_text(encoding="utf-8")


@of("completeness", "set")
def test_a_department_is_declared_complete(test_database: str, ask: Rows) -> None:
    ended = done(test_database, "completeness", "set", "4,05", "--on", "2026-01-02")
    assert ended.stdout.endswith("à partir du 02/01/2026 : 04, 05.\n")
    declared = "SELECT department_code, lower(complete)::text FROM department_completeness"
    assert sorted(ask(declared)) == [("04", "2026-01-02"), ("05", "2026-01-02")]
    ended = done(test_database, "completeness", "set", "99", status=2)
    assert "99" in ended.stderr


@of("completeness", "unset")
def test_a_declaration_is_taken_back(test_database: str, ask: Rows) -> None:
    ask(
        "INSERT INTO department_completeness (department_code, complete)"
        " VALUES ('04', '[2026-01-02,)'), ('05', '[2026-01-02,)')"
    )
    done(test_database, "completeness", "unset", "04", "--on", "2026-03-04")
    ended = "SELECT department_code, upper(complete)::text FROM department_completeness"
    assert sorted(ask(ended)) == [("04", "2026-03-04"), ("05", None)]


@of("completeness", "list")
def test_departments_are_listed_with_what_is_known_of_them(
    test_database: str, ask: Rows
) -> None:
    ask(
        "INSERT INTO department_completeness (department_code, complete)"
        " VALUES ('05', '[2026-01-02,)')"
    )
    lines = done(test_database, "completeness", "list").stdout.splitlines()
    assert "05\tHautes-Alpes\tcomplet depuis le 02/01/2026" in lines
    assert "13\tBouches-du-Rhône\tnon renseigné" in lines
    assert lines[-1] == "Départements complets : 1 sur 101."


@of("check-letter")
def test_a_letter_is_checked_against_the_registry(
    test_database: str, register: Callable[..., int], tmp_path: Path
) -> None:
    path = tmp_path / "communes.txt"
    path.write_text("Croix (59)\n", encoding="utf-8")
    ended = done(test_database, "check-letter", str(path), "--json")
    assert json.loads(ended.stdout)["verdict"] == "clear"
    register("CPTS des Essais", communes=("59163",))
    ended = done(test_database, "check-letter", str(path), "--json", status=1)
    assert json.loads(ended.stdout)["verdict"] == "blocked"


@of("demo", "remove")
def test_demonstration_data_are_removed_and_real_ones_stay(
    test_database: str, engine: Engine, ask: Rows, register: Callable[..., int]
) -> None:
    register("CPTS des Essais", communes=("59163",))
    fictitious = register("Démo des Essais", communes=("59512",))
    ask("UPDATE cpts SET demonstration = true WHERE id = :id", id=fictitious)
    make_person(engine)
    with session_scope(engine) as session:
        renew_accounts(session, cpts_id=fictitious)
    ended = done(test_database, "demo", "remove")
    assert ended.stdout == "1 CPTS de démonstration retirées.\n"
    assert ask("SELECT name FROM cpts") == [("CPTS des Essais",)]
    assert ask("SELECT email FROM person") == [(EMAIL,)]


@of("reports", "list")
def test_reports_of_errors_are_listed(test_database: str, ask: Rows) -> None:
    ask("INSERT INTO error_report (message, commune_code) VALUES ('À revoir', '59163')")
    assert "À revoir" in done(test_database, "reports", "list").stdout


@of("reports", "close")
def test_closing_a_report_erases_the_address(test_database: str, ask: Rows) -> None:
    [(number,)] = ask(
        "INSERT INTO error_report (message, commune_code, reply_to) "
        "VALUES ('À revoir', '59163', 'a@exemple.fr') RETURNING id"
    )
    done(test_database, "reports", "close", str(number), "--outcome", "corrigé")
    state = "SELECT handled_at IS NOT NULL, reply_to, outcome FROM error_report"
    assert ask(state) == [(True, None, "corrigé")]


@of("notes", "purge")
def test_old_notes_go_and_recent_ones_stay(test_database: str, ask: Rows) -> None:
    for key, age in (("ancienne", 40), ("récente", 20)):
        ask(
            "INSERT INTO verification_note (key, created_at, question, answer, wordings, "
            "drawing) VALUES (:key, now() - make_interval(days => :age), '{}', '{}', '{}', '')",
            key=key,
            age=age,
        )
    done(test_database, "notes", "purge", "--days", "30")
    assert ask("SELECT key FROM verification_note") == [("récente",)]


@of("geography", "build")
def test_reference_files_are_built(test_database: str, tmp_path: Path) -> None:
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    make_inputs(inputs)
    output = tmp_path / "output"
    done(
        test_database, "geography", "build", f"--inputs={inputs}", f"--output={output}",
        f"--sources={inputs / 'sources.json'}",
    )  # fmt: skip
    assert (output / "communes.parquet").stat().st_size > 0


@of("geography", "preview")
def test_a_release_is_looked_at_without_being_loaded(fresh: str, tmp_path: Path) -> None:
    release = SmallRelease((SmallCommune("91001", "Albe", ((0, 0),)),))
    directory = write_release(tmp_path, release)
    ended = done(fresh, "geography", "preview", f"--directory={directory}")
    assert "Communes au 01/01/2026 : 1 nouvelles, 0 retirées, 0 fusions." in ended.stdout
    done(fresh, "geography", "load", f"--directory={directory}")
    again = done(fresh, "geography", "preview", f"--directory={directory}")
    assert "déjà chargée" in again.stdout


@of("geography", "load")
def test_a_release_is_loaded(fresh: str, tmp_path: Path) -> None:
    release = SmallRelease((SmallCommune("91001", "Albe", ((0, 0),)),))
    directory = write_release(tmp_path / "release", release)
    loaded = done(fresh, "geography", "load", f"--directory={directory}")
    assert loaded.stdout == "Géographie de référence chargée.\n"
    engine = create_database_engine(fresh)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT code FROM commune")).scalar_one() == "91001"
    engine.dispose()
    again = done(fresh, "geography", "load", f"--directory={directory}")
    assert again.stdout == "La géographie de référence est déjà à jour.\n"


@of("geography", "undivide")
@of("geography", "divide")
def test_a_commune_is_divided_by_a_file_and_undivided(fresh: str, tmp_path: Path) -> None:
    albe = SmallCommune("91001", "Albe", ((0, 0),), 1_000)
    directory = write_release(tmp_path / "release", SmallRelease((albe,)))
    done(fresh, "geography", "load", f"--directory={directory}")
    outline = shape(albe)
    west, south, east, north = shapely.bounds(outline)
    bounds = (west - 0.01, west + 0.03, east + 0.01)
    bands = [
        shapely.intersection(outline, shapely.box(start, south, end, north))
        for start, end in pairwise(bounds)
    ]
    file = tmp_path / "quartiers.gpkg"
    fields = {"nom": ["Ouest", "Est"], "pop": [10, 30]}
    geopandas.GeoDataFrame(fields, geometry=bands, crs="EPSG:4326").to_crs("EPSG:2154").to_file(
        file
    )
    arguments = ("geography", "divide", "91001", str(file), "--population-column=pop")
    tried = done(fresh, *arguments, "--dry-run")
    assert "Rien n’est écrit (--dry-run)." in tried.stdout
    ended = done(fresh, *arguments)
    assert "91001-01\tAlbe – Ouest\t250\n91001-02\tAlbe – Est\t750\n" in ended.stdout
    assert "est divisée depuis le" in done(fresh, *arguments, status=1).stderr
    done(fresh, "geography", "divide", "91002", str(file), status=1)
    done(fresh, *arguments[:-1], "--population-column=habitants", status=2)
    undone = done(fresh, "geography", "undivide", "91001")
    assert "91001 n’a plus ces 2" in undone.stdout
    done(fresh, "geography", "undivide", "91001", status=1)


@pytest.mark.parametrize("command", ["run", "list", "verify", "restore"])
@of("backup", "restore")
@of("backup", "verify")
@of("backup", "list")
@of("backup", "run")
def test_backups_of_an_external_server_are_its_administrators(
    test_database: str, command: str
) -> None:
    # What they do to a private cluster: tests/running/backup/test_drill.py.
    refused = done(test_database, "backup", command, status=1)
    assert refused.stderr.count("\n") == 1
    assert "DATABASE_URL" in refused.stderr


@of("db", "run")
def test_a_program_is_run_beside_the_database(test_database: str) -> None:
    script = "import os; print(os.environ['DATABASE_URL'])"
    ended = done(test_database, "db", "run", "--", sys.executable, "-c", script)
    assert ended.stdout.strip().endswith(test_database.partition("://")[2])


@of("db", "check-migrations")
def test_models_and_migrations_agree(test_database: str) -> None:
    done(test_database, "db", "check-migrations")


@of("db", "verify")
def test_a_derived_value_that_drifted_is_named(
    test_database: str, ask: Rows, register: Callable[..., int]
) -> None:
    register("CPTS des Essais", communes=("59163",))
    done(test_database, "db", "verify")
    for statement in (
        "ALTER TABLE cpts_territory DISABLE TRIGGER USER",
        "UPDATE cpts_territory SET population = population + 1",
        "ALTER TABLE cpts_territory ENABLE TRIGGER USER",
    ):
        ask(statement)
    assert done(test_database, "db", "verify", status=1).stdout.endswith("1 écart(s).\n")


@of("serve")
def test_the_service_answers_until_it_is_told_to_end(test_database: str) -> None:
    with start(test_database, "serve", "--port=0", "--workers=1") as service:
        try:
            assert service.stderr is not None
            address = next(
                word
                for line in service.stderr
                for word in line.split()
                if word.startswith("http://127.0.0.1:")
            )
            assert httpx2.get(f"{address}/readyz", timeout=10).json() == {"status": "ready"}
        finally:
            service.send_signal(signal.SIGTERM)
            service.communicate(timeout=60)
    assert service.returncode == 0


@of("test")
def test_the_tests_have_a_server_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        "import os\n\ndef test_one():\n    assert os.environ['CPTS_TEST_DATABASE_URL']\n"
        "    assert 'DATABASE_URL' not in os.environ\n"
    )
    arguments = ["-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", str(tmp_path)]
    ended = done("postgresql://nobody@127.0.0.1:1/none", "test", *arguments)
    assert "1 passed" in ended.stdout


@of("bench")
def test_the_benchmarks_name_what_they_lack(test_database: str) -> None:
    # What they measure they are run for; here, that the command finds its way.
    ended = done(test_database, "bench", status=1, CPTS_CHROMIUM="/nowhere")
    assert ended.stderr == "cpts : CPTS_CHROMIUM : /nowhere n'est pas un programme.\n"
    assert INSTALLER.exists()


def test_the_launcher_runs_commands_as_well(test_database: str) -> None:
    ended = subprocess.run(
        [ROOT / "cpts", "token", "list"],
        env=environment(test_database),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@of("atlas")
def test_an_atlas_is_written_as_a_whole_or_not_at_all(fresh: str, tmp_path: Path) -> None:
    file = tmp_path / "atlas.pdf"
    ended = done(fresh, "atlas", str(file), "--at", "2026-01-31")
    # Without any geography there is the country alone.
    assert ended.stdout == f"{file} : atlas de 1\u00a0page.\n"
    assert file.read_bytes().startswith(b"%PDF-")
    assert list(tmp_path.iterdir()) == [file]
    done(fresh, "atlas", str(tmp_path / "nowhere" / "atlas.pdf"), status=2)
