"""How long loading and starting take."""

import csv
import subprocess
import tempfile
import time
from pathlib import Path

from app.cpts.demonstration.service import load_demonstration, read_demonstration
from app.database.migration import upgrade_database
from app.geography.loading import load_geography
from app.progress import SilentProgress
from app.settings import PROJECT_ROOT
from benchmarks.figures import Figure, Target, median
from benchmarks.scratch import ScratchCluster, ScratchServer, analyse, engine_on
from benchmarks.servers import fetch, free_port, own_environment, service

TOPIC = "Charger et démarrer"
_STARTS = 3


def measure_loading(server: ScratchServer) -> list[Figure]:
    """Load geography and demonstration data into the cluster's first database."""
    progress = SilentProgress()
    with engine_on(server.url) as engine:
        upgrade_database(engine)
        began = time.perf_counter()
        load_geography(engine, progress)
        geography = time.perf_counter() - began
        began = time.perf_counter()
        cpts, communes = load_demonstration(engine, progress)
        demonstration = time.perf_counter() - began
        analyse(engine)
    return [
        Figure(TOPIC, "Géographie de référence", geography, "s", target=Target("below", 60)),
        Figure(
            TOPIC,
            f"{cpts} CPTS de démonstration, {communes} communes",
            demonstration,
            "s",
            target=Target("below", 15),
        ),
    ]


def measure_import(server: ScratchServer) -> list[Figure]:
    """Run `./cpts import` on a listing of as many CPTS, one row per commune."""
    listing = read_demonstration()
    rows = [
        (f"Mesure {number:04d}", code, list(cpts.stages)[-1])
        for number, cpts in enumerate(listing, start=1)
        for code in cpts.claims
    ]
    with tempfile.TemporaryDirectory() as folder, server.copy("cpts_import") as url:
        path = Path(folder) / "liste.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["Nom de la CPTS", "Code INSEE", "Stade"])
            writer.writerows(rows)
        began = time.perf_counter()
        subprocess.run(
            [PROJECT_ROOT / "cpts", "import", path],
            check=True,
            env=own_environment(DATABASE_URL=url),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        seconds = time.perf_counter() - began
    return [
        Figure(
            TOPIC,
            f"./cpts import : les mêmes en CSV, {len(rows)} lignes",
            seconds,
            "s",
            target=Target("below", 15),
            note="la commande entière, le retrait de la démonstration compris",
        )
    ]


def measure_second_start(cluster: ScratchCluster) -> list[Figure]:
    """Start the service on a stopped cluster that holds everything, to the first answer."""
    seconds = []
    settings = {"CPTS_DATA_DIRECTORY": str(cluster.directory)}
    for _ in range(_STARTS):
        port = free_port()
        began = time.perf_counter()
        with service(port, workers=None, settings=settings) as base:
            status, _, body = fetch(f"{base}/api/v1/cpts.geojson?region=32")
            seconds.append(time.perf_counter() - began)
            if status != 200 or b'"features":[{' not in body:
                raise AssertionError("the service started without its data")
    return [
        Figure(
            TOPIC,
            "./cpts serve, deuxième démarrage, jusqu'à la première réponse",
            median(seconds),
            "s",
            target=Target("below", 5),
            note=f"PostgreSQL arrêté au départ ; médiane de {_STARTS} démarrages, le plus "
            f"long {max(seconds):.1f} s",
        )
    ]
