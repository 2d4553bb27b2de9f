"""Which CPTS pass, in which order, and how many each further choice would leave.

Of facts that hold for all CPTS of a day: a row each, in the order of names, a column for each
value of a filter. Plain arithmetic on arrays, so that every count of every combination costs
less than asking the database for one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from app.directory.search.rules import STATES

Flags = NDArray[np.bool_]
# What work on themes is told of: to the public, to members, and by state of the actions.
DECLARED, ALL = "declared", "themes"


@dataclass(frozen=True, slots=True)
class Choices:
    """The values of a filter in the order of forms, and their labels."""

    values: tuple[str, ...]
    labels: tuple[str, ...]

    def places(self, asked: Sequence[str]) -> list[int]:
        """Tell the columns of values; one that is unknown has none."""
        known = {value: place for place, value in enumerate(self.values)}
        return [known[value] for value in asked if value in known]


@dataclass(frozen=True, eq=False)
class Facts:
    """The CPTS of a day.

    `has`: by filter, which CPTS has which value. `work`: `declared`, `themes` and each state,
    which CPTS works on which theme. `missions`: which theme belongs to which mission.
    `named` and `communes` are the names as they are searched, a blank before each word, a bar
    around each name of a commune.
    `members` is not a number where nobody gave one; `confirmed`, the ordinal of a day, 0 when
    never.
    """

    ids: NDArray[np.int64]
    population: NDArray[np.int64]
    members: NDArray[np.float64]
    confirmed: NDArray[np.int64]
    has: Mapping[str, Flags]
    work: Mapping[str, Flags]
    missions: Flags
    named: Sequence[str]
    communes: Sequence[str]
    choices: Mapping[str, Choices]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: values by filter, and what was found out about some CPTS before.

    `every`: of themes and missions, all. `ranks`: by the rows of the facts how well CPTS
    answer the text, the lower the better, infinite when not at all; `km`, of those with a
    territory; `among`, those that other filters let pass; each None when not asked.
    `members` tells whether a member asks. `fresh_from`, the ordinal of the first day of
    confirmation that is fresh.
    """

    asked: Mapping[str, Sequence[str]] = field(default_factory=dict)
    every: bool = False
    ranks: NDArray[np.float64] | None = None
    km: Mapping[int, float] | None = None
    within_km: float | None = None
    among: frozenset[int] | None = None
    members_min: int | None = None
    members_max: int | None = None
    members: bool = True
    sort: str = "relevance"
    fresh_from: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """The rows of the facts that pass, in order, and the count of each value by filter."""

    rows: list[int]
    counts: Mapping[str, list[int]]


_SIMPLE = ("region", "department", "stage", "tier")


def judge(facts: Facts, question: Question) -> Judgement:
    """Tell which CPTS pass, in order, and how many each further choice would leave.

    In its own filter a choice stands instead of those that were made.
    """
    ranks = np.zeros(len(facts.ids)) if question.ranks is None else question.ranks
    km = _told(facts, question.km)
    base = _base(facts, question, ranks, km)
    work = _work(facts, question)
    passes = {name: _has_any(facts, question, name) for name in _SIMPLE}
    in_missions = _in_missions(facts, work)
    passes["theme"], passes["mission"] = _works_on(facts, question, work, in_missions)
    passes["action_state"] = (
        _any(work) if question.asked.get("action_state") else _everyone(facts)
    )

    def without(*left_out: str) -> Flags:
        kept = base
        for name, passed in passes.items():
            if name not in left_out:
                kept = kept & passed
        return kept

    counts = {name: _sums(facts.has[name], without(name)) for name in _SIMPLE}
    counts["theme"] = _sums(work, without("theme"))
    counts["mission"] = _sums(in_missions, without("mission"))
    if question.members:
        others = without("theme", "mission", "action_state")
        counts["action_state"] = [
            int((others & _in_state(facts, question, state)).sum()) for state in STATES
        ]
    passing = np.flatnonzero(without())
    order = _order(facts, question, ranks, km)[passing]
    return Judgement(passing[np.lexsort(order.T[::-1])].tolist(), counts)


def facets(facts: Facts, judgement: Judgement) -> dict[str, list[dict[str, Any]]]:
    """Give the choices of each filter with their labels and counts."""
    return {
        name: [
            {"value": value, "label": label, "count": count}
            for value, label, count in zip(
                facts.choices[name].values, facts.choices[name].labels, counts, strict=True
            )
        ]
        for name, counts in judgement.counts.items()
    }


def _everyone(facts: Facts) -> Flags:
    return np.ones(len(facts.ids), dtype=np.bool_)


def _any(flags: Flags) -> Flags:
    return cast(Flags, flags.any(axis=1))


def _told(facts: Facts, values: Mapping[int, float] | None) -> NDArray[np.float64]:
    if values is None:
        return np.zeros(len(facts.ids))
    return np.array([values.get(n, np.inf) for n in facts.ids.tolist()], dtype=np.float64)


def _base(
    facts: Facts, question: Question, ranks: NDArray[np.float64], km: NDArray[np.float64]
) -> Flags:
    """Tell which CPTS pass all that has no counts."""
    base = np.isfinite(ranks)
    if question.among is not None:
        base &= np.isin(facts.ids, np.array(sorted(question.among), dtype=np.int64))
    if question.members_min is not None:
        base &= facts.members >= question.members_min
    if question.members_max is not None:
        base &= facts.members <= question.members_max
    if question.within_km is not None:
        base &= km <= question.within_km
    return base


def _work(facts: Facts, question: Question) -> Flags:
    """Tell who works on what, in the states asked for if any."""
    states = question.asked.get("action_state")
    if not states:
        return facts.work[ALL if question.members else DECLARED]
    told = np.zeros_like(facts.work[ALL])
    for state in states:
        told = told | facts.work[state]
    return told


def _has_any(facts: Facts, question: Question, name: str) -> Flags:
    asked = question.asked.get(name)
    if not asked:
        return _everyone(facts)
    return _any(facts.has[name][:, facts.choices[name].places(asked)])


def _in_missions(facts: Facts, work: Flags) -> Flags:
    # Of floating point numbers, which have a product of their own in the processor.
    return (work.astype(np.float32) @ facts.missions.astype(np.float32)) > 0


def _works_on(
    facts: Facts, question: Question, work: Flags, in_missions: Flags
) -> tuple[Flags, Flags]:
    """Tell who works on the themes asked for, and who in the missions."""
    passed = []
    for name, told in (("theme", work), ("mission", in_missions)):
        asked = question.asked.get(name)
        if not asked:
            passed.append(_everyone(facts))
            continue
        chosen = told[:, facts.choices[name].places(asked)]
        passed.append(~_any(~chosen) if question.every else _any(chosen))
    return passed[0], passed[1]


def _in_state(facts: Facts, question: Question, state: str) -> Flags:
    work = facts.work[state]
    theme, mission = _works_on(facts, question, work, _in_missions(facts, work))
    return _any(work) & theme & mission


def _sums(flags: Flags, of: Flags) -> list[int]:
    told: list[int] = flags[of].sum(axis=0).tolist()
    return told


def _order(
    facts: Facts, question: Question, ranks: NDArray[np.float64], km: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give what CPTS are sorted by, the first column first; then by their names."""
    nothing = np.zeros(len(facts.ids))
    by: list[NDArray[Any]] = []
    if question.sort == "distance":
        by = [km]
    elif question.sort == "population":
        by = [-facts.population]
    elif question.sort == "relevance":
        stale = facts.confirmed < question.fresh_from if question.members else nothing
        by = [ranks, stale, _progress(facts, question), km]
    return np.column_stack([*by, np.arange(len(facts.ids))]).astype(np.float64)


def _progress(facts: Facts, question: Question) -> NDArray[np.float64]:
    """Tell how far what is asked for has come: what is done before what is planned."""
    asked = question.asked.get("theme")
    told = np.full(len(facts.ids), float(len(STATES)))
    if asked and question.members:
        places = facts.choices["theme"].places(asked)
        for rank, state in enumerate(STATES):
            told[facts.work[state][:, places].any(axis=1)] = len(STATES) - 1 - rank
    return told
