"""A file for each kind of list, in `kinds`, and what it must give, in `right_answers.tsv`."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.cpts.importing import service
from app.cpts.importing.grouping import states_a_stage
from app.cpts.importing.plan import Options
from app.cpts.importing.rules import OnConflict
from app.database.sessions import ReadingSession, snapshot_scope
from app.files.sources import open_source
from app.progress import SilentProgress

KINDS = Path(__file__).parent / "kinds"
ANSWERS = "right_answers.tsv"


def _right() -> dict[str, list[tuple[str, str, str]]]:
    found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    with (KINDS / ANSWERS).open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened, delimiter="\t", quoting=csv.QUOTE_NONE):
            found[row["file"]].append((row["given"], row["outcome"], row["communes"]))
    return dict(found)


RIGHT = _right()


@pytest.fixture
def session(engine: Engine) -> Iterator[ReadingSession]:
    with snapshot_scope(engine) as session:
        yield session


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_each_row_of_a_kind_gives_its_right_answer(session: ReadingSession, name: str) -> None:
    listing = service.read_listing(open_source(KINDS / name), {})
    default = None if states_a_stage(listing.entries) else "aci_signe"
    options = Options(date(2026, 11, 25), OnConflict.REFUSE, default)
    plan = service.plan_import(session, listing, options, SilentProgress())
    assert [
        (line.given, line.outcome.value, " ".join(line.commune_codes)) for line in plan.lines
    ] == RIGHT[name]


def test_every_file_has_its_right_answer() -> None:
    assert set(RIGHT) == {path.name for path in KINDS.iterdir()} - {ANSWERS}
