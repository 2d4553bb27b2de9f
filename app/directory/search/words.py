"""Where the words of a text are, and how well that answers it. Plain Python."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from app.directory.search.facets import ALL, DECLARED, Facts

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


Places = dict[int, set[int]]
# Of a CPTS, how well it answers, the lower the better, and where.
Answers = dict[int, tuple[float, tuple[int, ...]]]


def places_of(facts: Facts, word: Word, *, members: bool) -> Places:
    """Tell where a word is: places by id of the CPTS."""
    told: Places = {}
    _note(told, NAME, _begun(facts, facts.named, f" {word.word}"))
    if len(word.word) >= _LEAST_BEGINNING:
        _note(told, COMMUNE, _begun(facts, facts.communes, f" {word.word}"))
    else:
        _note(told, COMMUNE, _begun(facts, facts.communes, f"| {word.word} |"))
    _note(told, THEME, _working_on(facts, word.themes, members=members))
    _note(told, WRITTEN, word.written)
    return told


def resembling_places(facts: Facts, word: Word, *, members: bool) -> Places:
    """Tell where something like a word is; places by id, apart from those of the word."""
    told: Places = {}
    _note(told, RESEMBLING + NAME, word.named)
    _note(told, RESEMBLING + COMMUNE, word.communes)
    _note(told, RESEMBLING + THEME, _working_on(facts, word.themes, members=members))
    _note(told, RESEMBLING + WRITTEN, word.written)
    return told


def answers(found: Sequence[Places]) -> Answers:
    """Give the CPTS that have every word somewhere: the lower number the better, and where.

    Parameters: `found`, the places of each word.
    """
    if not found:
        return {}
    ids = set(found[0]).intersection(*found[1:])
    return {
        each: (
            float(sum(min(places[each]) for places in found)),
            tuple(sorted(set().union(*(places[each] for places in found)))),
        )
        for each in ids
    }


def _note(told: Places, place: int, ids: Iterable[int]) -> None:
    for each in ids:
        told.setdefault(each, set()).add(place)


def _begun(facts: Facts, texts: Sequence[str], sought: str) -> list[int]:
    return [int(facts.ids[n]) for n, text in enumerate(texts) if sought in text]


def _working_on(facts: Facts, slugs: Collection[str], *, members: bool) -> list[int]:
    if not slugs:
        return []
    work = facts.work[ALL if members else DECLARED]
    columns = facts.choices["theme"].places(tuple(slugs))
    return [int(n) for n in facts.ids[work[:, columns].any(axis=1)]]


def ranks_of(found: Answers | None) -> dict[int, float] | None:
    """Give what the CPTS found are sorted by; None when no text was asked for."""
    return None if found is None else {each: rank for each, (rank, _) in found.items()}
