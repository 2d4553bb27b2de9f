"""What an undo brings back, and what stands in its way, in plain Python."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from app.cpts.writing.rules import StageRecord
from app.database.calendar import PARIS
from app.french import short_date
from app.problems import Problem

# A commune, the first day on which it is held, and the first on which it no longer is.
Holding = tuple[str, date, date | None]


class ChangedSince(Problem):
    """Something has changed on top of what would be undone."""

    status, code, title = 409, "changed-since", "Modifié depuis"


class ReversalAuthority(Protocol):
    """Whoever asks for an undo."""

    @property
    def token_id(self) -> int | None: ...
    @property
    def name(self) -> str: ...
    def may_undo(
        self, *, touched_regions: Collection[str], lead_region: str | None, takes_back: bool
    ) -> None:
        """Refuse an undo; `takes_back` says that a stage, a beginning or an end would be."""


@dataclass(frozen=True)
class Entry:
    """A change on record, one of those that were made together."""

    id: int
    cpts_id: int
    name: str
    action: str
    changed_at: datetime
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]


def changed_since(entry: Entry, state: Mapping[str, Any]) -> list[str]:
    """List what a change set and is no longer as it left it.

    Parameters: `state`, the whole recorded state of the CPTS today.
    """
    return [member for member, value in entry.after.items() if state.get(member) != value]


def concerned(
    entry: Entry, changing: Collection[str], held: Collection[Holding], day: date
) -> set[str]:
    """Give the communes by whose region an undo is judged; none for a CPTS that has none.

    Parameters: `changing`, those that change hands; `held`, all claims of the CPTS. Unless
    nothing else changes, those that it holds on `day` or later count too; of a CPTS that
    holds none any more, those that it held.
    """
    if changing and entry.before is not None and entry.after.keys() == {"claims"}:
        return set(changing)
    standing = {commune for commune, _, until in held if until is None or until > day}
    return set(changing) | (standing or {commune for commune, _, _ in held})


def takes_back(entries: Iterable[Entry]) -> bool:
    """Whether an undo touches a stage, or the beginning or end of a CPTS."""
    return any(
        each.before is None or {"stages", "ended_on", "started_on"} & each.after.keys()
        for each in entries
    )


def wanted(entry: Entry) -> dict[str, Any]:
    """Give the members that an undo sets, and their values.

    A CPTS that the change made was never there: it ends on its first day, without claims.
    """
    if entry.before is None:
        return {"ended_on": entry.after["started_on"], "claims": []}
    return dict(entry.before)


def holdings(claims: Sequence[Mapping[str, Any]]) -> set[Holding]:
    """Read the claims of a recorded state."""
    return {
        (
            commune,
            date.fromisoformat(each["from"]),
            date.fromisoformat(each["until"]) if each["until"] else None,
        )
        for each in claims
        for commune in each["communes"]
    }


def timeline(
    stages: Mapping[str, str | None],
    present: Iterable[StageRecord],
    first_told: Mapping[str, date],
    first_claim: date | None,
) -> list[StageRecord]:
    """Give the stages of a recorded state as rows.

    Parameters: `present`, the rows of today, whose day of record stays; `first_told`, for
    those that are gone, the day on which the history first tells of each; `first_claim`, by
    which an undated stage must be known.
    """
    days = {each.slug: each.recorded_on for each in present}
    rows = []
    for slug, since in stages.items():
        recorded = days.get(slug) or first_told[slug]
        if since is None and slug not in days and first_claim is not None:
            recorded = min(recorded, first_claim)
        rows.append(StageRecord(slug, date.fromisoformat(since) if since else None, recorded))
    return rows


def refusal(stood_on: Sequence[tuple[str, datetime | None]]) -> ChangedSince:
    """Word why a change cannot be undone.

    Parameters: `stood_on`, for each CPTS that changed since, its name and when it last did.
    """
    told = ", ".join(
        f"« {name} »"
        + (f" (le {short_date(moment.astimezone(PARIS).date())})" if moment else "")
        for name, moment in stood_on[:5]
    )
    more = f" et {len(stood_on) - 5} autres" if len(stood_on) > 5 else ""
    return ChangedSince(
        f"Ce changement ne peut plus être annulé : {told}{more} a changé depuis. "
        "Annulez d'abord ce qui a suivi."
    )
