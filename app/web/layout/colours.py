"""The colours of the maps as CSS, so that pages show the very same ones."""

from app.http.content_policy import hash_of
from app.maps.palette import DASHED_STAGES, STAGE_COLOURS, TIER_COLOURS

LIGHT_INK = "#ffffff"
DARK_INK = "#0b0f14"
# How much of the light a channel of sRGB gives (WCAG 2, relative luminance).
_LUMINANCE = (0.2126, 0.7152, 0.0722)


def luminance(colour: str) -> float:
    """Give the relative luminance of `#rrggbb`, 0 to 1, as WCAG 2 defines it."""
    total = 0.0
    for position, weight in zip((1, 3, 5), _LUMINANCE, strict=True):
        channel = int(colour[position : position + 2], 16) / 255
        total += weight * (
            channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        )
    return total


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours, 1 to 21, as WCAG 2 defines it."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def ink_on(colour: str) -> str:
    """Choose the ink, light or dark, that reads best on a fill."""
    return max((LIGHT_INK, DARK_INK), key=lambda ink: contrast(ink, colour))


def _rules() -> str:
    stages = [
        f".stage-{slug}{{--stage:{colour};--stage-ink:{ink_on(colour)};"
        f"--stage-line:{'dashed' if slug in DASHED_STAGES else 'solid'}}}"
        for slug, colour in STAGE_COLOURS.items()
    ]
    tiers = [
        f".tier-{tier}{{--tier:{colour};--tier-ink:{ink_on(colour)}}}"
        for tier, colour in enumerate(TIER_COLOURS, start=1)
    ]
    return "".join(stages + tiers)


# The text of the one inline style of a page, and the hash by which the policy lets it in.
COLOUR_RULES = _rules()
COLOUR_RULES_HASH = hash_of(COLOUR_RULES)
