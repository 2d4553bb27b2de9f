"""The rules of a CPTS's life, in plain Python: stages, dates, who may be superseded."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from app.cpts.errors import StageRegression
from app.problems import Invalid


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


def change_stage(
    timeline: Sequence[tuple[str, date]],
    ranks: Mapping[str, int],
    *,
    stage: str | None,
    since: date | None,
    today: date,
    may_correct: bool,
    held_since: date | None = None,
) -> StageChange:
    """Work out what a change of stage, or of its date, does to a timeline.

    Parameters: `timeline`, `(slug, since)` oldest first, never empty; `ranks`, by slug;
    `stage`, None to change the date only; `since`, None for today; `may_correct`, whether
    an administrator gave a reason, so that a stage may be taken back; `held_since`, the
    first day on which the CPTS holds a commune, None for never: by then it has a stage. A
    stage that is taken back to the only one left dates from the first that there was.

    Raises:
        StageRegression: an earlier stage, without the right to correct.
        Invalid: the date is in the future, before that of the stage before, or would
            leave days with communes and no stage.
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
    if not earlier and held_since is not None and reached > held_since:
        if since is not None:
            raise Invalid.at(
                "body",
                "stage_since",
                message=f"La CPTS tient des communes depuis le {held_since:%d/%m/%Y} : son "
                "premier stade ne peut pas être postérieur.",
            )
        reached = min(timeline[0][1], held_since)
    if target == present and reached == present_since:
        return StageChange({})
    return StageChange({target: reached}, remove)


def first_day(stage_dates: Iterable[date], effective_on: date) -> date:
    """Give the first day on which a CPTS is in the registry."""
    return min([*stage_dates, effective_on])
