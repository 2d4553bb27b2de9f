"""A warm parent of misbehaving jobs, one for all tests of this folder."""

from collections.abc import Iterator

import pytest

from app.processes.fork_server import ForkServer


@pytest.fixture(scope="session")
def server() -> Iterator[ForkServer]:
    server = ForkServer("tests.processes.jobs", {"CPTS_OF_THE_JOB": "1"})
    yield server
    server.close()
