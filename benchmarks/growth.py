"""What grows with the registry, with those who ask at once, and with the workers."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.figures import Figure, median
from benchmarks.letters import draw, inside_service, timed
from benchmarks.load_chart import Curve, chart
from benchmarks.scratch import ScratchServer, analyse, engine_on
from benchmarks.servers import free_port, service
from benchmarks.territories import fill_registry
from benchmarks.wrk import load

TOPIC = "Croissance"
REGISTRIES = (100, 1_000, 10_000, 30_000)
CONNECTIONS = (1, 10, 100, 1_000)
WORKERS = (1, 2, 4)
# For the workers: as many as keep all of them busy.
_BUSY = 100
_ASKED = "/api/v1/cpts.geojson?region=32"

Measured = Mapping[int, float]


def measure_growth(
    server: ScratchServer,
    wrk: Path,
    seconds: int,
    charts: Path | None,
    *,
    registries: Sequence[int] = REGISTRIES,
    connections: Sequence[int] = CONNECTIONS,
    workers: Sequence[int] = WORKERS,
) -> list[Figure]:
    """Measure letters by size of the registry, and kept answers by connections and workers.

    Parameters: `seconds`, how long each server is asked; `charts`, the folder where each of
    the three is drawn, none when None.
    """
    by_workers = {
        count: _rates(server, wrk, seconds, (_BUSY,), count)[_BUSY] for count in workers
    }
    by_connections = _rates(server, wrk, seconds, connections, 1)
    found = (
        ("lettre de 60 communes", "CPTS", "ms", _letters(server, registries)),
        ("réponse gardée, un processus", "connexions", "req/s", by_connections),
        (f"réponse gardée, {_BUSY} connexions", "processus", "req/s", by_workers),
    )
    for label, across, unit, measured in found:
        if charts is not None:
            charts.mkdir(parents=True, exist_ok=True)
            drawn = drawing(label, across, unit, measured)
            (charts / f"{across.lower()}.svg").write_text(drawn, encoding="utf-8")
    return [
        Figure(TOPIC, f"{label}, {count} {across}", value, unit)
        for label, across, unit, measured in found
        for count, value in measured.items()
    ]


def drawing(label: str, across: str, unit: str, measured: Measured) -> str:
    """Draw what was measured, as SVG: values by how many there were of what is `across`."""
    curve = Curve(label, list(measured), list(measured.values()))
    title = f"{label[0].upper()}{label[1:]} : {unit} selon les {across}"

    def written(value: float) -> str:
        return f"{value:g} {unit}"

    return chart([curve], title=title, across=across, written=written)


def _letters(server: ScratchServer, registries: Sequence[int]) -> Measured:
    found = {}
    with server.copy("cpts_growth") as url, engine_on(url) as engine:
        letters = draw(engine)
        for count in registries:
            fill_registry(engine, count)
            analyse(engine)
            (seconds,) = timed([inside_service(engine)], letters)
            found[count] = median(seconds) * 1e3
    return found


def _rates(
    server: ScratchServer, wrk: Path, seconds: int, connections: Sequence[int], workers: int
) -> Measured:
    settings = {"DATABASE_URL": server.url, "CPTS_DEMO": "0"}
    with service(free_port(), settings=settings, workers=workers) as base:
        return {
            count: load(wrk, base + _ASKED, "gzip", seconds, count).rate
            for count in connections
        }
