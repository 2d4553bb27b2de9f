"""The rules of the simulation: queues as the theory says them, and kept answers."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.load_chart import Curve, chart
from benchmarks.simulation import (
    DAY,
    KINDS,
    LAUNCH,
    database_processors_needed,
    departures,
    erlang_c,
    kept,
    main,
    mean_wait,
    pods_needed,
    simulate,
)

# As busy as a minute allows: the law holds in the long run, and the seed is fixed.
BRIEF_S = 90.0


@pytest.mark.parametrize(
    ("servers", "offered", "waits"), [(1, 0.8, 0.8), (2, 1.0, 1 / 3), (10, 7.0, 0.222)]
)
def test_the_formula_of_erlang_gives_its_published_values(
    servers: int, offered: float, waits: float
) -> None:
    assert erlang_c(servers, offered) == pytest.approx(waits, abs=1e-3)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (2, 0.8), (8, 0.9)])
def test_a_station_waits_as_long_as_erlang_says(servers: int, load: float) -> None:
    chance = np.random.default_rng(7)
    count, work_s = 200_000, 0.02
    rate = load * servers / work_s
    arrivals = np.cumsum(chance.exponential(1 / rate, count))
    work = chance.exponential(work_s, count)
    waited = departures(arrivals, work, servers) - arrivals - work
    assert waited.mean() == pytest.approx(mean_wait(servers, rate, work_s), rel=0.05)


def test_requests_are_taken_in_their_order_by_whichever_server_is_free() -> None:
    arrivals, work = np.array([0.0, 1.0, 2.0, 9.0]), np.array([4.0, 1.0, 1.0, 1.0])
    assert departures(arrivals, work, 1).tolist() == [4, 5, 6, 10]
    assert departures(arrivals, work, 2).tolist() == [4, 2, 3, 10]


def test_a_worker_keeps_what_it_has_answered_once() -> None:
    home = next(index for index, kind in enumerate(KINDS) if kind.addresses == 1)
    asked = np.full(1_000, home)
    marks = kept(np.random.default_rng(1), asked, replace(DAY, pods=3, workers=2))
    assert np.count_nonzero(~marks) == 6
    assert marks[100:].all()


def test_what_depends_on_who_asks_is_never_kept() -> None:
    letter = next(index for index, kind in enumerate(KINDS) if kind.addresses == 0)
    assert not kept(np.random.default_rng(1), np.full(50, letter), DAY).any()


def test_more_workers_keep_a_smaller_share() -> None:
    few, many = (simulate(replace(LAUNCH, pods=pods), seconds=BRIEF_S) for pods in (3, 16))
    assert many.kept_share < few.kept_share


def test_a_change_is_felt_for_a_minute() -> None:
    outcome = simulate(LAUNCH, seconds=BRIEF_S)
    assert outcome.after_change[1] > outcome.settled[1]
    assert list(outcome.settled) == sorted(outcome.settled)


def test_what_the_cdn_answers_does_not_come() -> None:
    assert replace(DAY, hit_ratio=0.9).rate == pytest.approx(DAY.rate / 10)
    # 10 million views of 3 requests, three times the mean of the day.
    assert DAY.rate == pytest.approx(1_041.7, abs=0.1)


def test_beyond_saturation_requests_are_refused_and_the_database_gives_out_first() -> None:
    calm = simulate(LAUNCH, seconds=BRIEF_S)
    crowd = simulate(replace(LAUNCH, hit_ratio=0.5), seconds=BRIEF_S)
    assert calm.refused == 0
    assert crowd.refused > 0.2
    assert crowd.rate > crowd.saturation
    assert crowd.gives_out == "base"


def test_what_is_needed_follows_the_load() -> None:
    outcome = simulate(DAY, seconds=BRIEF_S)
    worker_s = outcome.worker_load * DAY.pods * DAY.workers
    assert worker_s / (pods_needed(DAY, outcome) * DAY.workers) <= 0.6
    slow = replace(DAY, slowness=2.0)
    twice = database_processors_needed(slow, simulate(slow, seconds=BRIEF_S))
    once = database_processors_needed(DAY, outcome)
    assert 2 * once - 1 <= twice <= 2 * once + 1


def test_the_chart_has_a_line_for_each_curve_and_higher_is_longer() -> None:
    drawn = chart([Curve("a", [1, 2], [10.0, 100.0]), Curve("b & c", [1, 2], [5.0, 5.0])])
    lines = ET.fromstring(drawn).findall(".//{*}polyline")
    assert len(lines) == 2
    heights = [[float(point.split(",")[1]) for point in line.get("points", "").split()]
               for line in lines]  # fmt: skip
    assert heights[0][1] < heights[0][0] < heights[1][0] == heights[1][1]


def test_the_command_tells_of_what_it_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "load.svg"
    main(["--views", "500000", "--pods", "2", "--seconds", "120", "--svg", str(picture)])
    said = capsys.readouterr().out
    assert "Selon les options" in said
    assert "requêtes par seconde à l’application       52" in said
    assert ET.fromstring(picture.read_text("utf-8")).tag.endswith("svg")
