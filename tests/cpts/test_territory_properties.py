"""Random lives of a registry: whatever clients ask for, its rules hold."""

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

from app.cpts.errors import TerritoryOverlap
from app.cpts.verification.service import verify
from app.cpts.writing import service
from app.cpts.writing.rules import Authority
from app.cpts.writing.schemas import CptsCreation, TerritoryWrite
from app.database.calendar import today
from app.database.sessions import session_scope, snapshot_scope
from app.progress import SilentProgress
from tests.administration import administration

# A few neighbours around Lille and one commune overseas are enough to collide.
COMMUNES = ["59350", "59378", "59410", "59507", "59009", "97611"]
STAGES = ["dynamique_identifiee", "lettre_intention_validee", "aci_signe"]
DAYS = st.integers(-900, 900).map(lambda days: today() + timedelta(days=days))
TERRITORIES = st.sets(st.sampled_from(COMMUNES), min_size=1, max_size=4)


class Unlimited:
    """May do everything."""

    token_id: int | None = None
    name = "essai"

    def may_create(self, **_: Any) -> None: ...
    def may_describe(self, **_: Any) -> None: ...
    def may_amend(self, **_: Any) -> None: ...
    def may_settle_the_past_or_supersede(self) -> None: ...


class RegistryLife(RuleBasedStateMachine):
    """Compares the registry with a plain model: who holds what on which day."""

    engine: Engine

    @initialize()
    def begin(self) -> None:
        with administration(self.engine) as connection:
            connection.execute(text("TRUNCATE cpts, cpts_stage, claim CASCADE"))
        # CPTS → commune → the periods in which it is held, as (since, until).
        self.model: dict[int, dict[str, list[tuple[date, date]]]] = {}
        self.stages: dict[int, str] = {}
        self.starts: dict[int, date] = {}
        self.ended: set[int] = set()
        self.authority: Authority = Unlimited()

    def _standing_in_the_way(self, communes: set[str], day: date, own: int | None) -> set[int]:
        return {
            cpts
            for cpts, held in self.model.items()
            if cpts != own
            for commune in communes
            for _, until in held.get(commune, [])
            if until > day
        }

    def _hold(self, cpts: int, communes: set[str], day: date) -> None:
        held = self.model.setdefault(cpts, {})
        for commune in COMMUNES:
            kept = [(s, min(u, day)) for s, u in held.get(commune, []) if s < day]
            if commune in communes:
                kept.append((day, date.max))
            held[commune] = kept

    def _release(self, cpts: int, communes: set[str], day: date) -> None:
        held = self.model[cpts]
        for commune in communes:
            held[commune] = [(s, min(u, day)) for s, u in held.get(commune, []) if s < day]

    @rule(communes=TERRITORIES, stage=st.sampled_from(STAGES), day=DAYS, greedy=st.booleans())
    def create(self, communes: set[str], stage: str, day: date, greedy: bool) -> None:
        others = self._standing_in_the_way(communes, day, None)
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
        self._hold(cpts, communes, day)
        self.stages[cpts], self.starts[cpts] = stage, day

    @rule(choice=st.integers(0, 50), communes=TERRITORIES, day=DAYS)
    def amend(self, choice: int, communes: set[str], day: date) -> None:
        living = sorted(self.model.keys() - self.ended)
        if not living:
            return
        cpts = living[choice % len(living)]
        day = max(day, self.starts[cpts])
        others = self._standing_in_the_way(communes, day, cpts)
        write = TerritoryWrite(communes=sorted(communes), effective_on=day)
        try:
            with session_scope(self.engine) as session:
                service.amend_territory(session, cpts, write, self.authority)
        except TerritoryOverlap:
            assert others
            return
        assert not others
        self._hold(cpts, communes, day)

    @rule(choice=st.integers(0, 50))
    def end(self, choice: int) -> None:
        living = sorted(self.model.keys() - self.ended)
        if not living:
            return
        cpts = living[choice % len(living)]
        with session_scope(self.engine) as session:
            service.end_cpts(session, cpts, self.authority, "essai")
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
            max_examples=40,
            stateful_step_count=10,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
