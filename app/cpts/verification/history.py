"""The history replayed: what it says of each CPTS, and where it contradicts itself."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

State = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """One entry of the history of a CPTS.

    Parameters: `before` and `after`, the members that changed, None where there was or is
    nothing; `chained`, whether it must begin where the entry before it ended.
    """

    cpts_id: int
    number: int
    before: State | None
    after: State | None
    chained: bool = True


@dataclass
class Replay:
    """The history of all CPTS, taken in entry by entry, oldest first."""

    told: dict[int, dict[str, Any]] = field(default_factory=dict)
    breaks: list[tuple[int, str]] = field(default_factory=list)

    def take(self, entry: Entry) -> None:
        """Take in the next entry."""
        known = self.told.setdefault(entry.cpts_id, {})
        if entry.chained:
            astray = [
                member
                for member, value in (entry.before or {}).items()
                if member in known and known[member] != value
            ]
            if entry.before is None and known:
                astray = ["création"]
            if astray:
                where = f"l'entrée {entry.number} de l'historique ne suit pas la précédente"
                self.breaks.append((entry.cpts_id, f"{where} ({', '.join(sorted(astray))})"))
        known.update(entry.after or {})


def history_drift(
    entries: Iterable[Entry], states: Mapping[int, State]
) -> Iterator[tuple[int, str]]:
    """Name what does not follow from the history: `(CPTS, French text)`.

    Parameters: `entries`, oldest first; `states`, each CPTS as it stands.
    """
    replay = Replay()
    for entry in entries:
        replay.take(entry)
    yield from replay.breaks
    for cpts_id, state in sorted(states.items()):
        told = replay.told.get(cpts_id)
        if not told:
            yield cpts_id, "absente de l'historique"
            continue
        for member, value in state.items():
            if member not in told:
                yield cpts_id, f"l'historique ne dit rien de « {member} »"
            elif told[member] != value:
                yield cpts_id, f"« {member} » n'est pas ce que dit l'historique"
