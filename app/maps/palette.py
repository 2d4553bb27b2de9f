"""Colours of the maps, in one place.

Each scale runs from light to dark in the order of what it shows, so that it reads in
grey and with every kind of colour blindness; the dark border stands out against every
fill. `tests/maps/test_palette.py` holds both, on the colours as blended with the map.
"""

from collections.abc import Mapping

from app.cpts.stages import FIRST_STAGE, STAGES

# By slug of the stage, from the first to the last.
STAGE_COLOURS: Mapping[str, str] = dict(
    zip(STAGES, ("#ffd35a", "#e89938", "#59a187", "#2f86c9", "#3b4fa8"), strict=True)
)

# In the order of the tiers; more of them than today's four, since the scale may grow.
TIER_COLOURS = ("#f4b0d9", "#c97cb7", "#ae42b3", "#7b3d80", "#541f62")

# A dashed red over any fill: no scale has a red, and the dashes tell it without colour.
CONCILIATION_COLOUR = "#c4122f"
UNKNOWN_COLOUR = "#b9bec5"
# CPTS around those that a map is about.
AROUND_COLOUR = "#6f7a87"
AROUND_OPACITY = 0.55
BORDER_COLOUR = "#1c2430"
# Nothing is official at the first stage: its border is dashed, besides its colour.
DASHED_STAGES = (FIRST_STAGE,)
FILL_OPACITY = 0.8
# Near, over a base map whose names are to be read.
CLOSE_FILL_OPACITY = 0.6
# What lies beneath the fills without a base map; close to the paper of IGN Plan V2.
PAPER_COLOUR = "#f4f1ea"
# Around it; the style of the maps (`map.css`) repeats it, as a test sees to.
SEA_COLOUR = "#e2e9ee"


def stage_colour(slug: str) -> str:
    """Give the fill of a stage, `#rrggbb`; grey for a slug that has none."""
    return STAGE_COLOURS.get(slug, UNKNOWN_COLOUR)


def tier_colour(tier: int) -> str:
    """Give the fill of a tier (from 1), `#rrggbb`; grey beyond the colours there are."""
    return TIER_COLOURS[tier - 1] if 1 <= tier <= len(TIER_COLOURS) else UNKNOWN_COLOUR
