"""Everything in one run: `./cpts bench`, which says where the programs are."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from app.database.calendar import PARIS
from app.failures import Failure
from app.progress import terminal_progress
from app.settings import PROJECT_ROOT
from benchmarks import directory, features, growth, letters, pages, reading, starting
from benchmarks.figures import Figure, table
from benchmarks.machine import describe_machine, peer_version
from benchmarks.scratch import ScratchCluster, ScratchServer

PARTS = ("starting", "features", "letters", "page", "reading", "directory", "growth")


def main() -> None:
    """Measure what is asked for, show it, and write it where asked."""
    options = _options()
    progress = terminal_progress()
    cluster = ScratchCluster(PROJECT_ROOT / ".data" / f"bench-{os.getpid()}", progress)
    programs = features.Programs(options.wrk, options.nginx, options.peer_python)
    figures: list[Figure] = []
    measures: dict[str, tuple[str, Callable[[ScratchServer], list[Figure]]]] = {
        "starting": ("Mesure : import", starting.measure_import),
        "features": (
            "Mesure : cpts.geojson, tipg, nginx",
            lambda server: features.measure_features(server, programs, options.seconds),
        ),
        "letters": ("Mesure : lettres", letters.measure_letters),
        "page": (
            "Mesure : carte nationale",
            lambda server: pages.measure_page(server, options.chromium),
        ),
        "reading": ("Mesure : lecture des lieux", reading.measure_reading),
        "directory": ("Mesure : annuaire des membres", directory.measure_directory),
        "growth": (
            "Mesure : croissance",
            lambda server: growth.measure_growth(
                server, options.wrk, options.seconds, options.charts
            ),
        ),
    }

    def note(machine: dict[str, Any], measured: list[Figure]) -> None:
        # At once, so that a part that fails does not take the others along.
        figures.extend(measured)
        # Figures of a machine that does other work say little; ratios hold longer.
        machine["load_highest"] = max(machine["load_highest"], round(os.getloadavg()[0], 2))
        print(table(measured) + "\n", flush=True)
        if options.json is not None:
            _write(options.json, options.seconds, machine, figures)

    try:
        with cluster.running() as server:
            machine = describe_machine(server.url)
            machine["tipg"] = peer_version(options.peer_python, "tipg")
            print(", ".join(f"{name} {value}" for name, value in machine.items()) + "\n")
            with progress.step("Mesure : géographie et démonstration"):
                measured = starting.measure_loading(server)
        note(machine, measured)
        if "starting" in options.only:
            with progress.step("Mesure : démarrages"):
                measured = starting.measure_second_start(cluster)
            note(machine, measured)
        with cluster.running() as server:
            for part, (label, measure) in measures.items():
                if part in options.only:
                    with progress.step(label):
                        measured = measure(server)
                    note(machine, measured)
    finally:
        cluster.remove()


def _write(path: Path, seconds: int, machine: dict[str, Any], figures: list[Figure]) -> None:
    report = {
        "measured_at": datetime.now(PARIS).replace(microsecond=0).isoformat(),
        "machine": machine,
        "seconds": seconds,
        "figures": [figure.as_json() for figure in figures],
    }
    path.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cpts bench", add_help=False)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--charts", type=Path)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--only", type=lambda value: value.split(","), default=list(PARTS))
    for program in ("wrk", "nginx", "peer-python", "chromium"):
        parser.add_argument(f"--{program}", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.stderr.write(f"cpts : {failure.message}\n")
        sys.exit(failure.exit_status)
