"""The departments of the reference geography, as the reading knows them."""

import csv
from functools import cache
from pathlib import Path

from app.geography.evidence.departments import Departments

_DATA = Path(__file__).parents[3] / "geo_data"


def _rows(name: str) -> list[dict[str, str]]:
    with (_DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def departments() -> Departments:
    """Give every department with its region."""
    regions = {row["code"]: row["name"] for row in _rows("regions.csv")}
    return Departments(
        (row["code"], row["name"], regions[row["region"]]) for row in _rows("departments.csv")
    )


def department_names() -> list[tuple[str, str]]:
    """List `(code, name)` of every department."""
    return [(row["code"], row["name"]) for row in _rows("departments.csv")]
