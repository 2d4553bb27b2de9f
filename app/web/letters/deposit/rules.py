"""What a draft of a letter is made of, and which withdrawals are to be confirmed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from app.geography.units import CommuneRef

# More than a tenth of the inhabitants: seldom meant, often a list that was taken for another.
HEAVY_SHARE = 0.1
# What a select says of a text that leads to no one commune: nothing yet, or to leave it out.
UNSETTLED, LEFT_OUT = "", "-"
# The lists of a draft: a whole territory, or what is added to one and withdrawn from it.
COMMUNES, ADD, WITHDRAW = LISTS = ("communes", "add", "withdraw")


@dataclass(frozen=True)
class Draft:
    """What a form says of a letter's territory; `lists`, one text a line, by their names."""

    kind: str = "creation"
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cpts: int | None = None
    cpts_name: str = ""
    merged: Sequence[int] = ()
    merged_name: str = ""
    effective_on: date | None = None

    def lines(self, name: str) -> Sequence[str]:
        """Give a list, empty when it was not written."""
        return self.lists.get(name, ())


@dataclass(frozen=True)
class Withdrawal:
    """The communes that a change withdraws, of a territory of so many inhabitants."""

    names: Sequence[str]
    codes: Collection[str]
    population: int
    of_population: int
    of_communes: int

    @property
    def share(self) -> float:
        """The part of the inhabitants, 0 to 1."""
        return self.population / self.of_population if self.of_population else 1.0

    @property
    def is_everything(self) -> bool:
        """Whether nothing of the territory is left."""
        return len(self.codes) == self.of_communes

    @property
    def is_heavy(self) -> bool:
        """Whether it is to be confirmed."""
        return bool(self.codes) and (self.is_everything or self.share > HEAVY_SHARE)

    @property
    def confirmation(self) -> str:
        """What confirms this very withdrawal, and no other."""
        return " ".join(sorted(self.codes))


def written(unit: CommuneRef) -> str:
    """Write a commune as a line that is read again without doubt."""
    return f"{unit.name} ({unit.code})"


def settled(
    lines: Sequence[str],
    doubts: Sequence[str],
    choices: Sequence[str],
    names: Mapping[str, str],
) -> list[str]:
    """Put what was chosen in the place of the lines that were in doubt.

    Parameters: `doubts` and `choices`, text by text: a code, `LEFT_OUT` or `UNSETTLED`;
    `names`, of the communes by code.
    """
    chosen = dict(zip(doubts, choices, strict=False))
    found = []
    for line in lines:
        choice = chosen.get(line, UNSETTLED)
        if choice == LEFT_OUT:
            continue
        found.append(f"{names[choice]} ({choice})" if choice in names else line)
    return found
