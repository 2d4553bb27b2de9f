"""Everything that the decision about a file is made from."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace

from app.cpts.claims.rules import Period, PlannedChange
from app.cpts.importing.entries import Entry
from app.cpts.importing.grouping import ListedCpts
from app.cpts.importing.repository import RegisteredCpts
from app.cpts.importing.resolving import Reading


@dataclass
class Material:
    """The file as read and resolved, and what the registry knows of its CPTS.

    `keys` gives the registry's search key of each name in the file. `registered` is by
    position of the CPTS in the file; `held` by id in the registry, as
    `app.cpts.claims.repository.periods_from` gives it from the import's day on; `planned`
    by id, what letters have planned; `communes` by position, from code to the first row
    that names it, in the file's order; `shared` the CPTS that a row names together, for the
    rows whose CPTS are all in the file.
    """

    entries: Sequence[Entry]
    listed: Sequence[ListedCpts]
    readings: list[Reading]
    labels: Mapping[str, str]
    keys: Mapping[str, str] = field(default_factory=dict)
    registered: dict[int, RegisteredCpts] = field(default_factory=dict)
    held: dict[int, dict[str, list[Period]]] = field(default_factory=dict)
    planned: dict[int, dict[str, list[PlannedChange]]] = field(default_factory=dict)
    communes: dict[int, dict[str, int]] = field(default_factory=dict)
    shared: dict[int, list[ListedCpts]] = field(default_factory=dict)

    @property
    def with_demonstration(self) -> bool:
        """Whether the file is about demonstration data, which then stays and counts."""
        return any(cpts.is_demonstration for cpts in self.listed)

    def unjudged(self) -> "Material":
        """Give a copy to judge: a plan leaves its remarks and findings in its material."""
        return replace(
            self,
            listed=deepcopy(self.listed),
            readings=list(self.readings),
            registered={},
            held={},
            planned={},
            communes={},
            shared={},
        )

    def is_faulty(self, cpts: ListedCpts) -> bool:
        """Whether the CPTS or one of its rows keeps it out, whatever the others do."""
        return cpts.fault is not None or any(
            not self.readings[row].outcome.went_in for row in cpts.rows
        )
