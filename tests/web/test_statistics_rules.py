"""Scales, areas and bars of the charts."""

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cpts.drawing.rules import FRAMES, HEIGHT, WIDTH
from app.web.figures.rules import COVERAGE_STEPS, coverage_colour, coverage_labels
from app.web.layout.colours import luminance
from app.web.statistics.rules import (
    Plane,
    columns,
    round_ceiling,
    shares_of_line,
    stacked_areas,
    value_ticks,
    year_ticks,
)


@given(st.floats(min_value=1, max_value=1e9))
def test_the_scale_ends_at_a_round_value_near_the_highest(value: float) -> None:
    ceiling = round_ceiling(value)
    assert value <= ceiling <= value * 2.5


def test_a_full_coverage_has_a_colour_of_its_own() -> None:
    assert coverage_colour(1.0) != coverage_colour(0.9999)
    assert coverage_colour(0.9) == coverage_colour(0.9999)
    assert coverage_colour(0.0) == coverage_colour(0.2499)
    assert len(coverage_labels()) == len(COVERAGE_STEPS)


def test_the_coverage_scale_darkens_at_every_step() -> None:
    lights = [luminance(colour) for _, colour in COVERAGE_STEPS]
    assert lights == sorted(lights, reverse=True)
    assert all(a > b * 1.2 for a, b in itertools.pairwise(lights))


def test_areas_lie_over_each_other_without_gap() -> None:
    plane = Plane(width=100, height=100, left=0, right=0, top=0, bottom=0)
    lower, upper = stacked_areas([("a", [1, 2]), ("b", [1, 0])], plane, 4)
    assert lower.path == "M0.0 75.0L100.0 50.0L100.0 100.0L0.0 100.0Z"
    assert upper.path == "M0.0 50.0L100.0 50.0L100.0 50.0L0.0 75.0Z"


def test_a_month_without_signature_has_no_bar() -> None:
    bars = columns([0, 2, 4], Plane(), 4)
    assert len(bars) == 2
    assert bars[1].height == pytest.approx(2 * bars[0].height, abs=0.2)


def test_axes_are_marked_at_round_values_and_each_january() -> None:
    plane = Plane()
    assert [value for _, value in value_ticks(plane, 100)] == [0, 25, 50, 75, 100]
    days = [date(2019, 12, 31), date(2020, 1, 31), date(2020, 2, 29)]
    assert [mark.label for mark in year_ticks(days, plane)] == ["2020"]


def test_pieces_of_a_line_follow_each_other_and_empty_ones_are_left_out() -> None:
    assert shares_of_line([("a", 1), ("b", 0), ("c", 3)], 100, 8) == [
        ("a", 0.0, 12.5, 1),
        ("c", 12.5, 37.5, 3),
    ]
    assert shares_of_line([("a", 0)], 100, 0) == []


def test_frames_of_the_drawing_stay_inside_it_and_apart() -> None:
    for frame in FRAMES:
        assert frame.left >= 0
        assert frame.left + frame.width <= WIDTH
        assert frame.top + frame.height + 20 <= HEIGHT
    insets = FRAMES[2:]
    for one, other in itertools.pairwise(insets):
        assert one.left + one.width < other.left
