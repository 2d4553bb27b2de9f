"""A change of the registry, from its lock to its entries in the history."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from app.cpts.claims import repository, rules
from app.cpts.claims.rules import Period, PlannedChange
from app.cpts.errors import PlannedChangeDropped, TerritoryOverlap
from app.cpts.history.repository import Change, record_changes, snapshot, touch_cpts
from app.database.calendar import today
from app.database.sessions import ReadingSession, WritingSession
from app.http.repository import lock_registry
from app.problems import Invalid


class Signatory(Protocol):
    """In whose name a change is recorded."""

    @property
    def token_id(self) -> int | None: ...
    @property
    def name(self) -> str: ...


class Supersession(Protocol):
    """What decides whether a CPTS may be made to give way."""

    def may_supersede(
        self, *, cpts_id: int, touched_regions: Sequence[str], lead_region: str | None
    ) -> None:
        """Refuse to take communes from a holder.

        Raises:
            Forbidden: it is another region's.
        """


class RegistryChange:
    """One change, of one or of many CPTS: locked first, recorded once.

    Making one takes the registry's lock. `watch` remembers what is about to change, before it
    does; `record` refuses what would drop a planned change, dates what has changed, and
    writes the history.
    """

    def __init__(self, session: WritingSession, *, actor: str, token_id: int | None) -> None:
        self._session = session
        self._actor = actor
        self._token_id = token_id
        self._before: dict[int, dict[str, Any] | None] = {}
        self._told: dict[int, tuple[str, str | None]] = {}
        self._broken: set[PlannedChange] = set()
        lock_registry(session)

    @classmethod
    def by(cls, session: WritingSession, signatory: Signatory) -> "RegistryChange":
        """Open a change in somebody's name; takes the registry's lock."""
        return cls(session, actor=signatory.name, token_id=signatory.token_id)

    def watch(self, cpts_ids: Collection[int], action: str, reason: str | None = None) -> None:
        """Remember these CPTS as they stand; `action` and `reason` are for the history."""
        new = [cpts_id for cpts_id in cpts_ids if cpts_id not in self._before]
        if new:
            self._before |= snapshot(self._session, new)
            self._broken |= set(unfulfilled(self._session, new))
        self._told |= dict.fromkeys(new, (action, reason))

    def created(
        self, cpts_ids: Collection[int], action: str, reason: str | None = None
    ) -> None:
        """Remember that these CPTS were not there before."""
        self._before |= dict.fromkeys(cpts_ids)
        self._told |= dict.fromkeys(cpts_ids, (action, reason))

    def record(self) -> bool:
        """Date and record every CPTS that has changed since it was watched; False for none.

        Raises:
            PlannedChangeDropped: what a validated letter has planned would not come to be.
        """
        if not self._before:
            return False
        self._session.flush()
        # What did not hold before is for the verification to tell, not for this change.
        broken = [
            change
            for change in unfulfilled(self._session, self._before)
            if change not in self._broken
        ]
        if broken:
            raise PlannedChangeDropped(rules.told(broken))
        after = snapshot(self._session, self._before)
        changes = [
            Change(cpts_id, action, self._before[cpts_id], after[cpts_id], reason)
            for cpts_id, (action, reason) in self._told.items()
            if after[cpts_id] != self._before[cpts_id]
        ]
        touch_cpts(
            self._session,
            [change.cpts_id for change in changes if change.before is not None],
        )
        record_changes(
            self._session,
            [change.only_differences() for change in changes],
            actor=self._actor,
            token_id=self._token_id,
        )
        return bool(changes)


def planned_of(
    session: ReadingSession, cpts_ids: Collection[int]
) -> dict[int, dict[str, list[PlannedChange]]]:
    """Give what is planned for the days to come, by CPTS and commune."""
    planned = repository.planned_after(session, cpts_ids, today())
    return {cpts_id: rules.by_commune(changes) for cpts_id, changes in planned.items()}


def unfulfilled(
    session: ReadingSession, cpts_ids: Collection[int] | None
) -> list[PlannedChange]:
    """List what letters have planned and the claims of these CPTS do not hold.

    Parameters: `cpts_ids`, None for all.
    """
    planned = repository.planned_after(session, cpts_ids, today())
    if not planned:
        return []
    held = repository.periods_from(session, planned, today())
    return [
        change
        for cpts_id, changes in planned.items()
        for change in rules.dropped(rules.by_commune(changes), held.get(cpts_id, {}))
    ]


def check_nothing_planned(session: ReadingSession, cpts_ids: Collection[int]) -> None:
    """Refuse to end CPTS, or to take them back, while letters have something planned for them.

    Raises:
        PlannedChangeDropped: a validated letter has.
    """
    planned = repository.planned_after(session, cpts_ids, today())
    if planned:
        raise PlannedChangeDropped(
            rules.told(change for changes in planned.values() for change in changes)
        )


def settle_territory(
    change: RegistryChange,
    session: WritingSession,
    cpts_id: int,
    periods: Mapping[str, Sequence[Period]],
    day: date,
    *,
    stage: str,
    supersede: Collection[int],
    authority: Supersession,
) -> None:
    """Make a CPTS hold communes in these periods from a day on; other communes stay.

    Parameters: `change`, which watches the CPTS already; `stage`, the CPTS's.

    Raises:
        Invalid: beyond the first stage it would be left without any commune.
        TerritoryOverlap: claims of others remain.
        Forbidden: a holder that would give way is another region's.
    """
    held = repository.periods_from(session, [cpts_id], day).get(cpts_id, {})
    rules.check_never_empty(stage, {**held, **periods}.values(), day)
    changed = {code: each for code, each in periods.items() if each != held.get(code, [])}
    clear_the_way(
        change,
        session,
        changed,
        day,
        stage=stage,
        supersede=supersede,
        authority=authority,
        own=cpts_id,
    )
    repository.put_periods(
        session, {(cpts_id, code): each for code, each in changed.items()}, day
    )
    repository.forget_fulfilled_refusals(session, [cpts_id])


def clear_the_way(
    change: RegistryChange,
    session: WritingSession,
    periods: Mapping[str, Sequence[Period]],
    day: date,
    *,
    stage: str,
    supersede: Collection[int],
    authority: Supersession,
    own: int | None = None,
) -> None:
    """End the claims that a write may supersede, and let `change` record it.

    Parameters: `periods`, by commune, in which it is to be held; `day`, the first of
    them; `stage`, of the writing CPTS; `supersede`, ids that the write names;
    `own`, the writing CPTS, whose claims do not count.

    Raises:
        TerritoryOverlap: other claims remain.
        Forbidden: a holder that would lose communes is another region's.
        Invalid: a superseded id that is no CPTS.
    """
    missing = set(supersede) - repository.existing_cpts(session, supersede)
    if missing:
        unknown = ", ".join(str(cpts_id) for cpts_id in sorted(missing))
        raise Invalid.at("body", "supersede", message=f"CPTS inconnue(s) : {unknown}.")
    found = repository.conflicts_in_periods(
        session,
        periods,
        stage_day=max(day, today()),
        excluded_cpts=[own] if own else [],
    )
    ended, standing = rules.split_superseded(found, stage=stage, superseded=supersede)
    if standing:
        raise TerritoryOverlap([conflict.public() for conflict in standing])
    holders = {conflict.cpts_id for conflict in ended}
    held = repository.periods_from(session, holders, day)
    for holder in sorted(holders):
        lost = [claim.commune_code for claim in ended if claim.cpts_id == holder]
        authority.may_supersede(
            cpts_id=holder,
            touched_regions=repository.regions_by_weight(session, lost, day),
            lead_region=repository.lead_region(session, held.get(holder, {}), day),
        )
    change.watch(holders, "superseded")
    repository.release_from(
        session, {(claim.cpts_id, claim.commune_code) for claim in ended}, day
    )


def plan(
    session: WritingSession,
    letter: int,
    changes: Mapping[int, Mapping[str, date]],
    *,
    adds: Collection[str],
) -> None:
    """Record what a validated letter changes on days to come; what is of today is no plan.

    Parameters: `changes`, by CPTS and commune the day; `adds`, the communes that are
    added, the others being withdrawn.
    """
    repository.put_planned(
        session,
        [
            PlannedChange(letter, cpts_id, commune, day, commune in adds)
            for cpts_id, communes in changes.items()
            for commune, day in communes.items()
            if day > today()
        ],
    )
