"""What is said of an import that kept something out."""

import csv
from pathlib import Path

from app.cpts.importing.report import ReportLine, write_report
from app.cpts.importing.rules import Outcome
from app.cpts.importing.summary import kept_out

LONG = "CPTS " + "du très long territoire " * 8


def line(row: int, group: int | None, outcome: Outcome, detail: str = "") -> ReportLine:
    name = {0: LONG, 1: "CPTS B", 2: "CPTS C", None: ""}[group]
    return ReportLine(row, name, f"Commune {row}", "", outcome, [], [], detail, group=group)


def test_nothing_is_said_when_everything_went_in() -> None:
    assert not list(kept_out([line(2, 0, Outcome.LOADED)], reported=False))


def test_each_cpts_has_one_block_with_its_whole_name_and_reasons() -> None:
    lines = [
        line(2, 0, Outcome.AMBIGUOUS, "plusieurs communes possibles"),
        line(3, 1, Outcome.LOADED),
        line(4, 0, Outcome.SKIPPED, "CPTS écartée"),
        line(5, 0, Outcome.UNKNOWN, "commune inconnue"),
    ]
    said = list(kept_out(lines, reported=False))
    assert said[:3] == [
        f"{LONG} : écartée (1 ambiguës, 1 inconnues, 1 écartées avec leur CPTS)",
        "  ligne 2, Commune 2 : plusieurs communes possibles",
        "  ligne 5, Commune 5 : commune inconnue",
    ]
    assert not any("CPTS B" in each for each in said)


def test_one_reason_of_many_rows_is_said_once() -> None:
    lines = [line(row, 1, Outcome.AMBIGUOUS, "deux CPTS du même nom ?") for row in range(2, 40)]
    block = list(kept_out(lines, reported=False))
    assert len(block) == 3
    assert block[1].startswith("  lignes 2, 3, 4")
    assert block[1].endswith("et 26 autres : deux CPTS du même nom ?")


def test_one_more_is_said_in_the_singular() -> None:
    lines = [line(row, 1, Outcome.AMBIGUOUS, "motif") for row in range(2, 15)]
    block = list(kept_out(lines, reported=False))
    assert block[1].endswith("13 et une autre : motif")


def test_a_cpts_that_entered_without_a_commune_is_said_so() -> None:
    lines = [line(2, 1, Outcome.LOADED), line(3, 1, Outcome.CONFLICT, "déjà tenue")]
    assert next(kept_out(lines, reported=False)).startswith("CPTS B : entrée en partie")


def test_the_last_line_says_what_to_do_next() -> None:
    asked = {
        Outcome.AMBIGUOUS: "--department",
        Outcome.UNKNOWN: "corrigez ce qui est inconnu",
        Outcome.CONFLICT: "--on-conflict without-commune",
    }
    for outcome, step in asked.items():
        *_, last = kept_out([line(2, 1, outcome, "motif")], reported=True)
        assert step in last
        assert "puis relancez" in last
        others = set(asked.values()) - {step}
        assert not any(other in last for other in others)


def test_the_report_stands_by_cpts_in_the_order_of_the_file(tmp_path: Path) -> None:
    lines = [
        line(2, 1, Outcome.LOADED), line(3, None, Outcome.SKIPPED), line(4, 2, Outcome.LOADED),
        line(5, 1, Outcome.CONFLICT),
    ]  # fmt: skip
    path = tmp_path / "rapport.csv"
    write_report(path, lines)
    with path.open(encoding="utf-8", newline="") as opened:
        assert [row["row"] for row in csv.DictReader(opened)] == ["2", "5", "4", "3"]
