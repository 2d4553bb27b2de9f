"""Random lives of a registry: whatever clients ask for, its rules hold."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, text

from app.cpts.agreements import service as agreements
from app.cpts.errors import PlannedChangeDropped, TerritoryOverlap
from app.cpts.verification.service import verify
from app.cpts.writing import service
from app.cpts.writing.rules import Authority
from app.cpts.writing.schemas import CptsCreation, TerritoryWrite
from app.database.calendar import today
from app.database.sessions import session_scope, snapshot_scope
from app.problems import Invalid
from app.progress import SilentProgress
from tests.administration import administration
from tests.exploration import examples

# A few neighbours around Lille and one commune overseas are enough to collide.
COMMUNES = ["59350", "59378", "59410", "59507", "59009", "97611"]
STAGES = ["dynamique_identifiee", "lettre_intention_validee", "aci_signe"]
DAYS = st.integers(-900, 900).map(lambda days: today() + timedelta(days=days))
TERRITORIES = st.sets(st.sampled_from(COMMUNES), min_size=1, max_size=4)
FEW = st.sets(st.sampled_from(COMMUNES), max_size=2)
Periods = list[tuple[date, date]]


class Unlimited:
    """May do everything."""

    token_id: int | None = None
    name = "essai"

    def may_create(self, **_: Any) -> None: ...
    def may_describe(self, **_: Any) -> None: ...
    def may_amend(self, **_: Any) -> None: ...
    def may_supersede(self, **_: Any) -> None: ...
    def may_settle_the_past_or_supersede(self) -> None: ...


class RegistryLife(RuleBasedStateMachine):
    """Compares the registry with a plain model: who holds what on which day."""

    engine: Engine

    @initialize()
    def begin(self) -> None:
        with administration(self.engine) as connection:
            connection.execute(text("TRUNCATE cpts, cpts_stage, claim, planned_change CASCADE"))
        # CPTS → commune → the periods in which it is held, as (since, until).
        self.model: dict[int, dict[str, list[tuple[date, date]]]] = {}
        self.stages: dict[int, str] = {}
        self.starts: dict[int, date] = {}
        self.ended: set[int] = set()
        # (CPTS, commune) → what letters have planned, by day: held from then on or not.
        self.planned: dict[tuple[int, str], dict[date, bool]] = {}
        self.letters = 0
        self.authority: Authority = Unlimited()

    def _standing_in_the_way(self, periods: dict[str, Periods], *own: int) -> set[int]:
        return {
            cpts
            for cpts, held in self.model.items()
            if cpts not in own
            for commune, wanted in periods.items()
            for since, until in held.get(commune, [])
            if any(since < end and begin < until for begin, end in wanted)
        }

    def _from(self, cpts: int, day: date) -> dict[str, Periods]:
        return {
            commune: kept
            for commune, held in self.model.get(cpts, {}).items()
            if (kept := [(max(s, day), u) for s, u in _merged(held) if u > day])
        }

    def _as_planned(self, cpts: int, wanted: dict[str, bool], day: date) -> dict[str, Periods]:
        """Day by day: as wanted from this day on, until a letter's day says otherwise."""
        found = {}
        for commune, held in wanted.items():
            plan = self.planned.get((cpts, commune), {})
            days = [day, *sorted(each for each in plan if each > day), date.max]
            states = [held, *(plan[each] for each in days[1:-1])]
            found[commune] = _merged(
                [
                    (since, until)
                    for state, since, until in zip(states, days, days[1:], strict=False)
                    if state
                ]
            )
        return found

    def _contradicts(self, cpts: int, wanted: dict[str, bool], day: date) -> bool:
        """Whether what letters have planned by this day is not what is wanted from it on."""
        for commune, held in wanted.items():
            plan = self.planned.get((cpts, commune), {})
            reached = [each for each in plan if each <= day]
            if reached and plan[max(reached)] != held:
                return True
        return False

    def _runs_empty(self, cpts: int, periods: dict[str, Periods], day: date) -> bool:
        if self.stages[cpts] == STAGES[0]:
            return False
        after = {**self._from(cpts, day), **periods}
        whole = _merged([period for each in after.values() for period in each])
        return not whole or whole[0] != (day, date.max)

    def _put(self, cpts: int, periods: dict[str, Periods], day: date) -> None:
        held = self.model.setdefault(cpts, {})
        for commune, each in periods.items():
            kept = [(s, min(u, day)) for s, u in held.get(commune, []) if s < day]
            held[commune] = kept + each

    def _plan(self, cpts: int, changes: dict[str, bool], day: date) -> None:
        if day > today():
            for commune, held in changes.items():
                self.planned.setdefault((cpts, commune), {})[day] = held

    def _has_plans(self, cpts: int) -> bool:
        return any(key[0] == cpts for key in self.planned)

    def _chosen(self, choice: int, *, recognised: bool = False) -> int | None:
        living = sorted(
            cpts
            for cpts in self.model.keys() - self.ended
            if not recognised or self.stages[cpts] != STAGES[0]
        )
        return living[choice % len(living)] if living else None

    def _release(self, cpts: int, communes: set[str], day: date) -> None:
        held = self.model[cpts]
        for commune in communes:
            held[commune] = [(s, min(u, day)) for s, u in held.get(commune, []) if s < day]

    @rule(communes=TERRITORIES, stage=st.sampled_from(STAGES), day=DAYS, greedy=st.booleans())
    def create(self, communes: set[str], stage: str, day: date, greedy: bool) -> None:
        periods = {commune: [(day, date.max)] for commune in communes}
        others = self._standing_in_the_way(periods)
        superseded = sorted(others) if greedy else []
        allowed = not others or (
            greedy
            and stage != STAGES[0]
            and all(self.stages[other] == STAGES[0] for other in others)
        )
        creation = CptsCreation(
            name="CPTS d'essai",
            stage=stage,
            communes=sorted(communes),
            effective_on=day,
            supersede=superseded,
        )
        try:
            with session_scope(self.engine) as session:
                cpts = service.create_cpts(session, creation, self.authority).cpts_id
        except TerritoryOverlap as overlap:
            assert not allowed
            named = {conflict["cpts"]["id"] for conflict in overlap.extensions["conflicts"]}
            assert named <= others
            assert named
            return
        assert allowed
        for other in others:
            self._release(other, communes, day)
        self._put(cpts, periods, day)
        self.stages[cpts], self.starts[cpts] = stage, day

    def _change(
        self, cpts: int, wanted: dict[str, bool], day: date, act: Callable[..., Any]
    ) -> bool:
        """Change a territory, and tell whether it was; a refusal must have its reason."""
        periods = self._as_planned(cpts, wanted, day)
        held = self._from(cpts, day)
        changed = {code: each for code, each in periods.items() if each != held.get(code, [])}
        others = self._standing_in_the_way(changed, cpts)
        contradicts = self._contradicts(cpts, wanted, day)
        runs_empty = self._runs_empty(cpts, periods, day)
        try:
            with session_scope(self.engine) as session:
                act(session)
        except TerritoryOverlap:
            assert others
            return False
        except PlannedChangeDropped:
            assert contradicts
            return False
        except Invalid:
            assert runs_empty
            return False
        assert (others, contradicts, runs_empty) == (set(), False, False)
        self._put(cpts, periods, day)
        return True

    @rule(choice=st.integers(0, 50), communes=TERRITORIES, day=DAYS)
    def amend(self, choice: int, communes: set[str], day: date) -> None:
        cpts = self._chosen(choice)
        if cpts is None:
            return
        day = max(day, self.starts[cpts])
        write = TerritoryWrite(communes=sorted(communes), effective_on=day)
        self._change(
            cpts,
            {commune: commune in communes for commune in COMMUNES},
            day,
            lambda session: service.amend_territory(session, cpts, write, self.authority),
        )

    @rule(choice=st.integers(0, 50), add=FEW, withdraw=FEW, day=DAYS)
    def amend_by_letter(
        self, choice: int, add: set[str], withdraw: set[str], day: date
    ) -> None:
        cpts = self._chosen(choice, recognised=True)
        if cpts is None:
            return
        day = max(day, self.starts[cpts])
        wanted = dict.fromkeys(withdraw, False) | dict.fromkeys(add, True)
        self.letters += 1
        done = self._change(
            cpts,
            wanted,
            day,
            lambda session: agreements.amend_by_letter(
                session,
                cpts,
                add=add,
                withdraw=withdraw - add,
                supersede=[],
                effective_on=day,
                letter=self.letters,
                authority=self.authority,
            ),
        )
        if done:
            self._plan(cpts, wanted, day)

    @rule(choice=st.integers(0, 50), other=st.integers(0, 50), day=DAYS)
    def merge(self, choice: int, other: int, day: date) -> None:
        one = self._chosen(choice, recognised=True)
        two = self._chosen(other, recognised=True)
        if one is None or two is None or one == two:
            return
        day = max(day, self.starts[one], self.starts[two])
        ours, theirs = self._from(one, day), self._from(two, day)
        merged = {
            code: _merged([*ours.get(code, []), *theirs.get(code, [])])
            for code in {*ours, *theirs}
        }
        self.letters += 1
        try:
            with session_scope(self.engine) as session:
                agreements.merge_cpts(
                    session,
                    one,
                    [two],
                    effective_on=day,
                    letter=self.letters,
                    authority=self.authority,
                )
        except PlannedChangeDropped:
            # Of one that ends, or of one whose communes the other was to give up by then.
            assert self._has_plans(two) or self._has_plans(one)
            return
        assert not self._has_plans(two)
        self._put(one, merged, day)
        self._put(two, {code: [] for code in theirs}, day)
        self.ended.add(two)
        for code, periods in theirs.items():
            if periods[-1][1] == date.max:
                self._plan(one, {code: True}, periods[0][0])
            self._plan(two, {code: False}, day)

    @rule(choice=st.integers(0, 50))
    def end(self, choice: int) -> None:
        cpts = self._chosen(choice)
        if cpts is None:
            return
        try:
            with session_scope(self.engine) as session:
                service.end_cpts(session, cpts, self.authority, "essai")
        except PlannedChangeDropped:
            assert self._has_plans(cpts)
            return
        assert not self._has_plans(cpts)
        self._release(cpts, set(COMMUNES), max(today(), self.starts[cpts]))
        self.ended.add(cpts)

    @invariant()
    def the_registry_is_what_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        wanted = {
            (cpts, commune, since, until)
            for cpts, held in self.model.items()
            for commune, periods in held.items()
            for since, until in _merged(periods)
        }
        with self.engine.connect() as connection:
            rows = connection.execute(
                text(
                    "SELECT cpts_id, commune_code, lower(held) AS since, upper(held) AS until"
                    " FROM claim"
                )
            )
            found = {
                (row.cpts_id, row.commune_code, row.since, row.until or date.max)
                for row in rows
            }
        assert found == wanted

    @invariant()
    def what_letters_have_planned_is_what_the_registry_shows(self) -> None:
        if not hasattr(self, "model"):
            return
        wanted = {
            (*key, day, held)
            for key, plan in self.planned.items()
            for day, held in plan.items()
        }
        with self.engine.connect() as connection:
            rows = connection.execute(
                text(
                    "SELECT cpts_id, commune_code, effective_on, change FROM planned_change"
                    " ORDER BY letter_id"
                )
            )
            last = {
                (r.cpts_id, r.commune_code, r.effective_on): r.change == "add" for r in rows
            }
        assert {(*key, adds) for key, adds in last.items()} == wanted

    @invariant()
    def a_commune_is_held_once_a_day_and_everything_derived_is_true(self) -> None:
        with snapshot_scope(self.engine) as session:
            assert verify(session, SilentProgress()) == []


def _merged(periods: list[tuple[date, date]]) -> list[tuple[date, date]]:
    merged: list[tuple[date, date]] = []
    for since, until in sorted(periods):
        if merged and merged[-1][1] >= since:
            merged[-1] = (merged[-1][0], max(until, merged[-1][1]))
        else:
            merged.append((since, until))
    return merged


@pytest.mark.parametrize("life", [RegistryLife])
def test_whatever_is_asked_no_commune_is_held_twice_and_nothing_derived_drifts(
    engine: Engine, life: type[RegistryLife]
) -> None:
    life.engine = engine
    run_state_machine_as_test(
        life,
        settings=settings(
            max_examples=examples(8, many=200),
            stateful_step_count=10,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
