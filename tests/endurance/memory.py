"""What clients remember: of their own CPTS and letters, and of the answers that they got."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

STAGES = (
    "dynamique_identifiee", "lettre_intention_validee", "association_creee",
    "projet_sante_valide", "aci_signe",
)  # fmt: skip
# The person of every letter; no log may hold a part of it.
PERSONS = ("Planté-Témoin", "zelie.plante@exemple.example", "0699887766")
CONTACT = {"name": "Zélie Planté-Témoin", "email": PERSONS[1], "phone": PERSONS[2]}
# Deposited or in conciliation: whose, other clients decide by what they deposit.
PENDING = "pending"
# Days from the deposit of what lies ahead to its effect.
AHEAD = timedelta(days=30)

Communes = frozenset[str]


@dataclass
class Remembered:
    """A CPTS as its client knows it.

    `territories` holds the one that was confirmed last, and each that was asked for since
    without an answer: the registry holds one of them; `stages` (ranks) likewise. `is_gone`
    is None when an end was asked for without an answer. `add` and `withdraw` are what a
    validated letter has planned, None when nobody knows whether one was validated.
    """

    name: str
    stages: set[int]
    territories: list[Communes]
    is_gone: bool | None = False
    has_letter: bool = False
    add: Communes | None = frozenset()
    withdraw: Communes | None = frozenset()

    @property
    def has_plan(self) -> bool:
        """Whether a letter has planned something for it, or may have."""
        return self.add != frozenset() or self.withdraw != frozenset()

    @property
    def is_plain(self) -> bool:
        """Whether it is certainly recognised, with one known territory and no letter yet."""
        return not self.has_letter and len(self.territories) == 1 and min(self.stages) > 0

    def plan_unknown(self) -> None:
        """Remember that a letter may have been validated, or not."""
        self.add = self.withdraw = None


@dataclass
class Deposited:
    """A letter as its client knows it.

    `states` are those that it may be in; `add` and `withdraw` what it asks for, of the CPTS
    `cpts` or of one to come; `absorbed` the CPTS that it merges into `cpts`, when `is_ahead`
    on a day to come.
    """

    name: str
    cpts: int | None
    add: Communes = frozenset()
    withdraw: Communes = frozenset()
    absorbed: int | None = None
    is_ahead: bool = False
    states: set[str] = field(default_factory=lambda: {PENDING})
    decided: set[str] = field(default_factory=set)


@dataclass
class Tally:
    """What a client was answered in the course of one program."""

    statuses: dict[int, int] = field(default_factory=dict)
    # What a 503 said, and how often no answer came at all.
    unavailable: dict[str, int] = field(default_factory=dict)
    cut: int = 0
    # Changes that were confirmed, by route.
    done: dict[str, int] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    asked: int = 0
    longest_s: float = 0.0


def unions(some: Iterable[Communes], others: Iterable[Communes]) -> list[Communes]:
    """Give every territory that two CPTS may hold together."""
    others = list(others)
    return [one | other for one in some for other in others]
