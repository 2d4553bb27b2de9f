"""Everything in one run: `./cpts bench`, which says where the programs are."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from app.database.calendar import PARIS
from app.failures import Failure
from app.progress import terminal_progress
from app.settings import PROJECT_ROOT
from benchmarks import features, letters, pages, starting
from benchmarks.figures import Figure, table
from benchmarks.machine import describe_machine, peer_version
from benchmarks.scratch import ScratchCluster, ScratchServer

PARTS = ("starting", "features", "letters", "page")


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
    }
    try:
        with cluster.running() as server:
            with progress.step("Mesure : géographie et démonstration"):
                figures += starting.measure_loading(server)
            machine = describe_machine(server.url)
        if "starting" in options.only:
            with progress.step("Mesure : démarrages"):
                figures += starting.measure_second_start(cluster)
        with cluster.running() as server:
            for part, (label, measure) in measures.items():
                if part in options.only:
                    with progress.step(label):
                        figures += measure(server)
    finally:
        cluster.remove()
    machine["tipg"] = peer_version(options.peer_python, "tipg")
    measured_at = datetime.now(PARIS).replace(microsecond=0).isoformat()
    if options.json is not None:
        report = {
            "measured_at": measured_at,
            "machine": machine,
            "seconds": options.seconds,
            "figures": [figure.as_json() for figure in figures],
        }
        options.json.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    print(f"Mesuré le {measured_at} : " + ", ".join(f"{k} {v}" for k, v in machine.items()))
    print(table(figures))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cpts bench", add_help=False)
    parser.add_argument("--json", type=Path)
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
