"""A file for each kind of territory, in `kinds`, and what it asks for, in its answers."""

import csv
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.database.sessions import snapshot_scope
from app.letters.check import service
from app.letters.check.commune_lists import read_commune_list

KINDS = Path(__file__).parent / "kinds"
ANSWERS = "right_answers.tsv"


def _right() -> dict[str, tuple[list[str], list[str]]]:
    with (KINDS / ANSWERS).open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {
        row["file"]: (
            row["communes"].split(),
            [given for given in row["unresolved"].split(" | ") if given],
        )
        for row in rows
    }


RIGHT = _right()


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_a_kind_of_list_asks_for_its_communes_and_names_the_rest(
    engine: Engine, name: str
) -> None:
    read = read_commune_list(KINDS / name)
    with snapshot_scope(engine) as session:
        answer = service.check_letter(session, service.Question(given=read.given))
    communes, unresolved = RIGHT[name]
    assert [commune.code for commune in answer.territory.communes] == communes
    assert [each.given for each in answer.unresolved] == unresolved


def test_every_file_has_its_right_answer() -> None:
    assert set(RIGHT) == {path.name for path in KINDS.iterdir()} - {ANSWERS}
