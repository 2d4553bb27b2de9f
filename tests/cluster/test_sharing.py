"""The private cluster is shared by the commands that run in one checkout."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from app.cluster.home import existing_home, remove_home
from app.cluster.private import PrivateCluster
from app.cluster.server import OWNER_ROLE, Server
from app.failures import Failure
from app.progress import SilentProgress
from app.settings import PROJECT_ROOT

# Holds a cluster until its standard input closes; prints "ready" meanwhile.
HOLDER = """
import sys
from pathlib import Path
from app.cluster.private import PrivateCluster
from app.progress import SilentProgress
with PrivateCluster(Path(sys.argv[1]), SilentProgress(), durable=False).running():
    print("ready", flush=True)
    sys.stdin.read()
"""


def cluster_in(folder: Path) -> PrivateCluster:
    return PrivateCluster(folder, SilentProgress(), durable=False)


@contextmanager
def place_in(parent: Path) -> Iterator[Path]:
    """Where a cluster may be made; whatever a test leaves of it is stopped and removed."""
    place = parent / "postgres"
    yield place
    home = existing_home(place)
    if home is not None and home.data.exists():
        with cluster_in(place).running():
            pass
    remove_home(place)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cluster's place that the tests of this module share, stopped between them."""
    with place_in(tmp_path_factory.mktemp("shared")) as place:
        yield place


@pytest.fixture
def empty_folder(tmp_path: Path) -> Iterator[Path]:
    """A cluster's place where there is none yet."""
    with place_in(tmp_path) as place:
        yield place


def hold(folder: Path) -> subprocess.Popen[str]:
    """Start another process that uses the cluster, and wait until it does."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        cwd=PROJECT_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=60)
    assert process.returncode == 0


def value(server: Server, query: str) -> object:
    with psycopg.connect(server.url(OWNER_ROLE)) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def first_process(server: Server) -> int:
    return int((server.home.data / "postmaster.pid").read_text().split("\n", 1)[0])


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}/cwd").exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def test_the_application_is_no_superuser_and_finds_its_extensions(folder: Path) -> None:
    with cluster_in(folder).running() as server:
        assert value(server, "SELECT usesuper FROM pg_user WHERE usename = user") is False
        names = "SELECT array_agg(extname::text) FROM pg_extension"
        found = value(server, names)
        assert isinstance(found, list)
        assert {"postgis", "btree_gist", "pg_trgm", "unaccent"} <= set(found)


def test_the_server_listens_on_its_socket_only(folder: Path) -> None:
    with cluster_in(folder).running() as server:
        assert value(server, "SHOW listen_addresses") == ""
        socket = server.home.sockets / ".s.PGSQL.5432"
        assert socket.is_socket()
        assert len(str(socket)) < 104
        assert server.home.sockets.stat().st_mode & 0o077 == 0
        assert server.home.data.stat().st_mode & 0o077 == 0


def test_real_data_wait_for_the_disk(folder: Path) -> None:
    with PrivateCluster(folder, SilentProgress()).running() as server:
        assert value(server, "SHOW fsync") == "on"
        assert value(server, "SHOW synchronous_commit") == "on"


def test_the_server_ends_with_its_only_user_and_the_data_stay(folder: Path) -> None:
    with (
        cluster_in(folder).running() as server,
        psycopg.connect(server.url(OWNER_ROLE)) as connection,
    ):
        connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
    assert not server.is_running()
    with cluster_in(folder).running() as server:
        assert value(server, "SELECT number FROM kept") == 42


def test_the_last_of_several_commands_stops_the_server(folder: Path) -> None:
    with cluster_in(folder).running() as server:
        other = hold(folder)
        pid = first_process(server)
    assert server.is_running()
    assert first_process(server) == pid
    leave(other)
    assert not server.is_running()


def test_commands_that_come_and_go_at_once_always_find_a_server(folder: Path) -> None:
    with cluster_in(folder).running():
        pass
    failures: list[BaseException] = []

    def come_and_go() -> None:
        try:
            for _ in range(4):
                with cluster_in(folder).running() as server:
                    assert value(server, "SELECT 1") == 1
        except BaseException as failure:  # a thread's failure must reach the test
            failures.append(failure)

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with cluster_in(folder).running() as server:
        pass
    assert not server.is_running()


def test_a_killed_command_does_not_keep_the_next_from_stopping_the_server(folder: Path) -> None:
    killed = hold(folder)
    killed.kill()
    killed.communicate()
    with cluster_in(folder).running() as server:
        assert value(server, "SELECT 1") == 1
    assert not server.is_running()


def test_a_killed_server_recovers_what_was_committed(folder: Path) -> None:
    with PrivateCluster(folder, SilentProgress()).running() as server:
        with psycopg.connect(server.url(OWNER_ROLE), autocommit=True) as connection:
            connection.execute("CREATE TABLE committed AS SELECT 42 AS number")
        os.kill(first_process(server), signal.SIGKILL)
        with PrivateCluster(folder, SilentProgress()).running() as again:
            assert value(again, "SELECT number FROM committed") == 42


def test_a_server_that_dies_under_the_service_is_started_again(folder: Path) -> None:
    cluster = cluster_in(folder)
    ended = threading.Event()
    with cluster.running() as server:
        watch = threading.Thread(target=cluster.keep_running, args=(server, ended))
        watch.start()
        try:
            first = first_process(server)
            os.kill(first, signal.SIGKILL)
            deadline = time.monotonic() + 30
            answer: object = None
            while answer != 1 and time.monotonic() < deadline:
                try:
                    answer = value(server, "SELECT 1")
                except psycopg.OperationalError:
                    time.sleep(0.05)
            assert answer == 1
            assert first_process(server) != first
        finally:
            ended.set()
            watch.join()
    assert not server.is_running()


def test_a_process_number_that_belongs_to_another_program_now_is_no_obstacle(
    folder: Path,
) -> None:
    with cluster_in(folder).running() as server:
        pid = first_process(server)
        os.kill(pid, signal.SIGKILL)
        wait_until_gone(pid)
        record = server.home.data / "postmaster.pid"
        lines = record.read_text().split("\n")
        stranger = subprocess.Popen(["sleep", "60"], user=server.account.uid)
        try:
            record.write_text("\n".join([str(stranger.pid), *lines[1:]]))
            with cluster_in(folder).running() as again:
                assert value(again, "SELECT 1") == 1
        finally:
            stranger.kill()
            stranger.wait()


@pytest.mark.parametrize("name", ["mes données, à part", "l'" + "x" * 90])
def test_any_name_of_a_folder_will_do(name: str) -> None:
    # Where the server's account can enter, so that the data lie under this very name.
    with TemporaryDirectory() as outer:
        parent = Path(outer) / name
        parent.mkdir()
        parent.parent.chmod(0o755)
        with place_in(parent) as place, cluster_in(place).running() as server:
            assert not place.is_symlink()
            assert value(server, "SELECT 1") == 1
            assert len(str(server.home.sockets)) < 80


def test_an_interrupted_creation_starts_over(empty_folder: Path) -> None:
    empty_folder.mkdir()
    (empty_folder / "data.new").mkdir()
    with cluster_in(empty_folder).running() as server:
        assert value(server, "SELECT 1") == 1


def test_data_of_another_major_version_are_refused_by_name(empty_folder: Path) -> None:
    with cluster_in(empty_folder).running() as server:
        pass
    (server.home.data / "PG_VERSION").write_text("11\n")
    with pytest.raises(Failure) as refused, cluster_in(empty_folder).running():
        pass
    assert "PostgreSQL 11" in refused.value.message
    assert "\n" not in refused.value.message
    (server.home.data / "PG_VERSION").write_text(f"{server.programs.major}\n")


def test_the_data_lie_where_the_account_of_the_server_can_enter(empty_folder: Path) -> None:
    empty_folder.parent.chmod(0o700)
    with cluster_in(empty_folder).running() as server:
        owner = Path(f"/proc/{first_process(server)}").stat().st_uid
        assert owner != 0
        assert empty_folder.is_symlink() == (os.geteuid() == 0)
        assert server.home.data.stat().st_uid == owner
    with cluster_in(empty_folder).running() as again:
        assert again.home == server.home
    remove_home(empty_folder)
    assert not server.home.folder.exists()
    assert not empty_folder.is_symlink()


def test_data_without_value_go_once_their_checkout_is_gone(
    folder: Path, empty_folder: Path
) -> None:
    """Only root's server keeps data outside of the checkout."""
    with cluster_in(folder).running() as server:
        pass
    if folder.is_symlink():
        folder.rename(folder.with_name("moved"))
        with cluster_in(empty_folder).running():
            assert not server.home.folder.exists()
        folder.with_name("moved").unlink()
    else:
        with cluster_in(empty_folder).running():
            assert server.home.folder.exists()


def test_data_of_value_stay_when_their_checkout_is_gone(folder: Path, tmp_path: Path) -> None:
    with place_in(tmp_path) as place:
        with PrivateCluster(place, SilentProgress()).running() as server:
            pass
        is_outside = place.is_symlink()
        if is_outside:
            place.unlink()
        try:
            with cluster_in(folder).running():
                assert server.home.data.exists()
        finally:
            if is_outside:
                place.symlink_to(server.home.folder)
