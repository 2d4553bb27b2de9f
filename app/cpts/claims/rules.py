"""The rules of holding communes, in plain Python: conflicts, size, days, who gives way."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.cpts.stages import FIRST_STAGE
from app.french import short_date
from app.problems import Invalid


@dataclass(frozen=True)
class ClaimConflict:
    """A claim that stands in the way of another on the same commune.

    `held_until` is the first day on which the commune is no longer held, None for
    a claim without end. `stage` is the holder's.
    """

    commune_code: str
    commune_name: str
    cpts_id: int
    cpts_name: str
    stage: str
    demonstration: bool
    held_from: date
    held_until: date | None

    def public(self) -> dict[str, Any]:
        """Give the conflict in the shape of the contract."""
        return {
            "commune": {"code": self.commune_code, "name": self.commune_name},
            "cpts": {
                "id": self.cpts_id,
                "name": self.cpts_name,
                "stage": self.stage,
                "demonstration": self.demonstration,
            },
            "held_from": self.held_from.isoformat(),
            "held_until": self.held_until.isoformat() if self.held_until else None,
        }


def check_territory_size(stage: str, communes: Collection[str]) -> None:
    """A territory may be empty only at the first stage (contract).

    Raises:
        Invalid: no commune at a later stage.
    """
    if not communes and stage != FIRST_STAGE:
        raise Invalid.at(
            "body",
            "communes",
            message="Au-delà du stade « Dynamique identifiée », il faut au moins une commune.",
        )


def check_effective_date(effective_on: date, started_on: date) -> None:
    """A territory never begins before its CPTS.

    Raises:
        Invalid: the date is before the CPTS's first day.
    """
    if effective_on < started_on:
        raise Invalid.at(
            "body",
            "effective_on",
            message=f"La CPTS n'existe que depuis le {short_date(started_on)}.",
        )


def split_superseded(
    conflicts: Sequence[ClaimConflict],
    *,
    stage: str,
    superseded: Collection[int],
) -> tuple[list[ClaimConflict], list[ClaimConflict]]:
    """Part conflicts into those that a write may end and those that stand in its way.

    Communes held at the first stage may be taken by a CPTS at a later one that names the
    holder; every other claim is exclusive (contract, "Claims are exclusive at every stage").

    Parameters: `stage`, of the writing CPTS; `superseded`, ids that the write names.
    """
    ended = [
        conflict
        for conflict in conflicts
        if stage != FIRST_STAGE == conflict.stage and conflict.cpts_id in superseded
    ]
    return ended, [conflict for conflict in conflicts if conflict not in ended]


# The days from the first to the one before the last; None for ever.
Period = tuple[date, date | None]


@dataclass(frozen=True)
class PlannedChange:
    """What a validated letter settled for a day to come; `adds` or else withdraws."""

    letter: int
    cpts_id: int
    commune: str
    effective_on: date
    adds: bool


def by_commune(planned: Iterable[PlannedChange]) -> dict[str, list[PlannedChange]]:
    """Group what is planned for one CPTS by commune, in the order of the days."""
    grouped: dict[str, list[PlannedChange]] = {}
    for change in sorted(planned, key=lambda each: (each.effective_on, each.letter)):
        grouped.setdefault(change.commune, []).append(change)
    return grouped


def periods_as_planned(
    wanted: Mapping[str, bool], day: date, planned: Mapping[str, Sequence[PlannedChange]]
) -> dict[str, list[Period]]:
    """Merge a change of a territory with what is planned for later days.

    Parameters: `wanted`, by commune whether it is held from `day` on; `planned`, as
    `by_commune` gives it.

    Returns: the periods from that day on in which each of these communes is held.
    """
    return {
        commune: _periods(
            held,
            day,
            [each for each in planned.get(commune, ()) if each.effective_on > day],
        )
        for commune, held in wanted.items()
    }


def _periods(held: bool, day: date, later: Sequence[PlannedChange]) -> list[Period]:
    periods: list[Period] = []
    since = day if held else None
    # Of two on one day the later letter counts.
    last_of_its_day = {change.effective_on: change for change in later}
    for change in last_of_its_day.values():
        if change.adds and since is None:
            since = change.effective_on
        elif not change.adds and since is not None:
            periods.append((since, change.effective_on))
            since = None
    if since is not None:
        periods.append((since, None))
    return periods


def dropped(
    planned: Mapping[str, Sequence[PlannedChange]], periods: Mapping[str, Sequence[Period]]
) -> list[PlannedChange]:
    """List what is planned for a CPTS and would not come to be.

    From its day until the next one planned for the commune, an addition has the commune
    held and a withdrawal has it not held, on every day.

    Parameters: `planned`, as `by_commune` gives it; `periods`, in which each commune is
    held.
    """
    found = []
    for commune, changes in planned.items():
        for position, change in enumerate(changes):
            following = changes[position + 1 :]
            until = following[0].effective_on if following else None
            if until is not None and until == change.effective_on:
                continue  # of two on one day the later letter counts
            held = [
                (max(since, change.effective_on), end)
                for since, end in periods.get(commune, ())
                if (until is None or since < until)
                and (end is None or end > change.effective_on)
            ]
            if not change.adds:
                kept = not held
            else:
                kept = len(held) == 1 and _covers(held[0], change.effective_on, until)
            if not kept:
                found.append(change)
    return found


def _covers(period: Period, since: date, until: date | None) -> bool:
    begins, ends = period
    return begins <= since and (ends is None or (until is not None and ends >= until))


def first_empty_day(periods: Iterable[Sequence[Period]], day: date) -> date | None:
    """Give the first day, from `day` on, on which no commune is held; None when none is."""
    for since, until in sorted(
        (period for each in periods for period in each),
        key=lambda period: (period[0], period[1] or date.max),
    ):
        if since > day:
            return day
        if until is None:
            return None
        day = max(day, until)
    return day


def check_never_empty(
    stage: str, periods: Iterable[Sequence[Period]], day: date, *, member: str = "communes"
) -> None:
    """A territory that a change touches may run empty only at the first stage (contract).

    Raises:
        Invalid: no commune from some day on, at a later stage.
    """
    empty = None if stage == FIRST_STAGE else first_empty_day(periods, day)
    if empty is not None and empty > day:
        raise Invalid.at(
            "body",
            member,
            message=f"Avec ce qui est prévu, la CPTS n'aurait plus de commune le "
            f"{short_date(empty)}.",
        )
    check_territory_size(stage, () if empty is not None else ("",))


def told(planned: Iterable[PlannedChange]) -> list[dict[str, Any]]:
    """Give what is planned in the shape of the contract, by day then letter."""
    changes = sorted(planned, key=lambda each: (each.effective_on, each.letter, each.commune))
    days = dict.fromkeys((each.letter, each.effective_on) for each in changes)
    return [
        {
            "letter": letter,
            "effective_on": day.isoformat(),
            "add": _communes(changes, letter, day, adds=True),
            "withdraw": _communes(changes, letter, day, adds=False),
        }
        for letter, day in days
    ]


def _communes(
    changes: Iterable[PlannedChange], letter: int, day: date, *, adds: bool
) -> list[str]:
    return list(
        dict.fromkeys(
            each.commune
            for each in changes
            if (each.letter, each.effective_on, each.adds) == (letter, day, adds)
        )
    )


def cut(periods: Sequence[Period], day: date) -> list[Period]:
    """Give what lies before a day."""
    return [
        (since, day if until is None else min(until, day))
        for since, until in periods
        if since < day
    ]


def together(each: Iterable[Sequence[Period]]) -> list[Period]:
    """Give the days on which one holds or another, as periods that neither touch nor meet."""
    joined: list[Period] = []
    for since, until in sorted(
        (period for periods in each for period in periods),
        key=lambda period: (period[0], period[1] or date.max),
    ):
        if joined and (joined[-1][1] is None or since <= joined[-1][1]):
            before, end = joined[-1]
            later = None if end is None or until is None else max(end, until)
            joined[-1] = (before, later)
        else:
            joined.append((since, until))
    return joined
