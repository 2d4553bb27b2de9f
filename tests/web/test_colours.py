"""The colours of the pages are those of the maps, and their text can be read."""

import pytest

from app.maps.palette import STAGE_COLOURS, TIER_COLOURS
from app.web.layout.colours import COLOUR_RULES, contrast, ink_on


@pytest.mark.parametrize("colour", [*STAGE_COLOURS.values(), *TIER_COLOURS])
def test_text_on_the_colour_of_a_stage_or_tier_has_the_contrast_of_level_aa(
    colour: str,
) -> None:
    assert contrast(ink_on(colour), colour) >= 4.5


def test_every_stage_has_the_colour_of_the_maps() -> None:
    for slug, colour in STAGE_COLOURS.items():
        assert f".stage-{slug}{{--stage:{colour};" in COLOUR_RULES


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
