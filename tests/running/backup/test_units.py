"""The units that an operator copies are ones that systemd takes, with commands that exist."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from app.cli import application

ROOT = Path(__file__).parents[3]
UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    copies = []
    for unit in UNITS:
        copies.append(tmp_path / unit.name)
        # The place of the checkout is the operator's to say.
        copies[-1].write_text(unit.read_text().replace("/srv/cpts", str(ROOT)))
    done = subprocess.run(
        ["systemd-analyze", "verify", *copies], check=False, capture_output=True, text=True
    )
    said = [line for line in done.stderr.splitlines() if "cpts" in line]
    assert (done.returncode, said) == (0, [])


def test_what_the_units_start_are_commands_of_the_service() -> None:
    started = [
        line.split()[1:]
        for unit in UNITS
        for line in re.findall(r"^ExecStart=(.+)$", unit.read_text(), re.M)
    ]
    assert len(started) == 4
    for words in started:
        command = get_command(application)
        for word in words:
            if word.startswith("-"):
                break
            command = command.commands[word]  # type: ignore[attr-defined]
