"""What is asked of a database, and the one line that says what it lacks."""

import os
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from app.cluster.requirements import EXTENSIONS, ServerFacts, check_database, fault
from app.failures import Failure

GOOD = ServerFacts(
    major=15,
    encoding="UTF8",
    user="appli",
    may_create=True,
    extensions=dict.fromkeys(EXTENSIONS, (None, "3.3.2")),
)


def with_postgis(installed: str | None, offered: str) -> ServerFacts:
    return replace(GOOD, extensions={**GOOD.extensions, "postgis": (installed, offered)})


def without(extension: str) -> ServerFacts:
    kept = {name: found for name, found in GOOD.extensions.items() if name != extension}
    return replace(GOOD, extensions=kept)


def test_the_oldest_supported_versions_are_good_enough() -> None:
    assert fault(GOOD) is None
    assert fault(with_postgis("3.3.0", "3.3.0")) is None


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (replace(GOOD, major=14), "PostgreSQL 14 est trop ancien"),
        (replace(GOOD, encoding="LATIN1"), "encodage LATIN1"),
        (replace(GOOD, may_create=False), "« appli » ne peut pas créer de table"),
        (with_postgis("3.2.1", "3.2.1"), "PostGIS 3.2.1 est trop ancien, il faut PostGIS 3.3"),
        (with_postgis(None, "2.5"), "PostGIS 2.5 est trop ancien"),
        (with_postgis("3.2.1", "3.10"), "postgis_extensions_upgrade"),
        *[(without(name), f"l'extension {name} n'est pas installée") for name in EXTENSIONS],
    ],
)
def test_each_fault_is_named(facts: ServerFacts, said: str) -> None:
    found = fault(facts)
    assert found is not None
    assert said in found


@pytest.fixture(scope="module")
def bare_database() -> Iterator[str]:
    """A database without any extension, owned by a role that may not create postgis."""
    administrator = os.environ["CPTS_TEST_ADMINISTRATOR_URL"]
    plain = f"cpts_test_bare_{os.getpid()}"
    name = sql.Identifier(plain)
    with psycopg.connect(administrator, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER cpts TEMPLATE template0").format(name)
        )
        yield make_conninfo(
            os.environ["CPTS_TEST_DATABASE_URL"], dbname=f"cpts_test_bare_{os.getpid()}"
        )
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def refusal(address: str) -> str:
    with pytest.raises(Failure) as refused:
        check_database(address)
    assert refused.value.exit_status == 1
    assert "\n" not in refused.value.message
    return refused.value.message


def test_a_missing_extension_that_the_user_may_not_create_is_named(bare_database: str) -> None:
    said = refusal(bare_database)
    assert "CREATE EXTENSION postgis;" in said
    assert "« cpts »" in said


def test_a_superuser_gets_the_missing_extensions_made(bare_database: str) -> None:
    address = make_conninfo(bare_database, user="postgres")
    check_database(address)
    with psycopg.connect(address) as connection:
        found = {name for (name,) in connection.execute("SELECT extname FROM pg_extension")}
    assert set(EXTENSIONS) <= found
    check_database(bare_database)


@pytest.fixture(scope="module")
def with_password() -> Iterator[str]:
    """Address, without the password, of a user who must give one."""
    administrator = os.environ["CPTS_TEST_ADMINISTRATOR_URL"]
    with psycopg.connect(administrator, autocommit=True) as connection:
        row = connection.execute("SHOW hba_file").fetchone()
        assert row is not None
        connection.execute("CREATE ROLE locked LOGIN PASSWORD 'right'")
        former = _read(row[0])
        _write(row[0], "local all locked scram-sha-256\n" + former)
        connection.execute("SELECT pg_reload_conf()")
        yield make_conninfo(os.environ["CPTS_TEST_DATABASE_URL"], user="locked")
        _write(row[0], former)
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("DROP ROLE locked")


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 (the server named it)
        return file.read()


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 (the server named it)
        file.write(text)


def test_a_wrong_password_is_told_without_the_password(with_password: str) -> None:
    said = refusal(make_conninfo(with_password, password="secret-wrong"))
    assert "mot de passe refusé" in said
    assert "« locked »" in said
    assert "secret-wrong" not in said


def test_a_password_that_is_not_given_is_asked_for(with_password: str) -> None:
    assert "mot de passe" in refusal(with_password)


def test_a_missing_database_is_named() -> None:
    address = make_conninfo(os.environ["CPTS_TEST_DATABASE_URL"], dbname="nowhere")
    said = refusal(address)
    assert "« nowhere » n'existe pas" in said


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://u:secret@127.0.0.1:1/b", "aucun serveur n'écoute"),
        ("postgresql://u:secret@no-such-host.invalid/b", "nom d'hôte est inconnu"),
        ("postgresql://u:secret@/b?host=/nonexistent", "aucun serveur n'écoute"),
        ("http://u:secret@127.0.0.1/b", "n'est pas une adresse PostgreSQL"),
        ("postgresql://u:secret@127.0.0.1:port/b", "secret-free"),
    ],
)
def test_a_server_that_cannot_be_reached_is_told_in_one_line(address: str, said: str) -> None:
    message = refusal(address)
    assert "secret" not in message
    if said != "secret-free":
        assert said in message
