"""The rules of a CPTS's life, in plain Python: stages, dates, who may be superseded."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from app.cpts.errors import StageRegression
from app.problems import Invalid

FIRST_STAGE = "dynamique_identifiee"


@dataclass(frozen=True)
class ClaimConflict:
    """A claim that stands in the way of another on the same commune.

    `held_until` is the first day on which the commune is no longer held, None for
    a claim without end. `stage` and `rank` are those of the holder.
    """

    commune_code: str
    commune_name: str
    cpts_id: int
    cpts_name: str
    stage: str
    rank: int
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


class Authority(Protocol):
    """Whoever asks for a change; each method raises `Forbidden` unless it is allowed."""

    @property
    def token_id(self) -> int | None: ...
    @property
    def name(self) -> str: ...
    def may_create(
        self, *, stage: str, touched_regions: Collection[str], lead_region: str | None
    ) -> None: ...
    def may_describe(
        self,
        *,
        cpts_id: int,
        created_by: int | None,
        stage_too: bool,
        touched_regions: Collection[str],
        lead_region: str | None,
    ) -> None: ...
    def may_amend(
        self,
        *,
        touched_regions: Collection[str],
        lead_before: str | None,
        lead_after: str | None,
    ) -> None: ...
    def may_supersede(
        self, *, cpts_id: int, touched_regions: Collection[str], lead_region: str | None
    ) -> None: ...
    def may_settle_the_past_or_supersede(self) -> None: ...


@dataclass(frozen=True)
class StageChange:
    """What becomes of a stage timeline: rows to record, stages to take out of it."""

    record: Mapping[str, date]
    remove: Collection[str] = ()


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


def check_first_stage_date(since: date, effective_on: date) -> None:
    """A CPTS never holds communes before it has a stage.

    Raises:
        Invalid: the stage would begin after the territory does.
    """
    if since > effective_on:
        raise Invalid.at(
            "body",
            "stage_since",
            message="La date du stade ne peut pas suivre la date d'effet du territoire.",
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
            message=f"La CPTS n'existe que depuis le {started_on:%d/%m/%Y}.",
        )


def split_superseded(
    conflicts: Sequence[ClaimConflict],
    *,
    rank: int,
    superseded: Collection[int],
) -> tuple[list[ClaimConflict], list[ClaimConflict]]:
    """Part conflicts into those that a write may end and those that stand in its way.

    Communes held at the first stage may be taken by a CPTS at a later one that names the
    holder; every other claim is exclusive (contract, "Claims are exclusive at every stage").

    Parameters: `rank`, of the writing CPTS's stage; `superseded`, ids that the write names.
    """
    ended = [
        conflict
        for conflict in conflicts
        if rank > 1 and conflict.rank == 1 and conflict.cpts_id in superseded
    ]
    return ended, [conflict for conflict in conflicts if conflict not in ended]


def change_stage(
    timeline: Sequence[tuple[str, date]],
    ranks: Mapping[str, int],
    *,
    stage: str | None,
    since: date | None,
    today: date,
    may_correct: bool,
) -> StageChange:
    """Work out what a change of stage, or of its date, does to a timeline.

    Parameters: `timeline`, `(slug, since)` oldest first, never empty; `ranks`, by slug;
    `stage`, None to change the date only; `since`, None for today; `may_correct`, whether
    an administrator gave a reason, so that a stage may be taken back.

    Raises:
        StageRegression: an earlier stage, without the right to correct.
        Invalid: the date is in the future, or before that of the stage before.
    """
    present, present_since = timeline[-1]
    target = stage or present
    if since is not None and since > today:
        raise Invalid.at(
            "body", "stage_since", message="La date d'un stade ne peut pas être dans l'avenir."
        )
    remove = [slug for slug, _ in timeline if ranks[slug] > ranks[target]]
    if remove and not may_correct:
        raise StageRegression(
            "Un stade ne peut qu'avancer ; seul un administrateur le corrige, avec un motif."
        )
    earlier = [(slug, day) for slug, day in timeline if ranks[slug] < ranks[target]]
    standing = next((day for slug, day in timeline if slug == target), None)
    reached = since or standing or today
    if earlier and reached < earlier[-1][1]:
        raise Invalid.at(
            "body",
            "stage_since",
            message=f"Le stade précédent date du {earlier[-1][1]:%d/%m/%Y}.",
        )
    if target == present and reached == present_since:
        return StageChange({})
    return StageChange({target: reached}, remove)


def first_day(stage_dates: Iterable[date], effective_on: date) -> date:
    """Give the first day on which a CPTS is in the registry."""
    return min([*stage_dates, effective_on])
