"""Who claims which disputed commune, and what a choice makes of the territories."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.letters.conciliations.rules import Dispute, Outcome
from app.problems import Invalid


@dataclass(frozen=True)
class Party:
    """A letter, or a dynamic, that takes part; `number` tells its colour, from 1."""

    key: str
    name: str
    number: int


@dataclass(frozen=True)
class Share:
    """A disputed commune and the keys of the parties that claim it."""

    code: str
    name: str
    population: int
    claimants: tuple[str, ...]


def letter_key(letter: int) -> str:
    """Give the key of a letter among parties."""
    return f"letter-{letter}"


def cpts_key(cpts: int) -> str:
    """Give the key of a dynamic among parties."""
    return f"cpts-{cpts}"


def claims_of(
    disputes: Collection[Dispute], letters: Collection[int], dynamics: Collection[int]
) -> dict[str, set[str]]:
    """Give, by commune, the keys of those of a conciliation's parties that claim it."""
    found: dict[str, set[str]] = {}
    for each in disputes:
        if each.letter not in letters:
            continue
        if each.cpts is not None and each.cpts in dynamics:
            found.setdefault(each.commune, set()).update(
                (letter_key(each.letter), cpts_key(each.cpts))
            )
        elif each.other_letter is not None and each.other_letter in letters:
            found.setdefault(each.commune, set()).update(
                (letter_key(each.letter), letter_key(each.other_letter))
            )
    return found


def shared_out(
    territories: Mapping[int, Collection[str]],
    shares: Sequence[Share],
    chosen: Mapping[str, str],
) -> dict[str, Any]:
    """Give what closes a conciliation when each disputed commune goes to one party.

    Parameters: `territories`, the communes of each letter; `chosen`, by commune, the key
    of the party that gets it. Letters whose territory stays are left out; a dynamic gives
    way where a letter gets what it holds.

    Raises:
        Invalid: a commune that nobody was chosen for, or a party that does not claim it.
    """
    left = {letter: set(codes) for letter, codes in territories.items()}
    giving_way: set[int] = set()
    for share in shares:
        winner = chosen.get(share.code, "")
        if winner not in share.claimants:
            raise Invalid.at(
                "body", f"share_{share.code}", message=f"À qui revient {share.name} ?"
            )
        for key in share.claimants:
            kind, _, number = key.partition("-")
            if key == winner:
                continue
            if kind == "letter":
                left[int(number)].discard(share.code)
            else:
                giving_way.add(int(number))
    return {
        "outcome": Outcome.SHARED_OUT,
        "territories": [
            {"letter": letter, "communes": sorted(codes)}
            for letter, codes in sorted(left.items())
            if codes != set(territories[letter])
        ],
        "superseded_cpts": sorted(giving_way),
    }
