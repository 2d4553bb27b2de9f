"""How a letter is judged, in plain Python: verdict, parts, enclaves, free territory.

Land borders are given as a graph: for each commune, the communes with which it shares a
border of positive length, and that length in metres.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence, Set
from enum import StrEnum
from typing import NamedTuple

from app.cpts.stages import is_recognised
from app.geography.contiguity import parts

LandBorders = Mapping[str, Mapping[str, float]]


class LandMass(NamedTuple):
    """Land that the sea surrounds: how many communes it has, and the first of them."""

    communes: int
    first: str


LandMasses = Mapping[str, LandMass]

# A group of more communes than this is never called an enclave; the search stops there, so
# that its time does not depend on how much of the country is still free.
LARGEST_ENCLAVE = 1000


class Verdict(StrEnum):
    """What a letter meets, the gravest first."""

    BLOCKED = "blocked"
    INCOMPLETE = "incomplete"
    CONTESTED = "contested"
    CLEAR = "clear"


class Severity(StrEnum):
    """What a claim of another CPTS means for a letter."""

    BLOCKING = "blocking"
    CONTESTED = "contested"


def severity_of(stage: str) -> Severity:
    """Tell what the claim of a CPTS at this stage means for a letter."""
    return Severity.BLOCKING if is_recognised(stage) else Severity.CONTESTED


def verdict_of(
    severities: Collection[Severity], *, complete: bool, competing_letters: bool
) -> Verdict:
    """Give the gravest of what was found.

    Parameters: `severities`, those of the conflicts; `complete`, whether all input led to
    communes, and to one at least; `competing_letters`, whether a pending letter asks for
    a commune of the territory.
    """
    if Severity.BLOCKING in severities:
        return Verdict.BLOCKED
    if not complete:
        return Verdict.INCOMPLETE
    if severities or competing_letters:
        return Verdict.CONTESTED
    return Verdict.CLEAR


def land_masses_of(borders: LandBorders) -> LandMasses:
    """Give, for each commune with a land border, the land mass that it is on."""
    masses: dict[str, LandMass] = {}
    for mass in parts(borders.keys(), borders):
        # Once for each: the mainland has 34 000 communes.
        land = LandMass(len(mass), min(mass))
        masses.update(dict.fromkeys(mass, land))
    return masses


def islands(pieces: Collection[frozenset[str]], masses: LandMasses) -> set[frozenset[str]]:
    """Tell which pieces of a territory the sea cuts off.

    Of the land masses that the territory touches, the one with the most communes counts
    as its mainland; a piece on any other is an island.
    """
    places = {}
    for piece in pieces:
        code = next(iter(piece))
        places[piece] = masses.get(code, LandMass(1, code))
    mainland = max(places.values(), default=None)
    return {piece for piece, mass in places.items() if mass != mainland}


def surroundings(territory: Set[str], borders: LandBorders) -> set[str]:
    """Give the communes outside a territory that share a border with it."""
    return {neighbour for code in territory for neighbour in borders.get(code, ())} - territory


def enclosed_groups(
    territory: Set[str],
    borders: LandBorders,
    masses: LandMasses,
    largest: int = LARGEST_ENCLAVE,
) -> list[frozenset[str]]:
    """List the groups of communes that a territory cuts off from the rest of the land.

    A group is a whole piece of what remains of a land mass without the territory: all
    its land neighbours are in the territory. One piece of each land mass is its outside
    and is left out: a piece of more than `largest` communes, or else the largest piece
    if it has more communes than the territory has there. At most about `largest` communes
    are visited for each land mass that the territory touches, whatever its size.
    """
    groups: list[frozenset[str]] = []
    outside: set[str] = set()
    with_outside: set[LandMass] = set()
    seen: set[str] = set()
    for start in sorted(surroundings(territory, borders)):
        if start in seen or start in outside:
            continue
        reached = _walk(start, territory, borders, largest, outside)
        if reached is None:
            with_outside.add(masses[start])
            continue
        seen |= reached
        groups.append(frozenset(reached))
    return _without_outside(groups, with_outside, territory, masses)


def enclaves(groups: Collection[frozenset[str]], held: Collection[str]) -> list[frozenset[str]]:
    """Keep the enclosed groups of which nobody holds any commune, the largest first.

    A group with one held commune holds no enclave at all: whatever is free in it touches
    that CPTS, directly or through other free communes, and may still join it.
    """
    taken = frozenset(held)
    return sorted(
        (group for group in groups if group.isdisjoint(taken)),
        key=lambda group: (-len(group), min(group)),
    )


def shared_borders(
    territory: Set[str], borders: LandBorders, holders: Mapping[str, int]
) -> dict[int, float]:
    """Add up, in metres, the border of a territory with what each CPTS holds around it.

    Parameters: `holders`, CPTS by commune; communes of the territory itself do not count.
    """
    lengths: dict[int, float] = {}
    for code in territory:
        for neighbour, metres in borders.get(code, {}).items():
            holder = holders.get(neighbour)
            if holder is not None and neighbour not in territory:
                lengths[holder] = lengths.get(holder, 0.0) + metres
    return lengths


def _walk(
    start: str, territory: Set[str], borders: LandBorders, largest: int, outside: set[str]
) -> set[str] | None:
    """Follow borders from a commune; None once that leads to the outside, which then grows."""
    reached, to_visit = {start}, [start]
    while to_visit:
        beside = [
            code
            for code in borders.get(to_visit.pop(), ())
            if code not in territory and code not in reached
        ]
        reached.update(beside)
        to_visit.extend(beside)
        if len(reached) > largest or not outside.isdisjoint(beside):
            outside |= reached
            return None
    return reached


def _without_outside(
    groups: list[frozenset[str]],
    with_outside: Set[LandMass],
    territory: Set[str],
    masses: LandMasses,
) -> list[frozenset[str]]:
    """Leave out, for each land mass, the piece that is its outside."""
    if not groups:
        return []
    there: dict[LandMass, list[frozenset[str]]] = {}
    for group in groups:
        there.setdefault(masses[next(iter(group))], []).append(group)
    asked_for = Counter(masses[code] for code in territory if code in masses)
    kept = []
    for mass, cut_off in there.items():
        greatest = max(cut_off, key=lambda group: (len(group), min(group)))
        if mass not in with_outside and len(greatest) > asked_for[mass]:
            cut_off.remove(greatest)
        kept.extend(cut_off)
    return kept


def unknown_territory(departments: Sequence[str]) -> str:
    """Say in French that a registry which is not complete cannot tell a territory free.

    Parameters: `departments`, codes of those that are not declared complete, at least one.
    """
    of_them = "le département" if len(departments) == 1 else "les départements"
    return (
        "Territoire non renseigné : le registre n'est pas déclaré complet pour "
        f"{of_them} {', '.join(departments)}. Des CPTS qu'il ne connaît pas peuvent y tenir "
        "des communes."
    )
