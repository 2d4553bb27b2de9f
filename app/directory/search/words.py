"""Where the words of a text are, and how well that answers it. Plain arithmetic on arrays."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from app.directory.search.facets import ALL, DECLARED, Facts, Flags

# The places, the best first; what only resembles a word comes after.
NAME, COMMUNE, THEME, WRITTEN = 1, 2, 3, 4
RESEMBLING = 4
# Shorter words begin too many names of communes; alone they are one, such as « Eu ».
_LEAST_BEGINNING = 3
# A shorter word has no letters to spare for an error.
LEAST_ASTRAY = 4


@dataclass(frozen=True, slots=True)
class Word:
    """A word asked for: the themes whose names have it, the CPTS that wrote it.

    Of a typing error, also the CPTS that are `named` or have `communes` like it.
    """

    word: str
    themes: Collection[str]
    written: Collection[int]
    named: Collection[int] = ()
    communes: Collection[int] = ()


@dataclass(frozen=True, eq=False)
class Answers:
    """How well each CPTS answers, by the rows of the facts: the lower the better.

    `ranks` are infinite where it does not. `places`, a row for each place: where words are.
    """

    ranks: NDArray[np.float64]
    places: Flags

    def kinds(self, row: int) -> tuple[int, ...]:
        """Tell in which places the words of a CPTS are."""
        return tuple((np.flatnonzero(self.places[:, row]) + 1).tolist())


def places_of(facts: Facts, word: Word, *, members: bool) -> Flags:
    """Tell where a word is: a row for each place, a column for each CPTS."""
    told = _nowhere(facts)
    told[NAME - 1] = _begun(facts.named, f" {word.word}")
    if len(word.word) >= _LEAST_BEGINNING:
        told[COMMUNE - 1] = _begun(facts.communes, f" {word.word}")
    else:
        told[COMMUNE - 1] = _begun(facts.communes, f"| {word.word} |")
    told[THEME - 1] = _working_on(facts, word.themes, members=members)
    told[WRITTEN - 1] = _of(facts, word.written)
    return told


def resembling_places(facts: Facts, word: Word, *, members: bool) -> Flags:
    """Tell where something like a word is, apart from the places of the word itself."""
    told = _nowhere(facts)
    told[RESEMBLING + NAME - 1] = _of(facts, word.named)
    told[RESEMBLING + COMMUNE - 1] = _of(facts, word.communes)
    told[RESEMBLING + THEME - 1] = _working_on(facts, word.themes, members=members)
    told[RESEMBLING + WRITTEN - 1] = _of(facts, word.written)
    return told


def answers(facts: Facts, found: Sequence[Flags]) -> Answers:
    """Tell which CPTS have every word somewhere; none when there is no word.

    Parameters: `found`, the places of each word.
    """
    places = _nowhere(facts)
    ranks = np.full(len(facts.ids), 0.0 if found else np.inf)
    for word in found:
        places |= word
        # The first place, the best, that has it.
        ranks += np.where(word.any(axis=0), word.argmax(axis=0) + 1.0, np.inf)
    return Answers(ranks, places)


def _nowhere(facts: Facts) -> Flags:
    return np.zeros((2 * RESEMBLING, len(facts.ids)), dtype=np.bool_)


def _begun(texts: Sequence[str], sought: str) -> Flags:
    return np.fromiter((sought in text for text in texts), np.bool_, len(texts))


def _of(facts: Facts, ids: Collection[int]) -> Flags:
    return np.isin(facts.ids, np.fromiter(ids, np.int64, len(ids)))


def _working_on(facts: Facts, slugs: Collection[str], *, members: bool) -> Flags:
    work = facts.work[ALL if members else DECLARED]
    chosen = work[:, facts.choices["theme"].places(tuple(slugs))]
    return cast(Flags, chosen.any(axis=1))
