"""Small listings of the shape that an ARS publishes, with invented CPTS."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app.failures import Failure

if TYPE_CHECKING:
    from sqlalchemy import Engine

HEADER = (
    "Nom CPTS", "Territoire CPTS", "dpt", "Président-e", "Coordonnateur-rice",
    "Contact de la CPTS", "Site Internet",
)  # fmt: skip


@pytest.fixture
def write_xlsx(tmp_path: Path) -> Callable[..., Path]:
    """Write a workbook: `write_xlsx([row, …])`, or `write_xlsx(Sheet1=[…], Sheet2=[…])`."""
    import openpyxl

    def write(
        rows: Sequence[Sequence[Any]] = (), name: str = "listing.xlsx", **sheets: Any
    ) -> Path:
        book = openpyxl.Workbook()
        book.remove(book.worksheets[0])
        for title, content in (sheets or {"CPTS": rows}).items():
            sheet = book.create_sheet(title)
            for row in content:
                sheet.append(list(row))
        path = tmp_path / name
        book.save(path)
        return path

    return write


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[..., Path]:
    """Write a CSV file: `write_csv([row, …], name=…, encoding=…, separator=…)`."""

    def write(
        rows: Sequence[Sequence[Any]],
        name: str = "listing.csv",
        encoding: str = "utf-8",
        separator: str = ";",
    ) -> Path:
        path = tmp_path / name
        with path.open("w", encoding=encoding, newline="") as opened:
            csv.writer(opened, delimiter=separator).writerows(rows)
        return path

    return write


@dataclass(frozen=True)
class Imported:
    """What a run of `./cpts import` gave: its exit status, what it printed, its report."""

    status: int
    output: str
    report: list[dict[str, str]]

    def outcomes(self) -> list[tuple[str, str, str]]:
        """Give (given, outcome, commune_code) of every line of the report."""
        return [(r["given"], r["outcome"], r["commune_code"]) for r in self.report]


RunImport = Callable[..., Imported]


@pytest.fixture
def run_import(
    engine: Engine, test_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> RunImport:
    """Run the command as its user does: `run_import(path, "--dry-run")`."""
    from typer.testing import CliRunner

    from app.cli import application

    monkeypatch.setenv("DATABASE_URL", test_database)

    def run(path: Path | str, *arguments: str) -> Imported:
        report = tmp_path / "report.csv"
        report.unlink(missing_ok=True)
        result = CliRunner().invoke(
            application, ["import", str(path), "--report", str(report), *arguments]
        )
        status, output = result.exit_code, result.output
        if isinstance(result.exception, Failure):
            status, output = result.exception.exit_status, result.exception.message
        elif result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        lines: list[dict[str, str]] = []
        if report.exists():
            with report.open(encoding="utf-8", newline="") as opened:
                lines = list(csv.DictReader(opened))
        return Imported(status, output, lines)

    return run
