"""Colours that everyone can tell apart, and that read in grey.

Contrast after WCAG 2.2 (relative luminance); colour blindness after Machado, Oliveira and
Fernandes (2009), severity 1; distance as CIE76 in CIELAB. Two flat colours of a legend
are told apart from about 10 on, large ones side by side on a map from less.
"""

import itertools
import math

import pytest

from app.maps.assets import MAPS
from app.maps.palette import (
    AROUND_COLOUR,
    AROUND_OPACITY,
    BORDER_COLOUR,
    CLOSE_FILL_OPACITY,
    FILL_OPACITY,
    PAPER_COLOUR,
    SEA_COLOUR,
    STAGE_COLOURS,
    TIER_COLOURS,
    UNKNOWN_COLOUR,
    stage_colour,
    tier_colour,
)

Triple = tuple[float, float, float]

SIGHT = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
SCALES = {"stages": tuple(STAGE_COLOURS.values()), "tiers": TIER_COLOURS[:4]}


def _channels(colour: str) -> Triple:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _linear(colour: Triple) -> Triple:
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour
    )
    return red, green, blue


def _on_the_map(colour: str, opacity: float = FILL_OPACITY) -> Triple:
    """Linear RGB of a fill over the paper."""
    over, under = _channels(colour), _channels(PAPER_COLOUR)
    red, green, blue = (
        opacity * a + (1 - opacity) * b for a, b in zip(over, under, strict=True)
    )
    return _linear((red, green, blue))


def _luminance(linear: Triple) -> float:
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: Triple, other: Triple) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _lab(linear: Triple) -> Triple:
    def root(t: float) -> float:
        return t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116

    red, green, blue = linear
    x = root((0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047)
    y = root(0.2126729 * red + 0.7151522 * green + 0.0721750 * blue)
    z = root((0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _seen(linear: Triple, sight: str) -> Triple:
    red, green, blue = (
        min(1.0, max(0.0, sum(m * c for m, c in zip(row, linear, strict=True))))
        for row in SIGHT[sight]
    )
    return red, green, blue


@pytest.mark.parametrize("scale", SCALES)
def test_colours_grow_darker_in_the_order_of_what_they_show(scale: str) -> None:
    fills = [_on_the_map(colour) for colour in SCALES[scale]]
    for lighter, darker in itertools.pairwise(fills):
        assert _luminance(lighter) > _luminance(darker)
        assert _contrast(lighter, darker) >= 1.2


@pytest.mark.parametrize(("opacity", "distance"), [(FILL_OPACITY, 12), (CLOSE_FILL_OPACITY, 8)])
@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("scale", SCALES)
def test_any_two_colours_are_told_apart_with_every_sight(
    scale: str, sight: str, opacity: float, distance: float
) -> None:
    fills = [_on_the_map(colour, opacity) for colour in SCALES[scale]]
    for one, other in itertools.combinations(fills, 2):
        assert math.dist(_lab(_seen(one, sight)), _lab(_seen(other, sight))) >= distance


@pytest.mark.parametrize("scale", SCALES)
def test_the_border_stands_out_against_every_fill_and_the_paper(scale: str) -> None:
    border = _linear(_channels(BORDER_COLOUR))
    for colour in SCALES[scale]:
        assert _contrast(border, _on_the_map(colour)) >= 3
    assert _contrast(border, _linear(_channels(PAPER_COLOUR))) >= 7


@pytest.mark.parametrize(("opacity", "distance"), [(FILL_OPACITY, 12), (CLOSE_FILL_OPACITY, 8)])
@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("scale", SCALES)
def test_every_fill_is_told_from_the_ground_and_the_sea(
    scale: str, sight: str, opacity: float, distance: float
) -> None:
    for ground, least in ((PAPER_COLOUR, distance), (SEA_COLOUR, distance * 0.6)):
        seen = _lab(_seen(_linear(_channels(ground)), sight))
        for colour in SCALES[scale]:
            fill = _lab(_seen(_on_the_map(colour, opacity), sight))
            assert math.dist(fill, seen) >= least, (colour, ground)


@pytest.mark.parametrize("scale", SCALES)
def test_every_fill_is_darker_than_the_ground(scale: str) -> None:
    for colour in SCALES[scale]:
        fill = _on_the_map(colour)
        ground = _linear(_channels(PAPER_COLOUR))
        assert _luminance(fill) < _luminance(ground)
        assert _contrast(fill, ground) >= 1.2, colour


@pytest.mark.parametrize("sight", SIGHT)
def test_what_lies_around_is_told_from_the_ground_and_from_every_fill(sight: str) -> None:
    around = _lab(_seen(_on_the_map(AROUND_COLOUR, AROUND_OPACITY), sight))
    for ground in (PAPER_COLOUR, SEA_COLOUR):
        assert math.dist(around, _lab(_seen(_linear(_channels(ground)), sight))) >= 12
    for colour in (*SCALES["stages"], *SCALES["tiers"], UNKNOWN_COLOUR):
        fill = _lab(_seen(_on_the_map(colour), sight))
        assert math.dist(around, fill) >= 7.5, colour


def test_the_style_of_the_maps_has_the_sea_of_the_palette() -> None:
    style = (MAPS.directory / "map.css").read_text(encoding="utf-8")
    assert f".leaflet-container {{ background: {SEA_COLOUR};" in style


def test_a_slug_or_tier_of_tomorrow_is_grey_rather_than_an_error() -> None:
    assert stage_colour("dissoute") == tier_colour(9) == "#b9bec5"
    assert tier_colour(5) in TIER_COLOURS
