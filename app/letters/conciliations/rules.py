"""Which letters meet in which conciliation, in plain Python."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """How a conciliation ends."""

    SHARED_OUT = "territoire_partage"
    JOINED = "projets_reunis"
    WITHDRAWN = "retrait"


OUTCOME_LABELS: Mapping[str, str] = {
    Outcome.SHARED_OUT: "Territoire partagé",
    Outcome.JOINED: "Projets réunis",
    Outcome.WITHDRAWN: "Retrait",
}


@dataclass(frozen=True)
class Dispute:
    """A commune that a letter asks for, and so does another, or a dynamic holds it.

    Exactly one of `other_letter` and `cpts` is given.
    """

    letter: int
    other_letter: int | None
    cpts: int | None
    commune: str


@dataclass
class Meeting:
    """Letters joined by disputes, directly or through others, and what they dispute."""

    letters: set[int] = field(default_factory=set)
    cpts: set[int] = field(default_factory=set)
    communes: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Arrangement:
    """What becomes of conciliations: meetings that keep, take or open one; the rest ends.

    `kept` by conciliation, `joined` from a conciliation to the one it goes into, `fresh`
    without one yet, `over` without anything left to dispute.
    """

    kept: Mapping[int, Meeting]
    joined: Mapping[int, int]
    fresh: tuple[Meeting, ...]
    over: tuple[int, ...]


def meetings(disputes: Iterable[Dispute]) -> list[Meeting]:
    """Group disputes: letters that share a commune meet, and so on; a dynamic joins none.

    In the order of their oldest letters.
    """
    found: list[Meeting] = []
    for dispute in disputes:
        letters = {dispute.letter}
        if dispute.other_letter is not None:
            letters.add(dispute.other_letter)
        here = Meeting()
        for meeting in [each for each in found if not each.letters.isdisjoint(letters)]:
            here.letters |= meeting.letters
            here.cpts |= meeting.cpts
            here.communes |= meeting.communes
            found.remove(meeting)
        here.letters |= letters
        here.communes.add(dispute.commune)
        if dispute.cpts is not None:
            here.cpts.add(dispute.cpts)
        found.append(here)
    return sorted(found, key=lambda meeting: min(meeting.letters))


def arrange(held: Collection[Meeting], open_ones: Mapping[int, Collection[int]]) -> Arrangement:
    """Bring open conciliations in line with who meets now.

    Parameters: `held`, the meetings of today; `open_ones`, the letters of each open
    conciliation. The oldest conciliation of a meeting stays; of one whose letters part,
    the meeting of the oldest letter keeps it.
    """
    kept: dict[int, Meeting] = {}
    joined: dict[int, int] = {}
    over: list[int] = []
    taken: list[tuple[Meeting, int]] = []
    for conciliation in sorted(open_ones):
        letters = set(open_ones[conciliation])
        meeting = next((each for each in held if not each.letters.isdisjoint(letters)), None)
        if meeting is None:
            over.append(conciliation)
            continue
        before = next((number for each, number in taken if each is meeting), None)
        if before is None:
            kept[conciliation] = meeting
            taken.append((meeting, conciliation))
        else:
            joined[conciliation] = before
    fresh = tuple(each for each in held if not any(each is meeting for meeting, _ in taken))
    return Arrangement(kept, joined, fresh, tuple(over))
