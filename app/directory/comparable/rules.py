"""How alike two CPTS are, and why. Plain Python."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from app.french import number

# What each likeness weighs; all together, one.
_TIER, _DENSITY, _AGE, _THEMES, _DISTANCE = 0.30, 0.20, 0.10, 0.30, 0.10
# Densities that differ by more than this factor are not alike.
_ALIKE = 3.0
_YEARS, _KM = 5.0, 300.0
_DAYS = 365.25
# Outlines of the country's scale leave as much between neighbours.
_BESIDE_KM = 2.0
# Shared themes that are named.
_NAMED = 4


@dataclass(frozen=True, slots=True)
class Profile:
    """What a CPTS is compared by; None where it is not known.

    `density` in inhabitants per km²; `since`, when its first stage began; `themes`, labels by
    slug.
    """

    id: int
    name: str
    tier: int | None = None
    density: float | None = None
    since: date | None = None
    themes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike, from 0 to 1, and the reasons in words."""

    score: float
    reasons: list[str]


def likeness(own: Profile, other: Profile, km: float | None) -> Likeness:
    """Compare two CPTS.

    Parameters: `km` between their territories, None when one has none.
    """
    score = 0.0
    told = []
    if own.tier is not None and own.tier == other.tier:
        score += _TIER
        told.append(f"Même taille ({own.tier})")
    elif own.tier is not None and other.tier is not None:
        score += _TIER * max(0.0, 0.5 - 0.25 * (abs(own.tier - other.tier) - 1))
    if own.density and other.density:
        factor = max(own.density, other.density) / min(own.density, other.density)
        near = max(0.0, 1 - (factor - 1) / (_ALIKE - 1))
        score += _DENSITY * near
        if near > 0.5:
            told.append(f"Densité proche ({number(round(other.density))} habitants par km²)")
    if own.since and other.since:
        apart = abs((own.since - other.since).days) / _DAYS
        score += _AGE * max(0.0, 1 - apart / _YEARS)
        if apart <= 1:
            told.append(f"Du même âge (depuis {other.since.year})")
    shared = [label for slug, label in own.themes.items() if slug in other.themes]
    if shared:
        every = len(own.themes.keys() | other.themes.keys())
        score += _THEMES * len(shared) / every
        told.append(_themes_told(shared))
    if km is not None:
        score += _DISTANCE * max(0.0, 1 - km / _KM)
        told.append("Territoire voisin" if km < _BESIDE_KM else f"À {number(round(km))} km")
    return Likeness(score, told)


def _themes_told(shared: list[str]) -> str:
    named = ", ".join(shared[:_NAMED])
    if len(shared) == 1:
        return f"Un thème en commun : {named}"
    return f"{len(shared)} thèmes en commun : {named}{'…' if len(shared) > _NAMED else ''}"
