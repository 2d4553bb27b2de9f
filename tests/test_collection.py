"""Tests of plain rules start at once: their fixtures load no framework."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLAIN = (
    "tests/cpts/claims/test_claims_rules.py",
    "tests/cpts/importing/test_import_rules.py",
    "tests/cpts/test_communes_rules.py",
    "tests/cpts/test_writing_rules.py",
    "tests/funding/test_rules.py",
    "tests/letters/check/test_rules.py",
    "tests/web/test_statistics_rules.py",
)
HEAVY = ("fastapi", "sqlalchemy", "starlette.testclient", "playwright", "uvicorn", "openpyxl")

COLLECT = f"""
import sys
import pytest
status = pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", *sys.argv[1:]])
print("loaded", *[name for name in {HEAVY} if name in sys.modules])
sys.exit(status)
"""


def test_collecting_tests_of_plain_rules_loads_no_framework() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COLLECT, *PLAIN],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *collected, loaded = done.stdout.splitlines()
    assert all(any(path in line for line in collected) for path in PLAIN)
    assert loaded == "loaded"
