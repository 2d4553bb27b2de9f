"""What the tests of checks share."""

import pytest

from app.letters.check import file_reading


@pytest.fixture(autouse=True)
def time_for_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have files read however busy the machine is; a test of the bound sets its own."""
    monkeypatch.setattr(file_reading, "SECONDS", 90.0)
    monkeypatch.setattr(file_reading, "_SECONDS_WAITING", 45.0)
