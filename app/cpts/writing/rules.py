"""The rules of a CPTS's life, in plain Python: stages, dates, who may be superseded."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from app.cpts.errors import StageRegression
from app.cpts.stages import order_of
from app.french import short_date
from app.problems import Forbidden, Invalid


class Authority(Protocol):
    """Whoever asks for a change; each method raises `Forbidden` unless it is allowed."""

    @property
    def token_id(self) -> int | None: ...
    @property
    def name(self) -> str: ...
    def may_create(
        self,
        *,
        at_first_stage: bool,
        touched_regions: Collection[str],
        lead_region: str | None,
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
class StageRecord:
    """A stage on record: its date, None when nobody knows it, and since when it is known."""

    slug: str
    since: date | None
    recorded_on: date

    @property
    def known_from(self) -> date:
        """The first day on which the registry shows the stage."""
        return self.since or self.recorded_on


@dataclass(frozen=True)
class StageChange:
    """What becomes of a stage timeline: a row to record, stages to take out of it."""

    record: StageRecord | None
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
    timeline: Sequence[StageRecord],
    *,
    stage: str | None,
    since: date | None,
    today: date,
    may_correct: bool,
    held_since: date | None = None,
    date_unknown: bool = False,
    may_forget: bool = False,
) -> StageChange:
    """Work out what a change of stage, or of its date, does to a timeline.

    Parameters: `timeline`, in the order of the stages, never empty; `stage`, None to change
    the date only; `since`, None for today; `may_correct`, whether an administrator gave a
    reason, so that a stage may be taken back; `held_since`, the first day on which the CPTS
    holds a commune, None for never: by then it has a stage; `date_unknown`, whether nobody
    knows the date of the stage; `may_forget`, whether a date that stands may give way to
    that. A stage that is taken back to the only one left dates
    from the first that there was.

    Raises:
        StageRegression: an earlier stage, without the right to correct.
        Forbidden: a date would be made unknown, without the right to.
        Invalid: the date is in the future, before that of the stage before, or would
            leave days with communes and no stage.
    """
    present = timeline[-1]
    target = stage or present.slug
    if since is not None and since > today:
        raise _refused_date("La date d'un stade ne peut pas être dans l'avenir.")
    remove = [each.slug for each in timeline if order_of(each.slug) > order_of(target)]
    if remove and not may_correct:
        raise StageRegression(
            "Un stade ne peut qu'avancer ; seul un administrateur le corrige, avec un motif."
        )
    earlier = [each for each in timeline if order_of(each.slug) < order_of(target)]
    standing = next((each for each in timeline if each.slug == target), None)
    recorded_on = standing.recorded_on if standing else today
    if date_unknown:
        if standing and standing.since is not None and not may_forget:
            raise Forbidden("Seul un administrateur peut rendre inconnue la date d'un stade.")
        reached = StageRecord(target, None, _after(earlier, recorded_on))
    else:
        standing_since = standing.since if standing else today
        reached = StageRecord(target, since or standing_since, recorded_on)
    _check_follows(reached, earlier)
    if not earlier and held_since is not None and reached.known_from > held_since:
        if since is not None:
            raise _refused_date(
                f"La CPTS tient des communes depuis le {short_date(held_since)} : son premier "
                "stade ne peut pas être postérieur."
            )
        reached = _first_that_there_was(target, timeline[0], held_since, date_unknown)
    return StageChange(None if reached == present else reached, remove)


def _refused_date(message: str) -> Invalid:
    return Invalid.at("body", "stage_since", message=message)


def _after(earlier: Sequence[StageRecord], day: date) -> date:
    return max([day, *(each.known_from for each in earlier)])


def _check_follows(reached: StageRecord, earlier: Sequence[StageRecord]) -> None:
    dates = [each.since for each in earlier if each.since is not None]
    if reached.since is not None and dates and reached.since < max(dates):
        raise _refused_date(f"Le stade précédent date du {short_date(max(dates))}.")


def _first_that_there_was(
    target: str, first: StageRecord, held_since: date, date_unknown: bool
) -> StageRecord:
    day = min(first.known_from, held_since)
    if date_unknown or first.since is None:
        return StageRecord(target, None, day)
    return StageRecord(target, day, first.recorded_on)


def first_day(stage_dates: Iterable[date], effective_on: date) -> date:
    """Give the first day on which a CPTS is in the registry."""
    return min([*stage_dates, effective_on])
