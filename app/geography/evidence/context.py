"""What the list around an ambiguous row says: an offer, never a guess.

A list whose other rows all lie in some departments points to candidates there; nothing is
chosen by it. Whoever asks may state the departments of the whole list: that settles what
is only ambiguous, and nothing that a row itself contradicts.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import replace

from app.geography.evidence.answers import Resolution
from app.geography.evidence.quarters import Cities
from app.geography.evidence.rows import Given

# One other row alone says nothing of a list.
_ENOUGH = 2


def quarters_placed(
    resolutions: Sequence[Resolution], lists: Sequence[Hashable], cities: Cities
) -> list[Resolution]:
    """Read quarters that were named without their city, where their list has its others.

    « Riquier » beside « Nice – Cimiez » is the one of Nice; a commune of that name is no
    longer meant for certain. Parameters: `lists`, the list that each row belongs to; `cities`,
    those that are divided.
    """
    if not any(each.quarters for each in resolutions):
        return list(resolutions)
    shared: dict[Hashable, set[str]] = {}
    for each, name in zip(resolutions, lists, strict=True):
        parts = Counter(unit.part_of for unit in each.communes if unit.part_of)
        some = {city for city, number in parts.items() if number < cities.parts[city]}
        shared.setdefault(name, set()).update(some)
    return [
        _placed(each, shared[name]) if each.quarters else each
        for each, name in zip(resolutions, lists, strict=True)
    ]


def _placed(resolution: Resolution, cities: Collection[str]) -> Resolution:
    there = [unit for unit in resolution.quarters if unit.part_of in cities]
    if not there or set(there) & set(resolution.communes):
        return resolution
    if not resolution.bare and not resolution.contradictory:
        others = resolution.communes or resolution.candidates
        named = ", ".join(unit.name for unit in there)
        note = f"ou {named}, d'autres lignes étant de la même ville"
        return replace(
            resolution,
            outcome="ambiguous",
            communes=(),
            candidates=tuple(dict.fromkeys((*there, *others))),
            note=" ; ".join(filter(None, (resolution.note, note))),
            corrected=False,
        )
    if len(there) != 1 or resolution.contradictory:
        return resolution
    note = f"« {resolution.given.shown} » lu « {there[0].name} », comme d'autres lignes"
    return Resolution(resolution.given, "resolved", tuple(there), note=note, corrected=True)


def suggested(
    resolutions: Sequence[Resolution], lists: Sequence[Hashable], context: Collection[str]
) -> list[Resolution]:
    """Put first the candidates that the context of each list points to, with the reason.

    Parameters: `lists`, the list that each row belongs to; `context`, departments that are
    known for all lists, else those of the rows of the same list that were read.
    """
    around = {} if context else _departments_of(resolutions, lists)
    return [
        _pointed(
            each,
            context or around.get(name, ()),
            "le contexte donné est" if context else "les autres lignes sont",
        )
        for each, name in zip(resolutions, lists, strict=True)
    ]


def _departments_of(
    resolutions: Sequence[Resolution], lists: Sequence[Hashable]
) -> dict[Hashable, set[str]]:
    read: dict[Hashable, int] = {}
    found: dict[Hashable, set[str]] = {}
    for each, name in zip(resolutions, lists, strict=True):
        if each.outcome == "resolved":
            read[name] = read.get(name, 0) + 1
            found.setdefault(name, set()).update(c.department for c in each.communes)
    return {name: found[name] for name, count in read.items() if count >= _ENOUGH}


def _pointed(resolution: Resolution, departments: Collection[str], reason: str) -> Resolution:
    if resolution.outcome != "ambiguous" or resolution.contradictory:
        return resolution
    pointed = tuple(c for c in resolution.candidates if c.department in departments)
    if not pointed or len(pointed) == len(resolution.candidates):
        return replace(resolution, suggested=pointed)
    rest = tuple(c for c in resolution.candidates if c not in pointed)
    told = ", ".join(f"{c.name} ({c.code})" for c in pointed)
    note = f"sans doute {told} : {reason} de {_named(departments)}"
    return replace(
        resolution,
        candidates=(*pointed, *rest),
        suggested=pointed,
        note=" ; ".join(filter(None, (resolution.note, note))),
    )


def within(
    given: Iterable[Given], resolutions: Iterable[Resolution], departments: Collection[str]
) -> list[Given]:
    """Give the rows to ask again: each ambiguous one with the departments of its list."""
    stated = " ".join(sorted(departments))
    return [
        replace(row, department=stated)
        if answer.outcome == "ambiguous" and not answer.contradictory
        else row
        for row, answer in zip(given, resolutions, strict=True)
    ]


def settled(before: Resolution, after: Resolution, departments: Collection[str]) -> Resolution:
    """Take the answer that the stated departments lead to, when the row itself admits it.

    What the row says of its own department stands: only its own candidates can be meant.
    """
    if before.outcome != "ambiguous" or before.contradictory or after.outcome != "resolved":
        return before
    admitted = {candidate.department for candidate in before.candidates}
    if not all(commune.department in admitted for commune in after.communes):
        return before
    note = f"précisé par le département donné pour la liste : {_named(departments)}"
    return replace(
        after,
        given=before.given,
        note=" ; ".join(filter(None, (after.note, note))),
        corrected=True,
    )


def _named(departments: Collection[str]) -> str:
    return ", ".join(sorted(departments))
