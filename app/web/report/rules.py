"""What a report compares and counts. Plain Python."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Compared:
    """A count on the day of the report, and a year before."""

    label: str
    now: int
    before: int

    @property
    def difference(self) -> int:
        """How many more there are."""
        return self.now - self.before


@dataclass(frozen=True, slots=True)
class Moved:
    """A CPTS whose territory is another than a year before: communes that came and went."""

    cpts: Item
    gained: int
    lost: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened to CPTS within the year, each list in the order of names.

    `advanced` holds the CPTS as it is and the label of its stage a year before.
    """

    new: Sequence[Item]
    ended: Sequence[Item]
    advanced: Sequence[tuple[Item, str]]
    moved: Sequence[Moved]

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened."""
        return not (self.new or self.ended or self.advanced or self.moved)


def counted(
    member: str, labels: Mapping[Any, str], now: Iterable[Item], before: Iterable[Item]
) -> list[Compared]:
    """Count CPTS by the value of a member, in the order of `labels`.

    Those without a value come last, if there are any.
    """
    counts = [Counter(item[member] for item in items) for items in (now, before)]
    rows = [
        Compared(label, *(each[value] for each in counts)) for value, label in labels.items()
    ]
    unknown = Compared("Non connu", *(each[None] for each in counts))
    return [*rows, unknown] if unknown.now or unknown.before else rows


def counted_by_theme(
    labels: Mapping[str, str], now: Iterable[Item], before: Iterable[Item], member: str = "slug"
) -> list[Compared]:
    """Count the CPTS that work on each theme, or, by `mission`, on a theme of each mission."""
    counts = [
        Counter(
            value for item in items for value in {theme[member] for theme in item["themes"]}
        )
        for items in (now, before)
    ]
    return [
        Compared(label, *(each[value] for each in counts)) for value, label in labels.items()
    ]


def as_divided(codes: Collection[str], parts: Mapping[str, Sequence[str]]) -> set[str]:
    """Put the parts that came out of a unit in its place, so that days can be compared.

    Parameters: `codes`, of units; `parts`, by the code of a unit, those that it became.
    """
    found: set[str] = set()
    for code in codes:
        found |= as_divided(parts[code], parts) if code in parts else {code}
    return found


def changes(now: Sequence[Item], before: Sequence[Item]) -> Changes:
    """Tell what happened between two days.

    Parameters: `now`, `before`, CPTS as the API describes them, with `codes`, the communes
    that they hold, in the order of their names.
    """
    earlier = {item["id"]: item for item in before}
    later = {item["id"] for item in now}
    advanced, moved = [], []
    for item in now:
        former = earlier.get(item["id"])
        if former is None:
            continue
        if former["stage"] != item["stage"]:
            advanced.append((item, former["stage_label"] or "stade non connu"))
        gained, lost = item["codes"] - former["codes"], former["codes"] - item["codes"]
        if gained or lost:
            moved.append(Moved(item, len(gained), len(lost)))
    return Changes(
        new=[item for item in now if item["id"] not in earlier],
        ended=[item for item in before if item["id"] not in later],
        advanced=advanced,
        moved=moved,
    )
