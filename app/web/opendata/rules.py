"""What an entry of the history is told as in the feed of changes. Plain Python."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from app.french import counted, day, others

_NAMES_TOLD = 12


class Recorded(Protocol):
    """What the rules read of an entry of the history; see `RecordedChange`."""

    @property
    def id(self) -> int: ...
    @property
    def cpts_id(self) -> int: ...
    @property
    def changed_at(self) -> datetime: ...
    @property
    def name(self) -> str: ...
    @property
    def demonstration(self) -> bool: ...
    @property
    def is_new(self) -> bool: ...
    @property
    def ended_on(self) -> str | None: ...
    @property
    def stages_before(self) -> dict[str, str | None] | None: ...
    @property
    def stages_after(self) -> dict[str, str | None] | None: ...
    @property
    def claims_before(self) -> list[dict[str, Any]] | None: ...
    @property
    def claims_after(self) -> list[dict[str, Any]] | None: ...


@dataclass(frozen=True, slots=True)
class News:
    """A change as the feed tells it: `kinds` of `nouvelle`, `stade`, `territoire`, `fin`."""

    kinds: tuple[str, ...]
    title: str
    summary: str


KIND_LABELS = {
    "nouvelle": "Nouvelle CPTS",
    "stade": "Stade",
    "territoire": "Territoire",
    "fin": "Fin",
}


def entry_id(change: Recorded) -> str:
    """Give the identifier of a change, the same for ever and wherever the feed is read.

    Numbers of entries begin anew in each database; the moment tells two of them apart.
    """
    named = f"{change.cpts_id}/{change.id}/{change.changed_at.timestamp():.6f}"
    return uuid.uuid5(uuid.NAMESPACE_OID, named).urn


def held_at_last(claims: Iterable[Mapping[str, Any]] | None) -> set[str]:
    """Give the communes held with no end in sight."""
    return {
        code for claim in claims or () if claim["until"] is None for code in claim["communes"]
    }


def moved(change: Recorded) -> tuple[list[str], list[str]]:
    """Give the codes of the communes gained and lost, each in order; none for a new CPTS."""
    if change.is_new or change.claims_after is None:
        return [], []
    before, after = held_at_last(change.claims_before), held_at_last(change.claims_after)
    return sorted(after - before), sorted(before - after)


def latest_stage(
    stages: Mapping[str, str | None] | None, order: Sequence[str]
) -> tuple[str, str | None] | None:
    """Give the most advanced stage and its ISO date, None when that is not known.

    Parameters: `order`, the slugs from the first stage to the last.
    """
    reached = [slug for slug in order if slug in (stages or {})]
    return (reached[-1], (stages or {})[reached[-1]]) if reached else None


def news(
    change: Recorded, labels: Mapping[str, str], communes: Mapping[str, str]
) -> News | None:
    """Tell a change, None when nothing of it is news.

    Parameters: `labels` of the stages by slug, in order; `communes`, names by code. Names
    of persons, reasons and contacts never enter.
    """
    kinds: list[str] = []
    told: list[str] = []
    stage = latest_stage(change.stages_after, list(labels))
    if change.is_new:
        kinds.append("nouvelle")
        size = len(held_at_last(change.claims_after))
        told.append(f"Territoire : {counted(size, 'commune')}." if size else "Sans commune.")
    if stage and (change.is_new or stage != latest_stage(change.stages_before, list(labels))):
        if not change.is_new:
            kinds.append("stade")
        since = f"depuis le {day(stage[1])}" if stage[1] else "depuis une date inconnue"
        told.append(f"Stade : {labels[stage[0]]}, {since}.")
    gained, lost = moved(change)
    ends = not change.is_new and change.ended_on is not None
    if (gained or lost) and not ends:
        kinds.append("territoire")
        if gained:
            told.append(_moved("ajoutée", gained, communes))
        if lost:
            told.append(_moved("retirée", lost, communes))
    if ends:
        kinds.append("fin")
        told.append(f"Fin le {day(change.ended_on)} : ses communes sont libres.")
    if not kinds:
        return None
    headline = {
        "nouvelle": "Nouvelle CPTS",
        "stade": f"Nouveau stade, {labels[stage[0]]}" if stage else "",
        "territoire": f"Territoire modifié ({_balance(gained, lost)})",
        "fin": "Fin",
    }
    prefix = "[Démonstration] " if change.demonstration else ""
    title = f"{prefix}{' ; '.join(headline[kind] for kind in kinds)} : {change.name}"
    return News(tuple(kinds), title, " ".join(told))


def _balance(gained: Sequence[str], lost: Sequence[str]) -> str:
    parts = [f"+{len(gained)}"] if gained else []
    parts += [f"\N{MINUS SIGN}{len(lost)}"] if lost else []
    return ", ".join(parts)


def _moved(verb: str, codes: Sequence[str], communes: Mapping[str, str]) -> str:
    names = [f"{communes.get(code, code)} ({code})" for code in codes[:_NAMES_TOLD]]
    more = len(codes) - len(names)
    end = f" et {others(more)}" if more else ""
    plural = "s" if len(codes) > 1 else ""
    return f"Commune{plural} {verb}{plural} : {', '.join(names)}{end}."


def xml_text(text: str) -> str:
    """Drop the characters that no XML document may hold, such as control characters."""
    return "".join(char for char in text if char in "\t\n\r" or _is_xml(ord(char)))


def _is_xml(point: int) -> bool:
    return 0x20 <= point <= 0xD7FF or 0xE000 <= point <= 0xFFFD or 0x10000 <= point <= 0x10FFFF
