"""The plain parts of the benchmarks; what they measure is measured by `./cpts bench`."""

import math
import re

import pytest

from app.failures import Failure
from benchmarks import features, growth, letters, pages, starting
from benchmarks.figures import Figure, Target, median, percentile, ratio, table, written
from benchmarks.territories import draw_letters
from benchmarks.wrk import CONNECTIONS, duration, read_output

WRK_OUTPUT = """\
Running 5s test @ http://127.0.0.1:8000/api/v1/cpts.geojson
  1 threads and 8 connections
  Latency Distribution
     50%    1.50ms
     75%    2.10ms
     90%    3.00ms
     99%    1.02s
  1000 requests in 5.00s, 1.25GB read
Requests/sec:    200.40
Transfer/sec:    255.00MB
"""


def rate(value: float, times: float) -> Figure:
    return Figure(
        "Débit", "service", value, "req/s", times, "tipg", Target("at_least", 30, "ratio")
    )


def test_every_part_of_the_bench_is_there() -> None:
    assert features.REQUESTS
    assert all(
        callable(measure)
        for measure in (
            starting.measure_loading,
            features.measure_features,
            letters.measure_letters,
            pages.measure_page,
            growth.measure_growth,
        )
    )


@pytest.mark.parametrize(
    ("values", "middle"), [([3.0], 3.0), ([9.0, 1.0, 2.0], 2.0), ([4.0, 1.0, 2.0, 3.0], 2.5)]
)
def test_the_median_is_the_middle_of_what_was_measured(
    values: list[float], middle: float
) -> None:
    assert median(values) == middle


def test_the_95th_percentile_is_a_value_that_19_of_20_do_not_exceed() -> None:
    assert percentile(range(1, 21), 0.95) == 19
    assert percentile([7.0], 0.95) == 7


def test_nothing_measured_is_no_figure() -> None:
    with pytest.raises(ValueError, match="no value"):
        median([])
    with pytest.raises(ValueError, match="no value"):
        percentile([], 0.95)


def test_a_ratio_to_nothing_is_infinite_unless_both_are_nothing() -> None:
    assert ratio(6, 3) == 2
    assert ratio(6, 0) == math.inf
    assert ratio(0, 0) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0123, "0,0123"),
        (4.0, "4"),
        (14.36, "14,4"),
        (99.999, "100"),
        (0, "0"),
        (422.4, "422"),
    ],
)
def test_numbers_are_written_in_french_with_three_digits(value: float, text: str) -> None:
    assert written(value) == text


def test_thousands_are_set_apart() -> None:
    assert written(17804) == "17\N{NARROW NO-BREAK SPACE}804"


def test_a_target_on_the_ratio_looks_at_the_ratio() -> None:
    assert rate(10, 31).met
    assert not rate(1_000, 29).met
    assert Figure("t", "l", 59, "s", target=Target("below", 60)).met
    assert not Figure("t", "l", 60, "s", target=Target("below", 60)).met
    assert Figure("t", "l", 60, "s").met is None


def test_the_table_says_what_was_missed() -> None:
    lines = table([rate(300, 40), rate(3, 2)]).splitlines()
    assert lines[0] == "Débit"
    assert lines[1].split() == ["service", "300", "req/s", "×", "40", "tipg", "tenu",
                                "(visé", ":", "≥", "×", "30)"]  # fmt: skip
    assert "MANQUÉ" in lines[2]


def test_the_report_names_the_target() -> None:
    assert rate(3, 2).as_json()["target"] == {"of": "ratio", "at_least": 30, "met": False}


def test_wrk_is_read_whatever_its_units() -> None:
    found = read_output(WRK_OUTPUT)
    assert (found.rate, found.median_s, found.tail_s) == (200.4, 0.0015, 1.02)


@pytest.mark.parametrize(
    "output",
    [
        WRK_OUTPUT + "  Non-2xx or 3xx responses: 3\n",
        WRK_OUTPUT + "  Socket errors: connect 0, read 8, write 0, timeout 0\n",
        WRK_OUTPUT.replace("200.40", "0.00"),
        "",
    ],
)
def test_a_load_with_failures_is_no_figure(output: str) -> None:
    with pytest.raises(Failure):
        read_output(output)


def test_a_slow_server_is_asked_for_longer() -> None:
    assert duration(5, 0.001) == 5
    assert duration(5, 0.2) > 5
    assert duration(5, 0.2) >= CONNECTIONS * 0.2
    assert duration(5, 60) < 60


def test_letters_are_drawn_in_one_piece_and_always_the_same() -> None:
    row = [f"{number:05d}" for number in range(400)]
    neighbours = {
        code: [row[place] for place in (at - 1, at + 1) if 0 <= place < len(row)]
        for at, code in enumerate(row)
    }
    drawn = draw_letters(neighbours, 60, 4)
    assert drawn == draw_letters(neighbours, 60, 4)
    assert len(drawn) == 4
    for letter in drawn:
        first = row.index(letter[0])
        assert letter == row[first : first + 60]


def test_letters_are_not_drawn_where_there_is_no_room() -> None:
    with pytest.raises(ValueError, match="not 2"):
        draw_letters({"01001": ["01002"], "01002": ["01001"]}, 60, 2)


def test_growth_is_drawn_with_what_was_measured() -> None:
    drawn = growth.drawing("lettre", "CPTS", "ms", {100: 4.0, 30_000: 40.0})
    assert "Lettre : ms selon les CPTS" in drawn
    assert ">1 ms<" in drawn
    assert ">100 ms<" in drawn
    (line,) = re.findall(r'<polyline points="([^"]+)"', drawn)
    (left, low), (right, high) = (map(float, point.split(",")) for point in line.split(" "))
    # Ten times as much, a step of the scale higher; 100 of 30 000 lie at the left edge.
    assert left < 75 < right == 620
    assert low > high
