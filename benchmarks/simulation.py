"""Queues of a day and of a launch: how long answers take, how many pods, what gives out first.

A request that the CDN does not answer is worked on by a worker (one processor at most), then by
the database; each takes requests in the order in which they come. Every worker keeps what it
has answered until the registry changes (ADR 020), which happens as the simulation begins. What
a request takes of both is measured (`docs/scale.md`); all else is an assumption, an option:

    .venv/bin/python -m benchmarks.simulation --views 10000000 --hit-ratio 0 --svg launch.svg
"""

import argparse
import heapq
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.load_chart import Curve, chart

Times = NDArray[np.float64]
Marks = NDArray[np.bool_]

SECONDS_OF_A_DAY = 86_400
# Beyond it queues answer every little crowd with a long wait.
WELL_USED = 0.6
# What is told apart: the time right after a change of the registry, and the rest.
AFTER_CHANGE_S = 60.0
# After which the service itself answers 503 (docs/operate.md).
PATIENCE_S = 7.2


@dataclass(frozen=True)
class Kind:
    """A kind of answer.

    Parameters: `share` of the requests; `addresses`, how many different ones there are, 0 when
    none is ever kept; `worker_ms` and `database_ms`, the processor time of one not kept.
    """

    name: str
    share: float
    addresses: int
    worker_ms: float
    database_ms: float


# Processor time, 738 CPTS, nothing kept: docs/scale.md says how it was measured.
KINDS = (
    Kind("accueil", 0.15, 1, 18.3, 227),
    Kind("recherche", 0.14, 5_000, 17.5, 18.3),
    Kind("région", 0.05, 18, 41.1, 356),
    Kind("département", 0.10, 101, 24.6, 123),
    Kind("commune", 0.25, 34_917, 15.0, 35.3),
    Kind("page de carte", 0.10, 130, 24.2, 5.8),
    Kind("cpts.geojson, département ou région", 0.12, 119, 14.2, 9.4),
    Kind("cpts.geojson, France", 0.05, 1, 65.8, 48.3),
    Kind("vérification de lettre", 0.02, 0, 32.8, 28.6),
    Kind("annuaire des membres", 0.02, 0, 10.1, 1.4),
)
KEPT_WORKER_MS, KEPT_DATABASE_MS = 0.7, 0.13


@dataclass(frozen=True)
class Assumptions:
    """What is not measured, and can be chosen.

    Parameters: `views` of pages a day; `requests_per_view`, without the files that browsers
    and the CDN keep for a year; `peak_factor`, the busiest minutes over the day's mean;
    `hit_ratio`, of the CDN; `pods` of `workers` each; `database_processors` of each of
    `database_servers` that are read from; `popularity`, the exponent of Zipf's law among
    addresses of one kind; `spread`, the coefficient of variation of times of one kind;
    `slowness`, of a processor, beside the one that was measured on.
    """

    views: float = 10_000_000
    requests_per_view: float = 3.0
    peak_factor: float = 3.0
    hit_ratio: float = 0.0
    pods: int = 6
    workers: int = 2
    database_processors: int = 8
    database_servers: int = 2
    popularity: float = 0.9
    spread: float = 1.0
    slowness: float = 1.0

    @property
    def rate(self) -> float:
        """Requests a second that reach the application in the busiest minutes."""
        mean = self.views * self.requests_per_view / SECONDS_OF_A_DAY
        return mean * self.peak_factor * (1 - self.hit_ratio)


# Ten million views with a CDN that asks before each answer, as the headers say; and the day of
# a launch, all the country told in the evening, with one that keeps public answers for seconds.
DAY = Assumptions()
LAUNCH = replace(DAY, views=20_000_000, peak_factor=10, hit_ratio=0.9)


@dataclass(frozen=True)
class Outcome:
    """What came of the busiest minutes; waits and answers in milliseconds.

    Parameters: `settled` and `after_change`, the 50th, 95th and 99th percentile of answers
    later than, and within, a minute of a change; `kept_share`, of the settled ones;
    `worker_load` and `database_load`, of the settled time, 1 when they never rest; `refused`,
    the share of all that would take longer than the service lets a request wait.
    """

    rate: float
    settled: tuple[float, float, float]
    after_change: tuple[float, float, float]
    kept_share: float
    worker_load: float
    database_load: float
    refused: float

    @property
    def saturation(self) -> float:
        """Requests a second at which a worker or the database would never rest."""
        return self.rate / max(self.worker_load, self.database_load)

    @property
    def gives_out(self) -> str:
        """Which of the two has the least left."""
        return "base" if self.database_load > self.worker_load else "application"


def erlang_c(servers: int, offered: float) -> float:
    """Give the probability that a request waits in M/M/c (Erlang 1917).

    Parameters: `offered`, arrivals a second times seconds of work each; below `servers`.
    """
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = offered * blocked / (count + offered * blocked)
    return blocked / (1 - offered / servers * (1 - blocked))


def mean_wait(servers: int, rate: float, work_s: float) -> float:
    """Give the mean wait of M/M/c in seconds."""
    offered = rate * work_s
    return erlang_c(servers, offered) * work_s / (servers - offered)


def departures(arrivals: Times, work: Times, servers: int) -> Times:
    """Give when each request leaves a station of several servers with one queue.

    Parameters: `arrivals`, ascending, and `work`, in seconds.
    """
    free = [0.0] * servers
    left = np.empty_like(arrivals)
    for number, (came, takes) in enumerate(zip(arrivals.tolist(), work.tolist(), strict=True)):
        ends = max(came, free[0]) + takes
        heapq.heapreplace(free, ends)
        left[number] = ends
    return left


def kept(chance: np.random.Generator, kinds: NDArray[np.int64], assumed: Assumptions) -> Marks:
    """Tell which requests a worker answers from what it keeps: it has had the address before.

    Parameters: `kinds`, of the requests in their order, by index.
    """
    workers = chance.integers(assumed.pods * assumed.workers, size=kinds.size)
    marks = np.zeros(kinds.size, dtype=bool)
    for index, kind in enumerate(KINDS):
        chosen = np.flatnonzero(kinds == index)
        if not kind.addresses:
            continue
        weights = np.arange(1, kind.addresses + 1) ** -assumed.popularity
        addresses = chance.choice(kind.addresses, size=chosen.size, p=weights / weights.sum())
        _, first = np.unique(workers[chosen] * kind.addresses + addresses, return_index=True)
        marks[chosen] = True
        marks[chosen[first]] = False
    return marks


def simulate(assumed: Assumptions, *, seconds: float = 300, seed: int = 1) -> Outcome:
    """Simulate the busiest minutes, which begin with a change of the registry.

    Requests come independently of each other (Poisson), and a load balancer spreads them so
    that all workers are as one station. Times of one kind are gamma distributed.
    """
    chance = np.random.default_rng(seed)
    count = max(1, int(assumed.rate * seconds))
    arrivals = np.cumsum(chance.exponential(1 / assumed.rate, count))
    shares = np.array([kind.share for kind in KINDS])
    kinds = chance.choice(len(KINDS), size=count, p=shares / shares.sum())
    is_kept = kept(chance, kinds, assumed)
    shape = 1 / assumed.spread**2
    scale = assumed.slowness / 1000 / shape

    def work(kept_ms: float, of_kinds: Sequence[float]) -> Times:
        means = np.where(is_kept, kept_ms, np.array(of_kinds)[kinds])
        return means * chance.gamma(shape, scale, count)

    of_worker = work(KEPT_WORKER_MS, [kind.worker_ms for kind in KINDS])
    of_database = work(KEPT_DATABASE_MS, [kind.database_ms for kind in KINDS])
    workers = assumed.pods * assumed.workers
    processors = assumed.database_processors * assumed.database_servers
    left = departures(arrivals, of_worker, workers)
    order = np.argsort(left, kind="stable")
    ended = np.empty_like(left)
    ended[order] = departures(left[order], of_database[order], processors)
    settled = arrivals >= AFTER_CHANGE_S
    span = float(arrivals[-1]) - AFTER_CHANGE_S
    return Outcome(
        rate=assumed.rate,
        settled=_percentiles((ended - arrivals)[settled]),
        after_change=_percentiles((ended - arrivals)[~settled]),
        kept_share=float(is_kept[settled].mean()),
        worker_load=float(of_worker[settled].sum()) / span / workers,
        database_load=float(of_database[settled].sum()) / span / processors,
        refused=float((ended - arrivals > PATIENCE_S).mean()),
    )


def _percentiles(taken: Times) -> tuple[float, float, float]:
    p50, p95, p99 = (float(1000 * value) for value in np.percentile(taken, [50, 95, 99]))
    return p50, p95, p99


def pods_needed(assumed: Assumptions, outcome: Outcome) -> int:
    """Give the least pods, two at least, whose workers rest for two fifths of the time."""
    return max(2, int(np.ceil(assumed.pods * outcome.worker_load / WELL_USED)))


def database_processors_needed(assumed: Assumptions, outcome: Outcome) -> int:
    """Give the processors, of all servers together, that rest for two fifths of the time."""
    together = assumed.database_processors * assumed.database_servers
    return max(1, int(np.ceil(together * outcome.database_load / WELL_USED)))


def told(name: str, assumed: Assumptions, outcome: Outcome) -> str:
    """Write an outcome in French, a line for each thing."""
    rows = [
        ("requêtes par seconde à l’application", f"{outcome.rate:.0f}"),
        ("réponses tenues prêtes", f"{outcome.kept_share:.1%}"),
        ("p50, p95, p99 (ms)", _milliseconds(outcome.settled)),
        ("les mêmes, la minute après un changement", _milliseconds(outcome.after_change)),
        ("refusées (503)", f"{outcome.refused:.1%}"),
        ("occupation des processus", f"{outcome.worker_load:.0%}"),
        ("occupation de la base", f"{outcome.database_load:.0%}"),
        ("saturation (requêtes par seconde)", f"{outcome.saturation:.0f}"),
        ("cède en premier", outcome.gives_out),
        (
            "pods nécessaires",
            f"{pods_needed(assumed, outcome)}",
        ),
        ("cœurs de base nécessaires", f"{database_processors_needed(assumed, outcome)}"),
    ]
    return "\n".join([name, *(f"  {label:<42} {value}" for label, value in rows)])


def _milliseconds(values: tuple[float, float, float]) -> str:
    return " / ".join(f"{value:.0f}" if value >= 10 else f"{value:.1f}" for value in values)


def load_curves(assumed: Assumptions, views: Sequence[float], seconds: float) -> list[Curve]:
    """Give the 95th percentile by views a day, settled and in the minute after a change."""
    outcomes = [simulate(replace(assumed, views=each), seconds=seconds) for each in views]
    millions = [each / 1e6 for each in views]
    return [
        Curve("p95", millions, [outcome.settled[1] for outcome in outcomes]),
        Curve(
            "p95, la minute après un changement",
            millions,
            [outcome.after_change[1] for outcome in outcomes],
        ),
    ]


def main(arguments: Sequence[str]) -> None:
    """Show a day and a launch, or what the options assume; write the chart where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation")
    for field in fields(Assumptions):
        kind = int if isinstance(field.default, int) and field.name != "views" else float
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=kind, dest=field.name)
    parser.add_argument("--seconds", type=float, default=300, help="of the busiest minutes")
    parser.add_argument("--svg", type=Path, help="chart of the 95th percentile by views a day")
    options = vars(parser.parse_args(arguments))
    svg, seconds = options.pop("svg"), options.pop("seconds")
    given = {name: value for name, value in options.items() if value is not None}
    cases = {"Un jour": DAY, "Un lancement": LAUNCH}
    if given:
        cases = {"Selon les options": replace(DAY, **given)}
    for name, assumed in cases.items():
        print(told(name, assumed, simulate(assumed, seconds=seconds)) + "\n")
    if svg is not None:
        base = next(iter(cases.values()))
        steps = [base.views * factor for factor in (0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2)]
        svg.write_text(chart(load_curves(base, steps, seconds)), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
