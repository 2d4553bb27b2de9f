import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = (
    "pyproject.toml",
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-bench.lock",
)

Check = Callable[[], tuple[int, list[str]]]
Change = Callable[[str, str, str], None]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.fixture
def check(project: Path) -> Check:
    def run() -> tuple[int, list[str]]:
        done = subprocess.run(
            [sys.executable, ROOT / ".ci" / "check_locks.py", project],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr.splitlines()

    return run


@pytest.fixture
def change(project: Path) -> Change:
    def replace(name: str, old: str, new: str) -> None:
        path = project / name
        text = path.read_text("utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), "utf-8")

    return replace


def test_locks_follow_the_project(check: Check) -> None:
    assert check() == (0, [])


def test_a_requirement_that_no_lock_has_is_named_once_for_each(
    check: Check, change: Change
) -> None:
    change("pyproject.toml", '    "alembic>=', '    "absent-package>=1",\n    "alembic>=')
    assert check() == (
        1,
        [
            "requirements.lock: absent-package is missing",
            "requirements-dev.lock: absent-package is missing",
        ],
    )


@pytest.mark.parametrize("name", ["tipg", "ruff", "alembic"])
def test_a_bound_that_a_lock_does_not_reach_is_told(
    check: Check, change: Change, project: Path, name: str
) -> None:
    change("pyproject.toml", f'"{name}>=', f'"{name}>=9')
    status, said = check()
    expected = {
        "tipg": ["requirements-bench.lock"],
        "ruff": ["requirements-dev.lock"],
        "alembic": ["requirements.lock", "requirements-dev.lock"],
    }[name]
    assert status == 1
    assert [line.split(": ")[0] for line in said] == expected
    assert all(f": {name} " in line and "where pyproject.toml says" in line for line in said)


def test_a_requirement_without_a_lower_bound_is_told(check: Check, change: Change) -> None:
    change("pyproject.toml", '"alembic>=1.20"', '"alembic<3"')
    assert check() == (1, ["pyproject.toml: alembic has no lower bound"])


def test_a_requirement_that_is_dropped_must_leave_the_locks(
    check: Check, change: Change
) -> None:
    change("pyproject.toml", '    "ruff>=0.17",\n', "")
    assert check() == (
        1,
        ["requirements-dev.lock: ruff is no longer in pyproject.toml"],
    )


def test_what_others_bring_is_not_asked_for_until_the_lock_says_so(
    check: Check, change: Change
) -> None:
    change("pyproject.toml", '    "alembic>=', '    "starlette>=0.1",\n    "alembic>=')
    assert check() == (
        1,
        [
            "requirements.lock: starlette is there for others only",
            "requirements-dev.lock: starlette is there for others only",
        ],
    )


def test_tests_run_with_the_versions_of_the_service(check: Check, change: Change) -> None:
    change("requirements-dev.lock", "\nstarlette==", "\nstarlette==0.")
    status, (said,) = check()
    assert status == 1
    assert said.startswith("requirements-dev.lock: starlette 0.")
    assert said.endswith(" in requirements.lock")


def test_the_benchmark_serves_with_the_versions_of_the_service(
    check: Check, change: Change
) -> None:
    change("requirements-bench.lock", "\nuvicorn==", "\nuvicorn==9")
    status, (said,) = check()
    assert status == 1
    assert said.startswith("requirements-bench.lock: uvicorn 9")
