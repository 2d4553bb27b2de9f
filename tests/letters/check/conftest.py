"""What the tests of checks share."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def time_for_files(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have files read however busy the machine is; a test marked `bounded` has the bound."""
    if "app" not in request.fixturenames or "bounded" in request.fixturenames:
        yield
        return
    from app.processes.pool import Places

    pool = request.getfixturevalue("app").state.file_reader.pool
    former = pool._places
    pool._places = Places(wait_s=45.0, within_s=90.0)
    yield
    pool._places = former
