"""The owner migrates, the service serves: also in a cluster from when one role did both."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from app.cluster.command_database import migrate
from app.cluster.home import remove_home
from app.cluster.private import PrivateCluster
from app.cluster.requirements import EXTENSIONS, check_database
from app.cluster.server import ADMINISTRATOR_ROLE, OWNER_ROLE, Server
from app.cpts.verification.service import verify
from app.database.engine import create_database_engine
from app.database.migration import newest_revision, upgrade_database
from app.database.sessions import snapshot_scope
from app.failures import Failure
from app.progress import SilentProgress
from tests.database.test_upgrade_letters import SMALL_REGISTRY

ROOT = Path(__file__).parents[2]
CPTS = (sys.executable, "-m", "app.cli")


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateCluster]:
    """A cluster as a former version left it: one role, who owned everything."""
    place = tmp_path_factory.mktemp("former") / "postgres"
    cluster = PrivateCluster(place, SilentProgress(), durable=False)
    with cluster.stopped() as server:
        server.make()
        server.start()
        with administration(server, "template1") as connection:
            for extension in EXTENSIONS:
                connection.execute(
                    sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(extension))
                )
        with administration(server, "postgres") as connection:
            connection.execute("CREATE ROLE cpts LOGIN CREATEDB")
            connection.execute("CREATE DATABASE cpts OWNER cpts")
        engine = create_database_engine(server.url())
        upgrade_database(engine, "0005")
        with engine.begin() as connection:
            connection.exec_driver_sql(SMALL_REGISTRY)
        engine.dispose()
        server.stop()
    yield cluster
    remove_home(place)


def administration(server: Server, database: str) -> psycopg.Connection:
    return psycopg.connect(server.url(ADMINISTRATOR_ROLE, database), autocommit=True)


def brought_over(server: Server) -> None:
    """Do what the start of a command does."""
    engine = create_database_engine(server.url())
    migrate(engine, SilentProgress(), server.url(OWNER_ROLE))
    engine.dispose()


def test_a_former_cluster_is_brought_over_without_losing_a_row(former: PrivateCluster) -> None:
    with former.running() as server:
        brought_over(server)
        with administration(server, "cpts") as connection:
            owners = connection.execute(
                "SELECT DISTINCT pg_get_userbyid(c.relowner) FROM pg_class c"
                " JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE n.nspname = 'public' AND c.relname <> 'spatial_ref_sys'"
                " AND c.relkind IN ('r', 'S')"
            ).fetchall()
            assert owners == [(OWNER_ROLE,)]
            roles = connection.execute(
                "SELECT rolname, rolcreatedb, rolsuper FROM pg_roles WHERE rolname ~ '^cpts'"
                " ORDER BY 1"
            ).fetchall()
            assert roles == [("cpts", False, False), (OWNER_ROLE, True, False)]
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SELECT count(*) FROM claim").fetchone() == (2,)
            tokens = connection.execute("SELECT label FROM api_token ORDER BY 1").fetchall()
            assert tokens == [("administration",), ("une ARS",)]


def test_what_the_former_version_left_unrecorded_is_recorded_once(
    former: PrivateCluster,
) -> None:
    with former.running() as server:
        brought_over(server)
        engine = create_database_engine(server.url())
        with engine.begin() as connection:
            rows = connection.exec_driver_sql(
                "SELECT actor, after ->> 'name' FROM cpts_change ORDER BY id"
            ).all()
        assert [tuple(row) for row in rows] == [
            ("une ARS", None),
            ("mise à jour du schéma", "CPTS d'avant"),
        ]
        with snapshot_scope(engine) as session:
            assert verify(session, SilentProgress()) == []
        engine.dispose()


def test_the_service_writes_and_may_not_alter(former: PrivateCluster) -> None:
    with former.running() as server:
        brought_over(server)
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("UPDATE cpts SET phone = '0123456789'")
            for refused in (
                "ALTER TABLE cpts ADD COLUMN mine text",
                "DELETE FROM cpts_change",
                "CREATE TABLE mine (a integer)",
                "CREATE DATABASE mine",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(refused)


def test_a_table_of_a_restored_dump_is_granted_at_the_next_start(
    former: PrivateCluster,
) -> None:
    with former.running() as server:
        brought_over(server)
        with administration(server, "cpts") as connection:
            # As after pg_restore --no-privileges.
            connection.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM cpts")
        brought_over(server)
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SELECT count(*) FROM cpts").fetchone() == (1,)


def test_without_the_owner_a_schema_that_is_up_to_date_serves_and_an_old_one_is_told(
    former: PrivateCluster,
) -> None:
    with former.running() as server:
        brought_over(server)
        check_database(server.url())
        engine = create_database_engine(server.url())
        migrate(engine, SilentProgress())
        with administration(server, "cpts") as connection:
            connection.execute("UPDATE alembic_version SET version_num = '0005'")
            with pytest.raises(Failure, match="CPTS_OWNER_DATABASE_URL"):
                migrate(engine, SilentProgress())
            newest = "UPDATE alembic_version SET version_num = %s"
            connection.execute(newest, (newest_revision(),))
        engine.dispose()


def test_the_owners_address_is_not_that_of_the_service(former: PrivateCluster) -> None:
    with former.running() as server:
        brought_over(server)
        show = "import os; print(os.environ['PGUSER'])"
        for option, role in (((), "cpts"), (("--owner",), OWNER_ROLE)):
            done = subprocess.run(
                [*CPTS, "db", "run", *option, sys.executable, "-c", show],
                cwd=ROOT,
                env={
                    "PATH": "/usr/bin:/bin",
                    "DATABASE_URL": server.url(),
                    "CPTS_OWNER_DATABASE_URL": server.url(OWNER_ROLE),
                },
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            assert done.stdout == f"{role}\n", done.stderr
