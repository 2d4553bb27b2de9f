"""Random lives of letters: whatever agents do, in whatever order, the registry's rules hold."""

import os
from collections import defaultdict
from datetime import date, timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, text

from app.cpts.history.repository import snapshot
from app.cpts.verification.service import verify
from app.cpts.writing import service as registry
from app.cpts.writing.schemas import CptsCreation, CptsPatch, TerritoryWrite
from app.database.calendar import today
from app.database.sessions import WritingSession, session_scope, snapshot_scope
from app.letters.conciliations import closure
from app.letters.conciliations.schemas import Closure
from app.letters.decisions import service as decisions
from app.letters.record import schemas, service
from app.letters.record.rules import DecisionAuthority
from app.problems import Problem
from app.progress import SilentProgress
from tests.administration import administration
from tests.exploration import examples

# Neighbours around Lille and a commune overseas, whose population is of another census.
COMMUNES = ["59350", "59378", "59410", "59507", "59009", "59368", "59386", "59527", "97611"]
COMMUNES += ["59017", "59220", "59163", "59346", "59560", "59256"]
TERRITORIES = st.sets(st.sampled_from(COMMUNES), min_size=1, max_size=3).map(sorted)
CHOICE = st.integers(0, 30)
KINDS = ("creation", "amendment", "merger")
WAIT = st.integers(0, 400)
REFUSALS = {
    "invalid",
    "territory-overlap",
    "letter-closed",
    "conciliation-open",
    "conciliation-closed",
    "conciliation-unsettled",
    "planned-change",
    "stage-regression",
}
FIRST_DAY = date(2026, 3, 2)
# After how many steps everything derived is computed again.
EACH_DERIVED = examples(5, many=1)


class Administrator:
    """May do everything, under no token."""

    token_id: Any = None
    role = "admin"
    region: str | None = None
    cpts_id: int | None = None
    name = "essai"

    def reach(self, permission: Any) -> str:
        del permission
        return "everywhere"


class LetterLives(RuleBasedStateMachine):
    """Acts through the services, and compares the database with plain rules after each step."""

    engine: Engine
    reached: dict[str, int]
    steps = 0

    @initialize()
    def begin(self) -> None:
        with administration(self.engine) as connection:
            connection.execute(
                text(
                    "TRUNCATE cpts, cpts_stage, claim, planned_change, letter, conciliation"
                    " CASCADE"
                )
            )
        os.environ["CPTS_TODAY"] = FIRST_DAY.isoformat()
        self.agent = Administrator()
        # What validated letters promise: on this day, this CPTS holds this commune or not.
        self.promises: set[tuple[date, int, str, bool]] = set()
        # Two recognised CPTS and a dynamic; the rest is free.
        self.register([COMMUNES[0]], "aci_signe")
        self.register([COMMUNES[1], COMMUNES[2]], "aci_signe")
        self.register([COMMUNES[3], COMMUNES[8]], "dynamique_identifiee")

    def _ids(self, question: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(question)).scalars())

    def _chosen(self, choice: int, question: str) -> int | None:
        found = self._ids(question)
        return found[choice % len(found)] if found else None

    def _try(self, name: str, act: Any) -> None:
        """Act in one transaction; a refusal leaves everything as it was."""
        before = self._everything()
        try:
            with session_scope(self.engine) as session:
                act(session)
        except Problem as problem:
            refused: str | None = problem.code
        else:
            refused = None
        if refused is not None:
            assert refused in REFUSALS
            assert self._everything() == before
        self.reached[f"{name} refused: {refused}" if refused else name] += 1

    def _everything(self) -> list[Any]:
        with self.engine.connect() as connection:
            return [
                connection.execute(text(f"SELECT t::text FROM {table} t ORDER BY 1")).all()
                for table in (
                    "claim",
                    "cpts_stage",
                    "planned_change",
                    "letter",
                    "letter_commune",
                    "letter_position",
                    "letter_event",
                    "conciliation",
                    "conciliation_letter",
                )
            ]

    def _deposit(self, **asked: Any) -> None:
        deposit = schemas.LetterDeposit(name="Projet d'essai", **asked)
        self._try(
            f"deposit {deposit.kind}",
            lambda session: service.deposit(session, deposit, self.agent),
        )

    @rule(
        communes=st.sampled_from(COMMUNES).map(lambda commune: [commune]),
        stage=st.sampled_from(["dynamique_identifiee", "aci_signe"]),
    )
    def register(self, communes: list[str], stage: str) -> None:
        creation = CptsCreation(name="CPTS d'essai", stage=stage, communes=communes)
        authority = DecisionAuthority(None, "essai")
        self._try(
            "register", lambda session: registry.create_cpts(session, creation, authority)
        )

    @rule(communes=TERRITORIES, wait=WAIT)
    def deposit_creation(self, communes: list[str], wait: int) -> None:
        self._deposit(communes=communes, effective_on=today() + timedelta(days=wait))

    @rule(communes=TERRITORIES, choice=CHOICE)
    def deposit_for_a_dynamic(self, communes: list[str], choice: int) -> None:
        cpts = self._chosen(
            choice,
            "SELECT id FROM cpts p WHERE ended_on IS NULL AND NOT EXISTS ("
            "SELECT FROM cpts_stage s WHERE s.cpts_id = p.id"
            " AND s.stage_slug <> 'dynamique_identifiee') ORDER BY id",
        )
        if cpts is not None:
            self._deposit(communes=communes, cpts=cpts)

    @rule(communes=TERRITORIES, choice=CHOICE, wait=WAIT, grows=st.booleans())
    def deposit_amendment(
        self, communes: list[str], choice: int, wait: int, grows: bool
    ) -> None:
        cpts = self._chosen(choice, "SELECT id FROM cpts ORDER BY id")
        if cpts is not None:
            own = self._ids(f"SELECT DISTINCT commune_code FROM claim WHERE cpts_id = {cpts}")
            self._deposit(
                kind="amendment",
                cpts=cpts,
                communes=sorted({*communes, *own}) if grows else communes,
                effective_on=today() + timedelta(days=wait),
            )

    @rule(choice=CHOICE, other=CHOICE, wait=WAIT)
    def deposit_merger(self, choice: int, other: int, wait: int) -> None:
        absorbing = self._chosen(choice, "SELECT id FROM cpts ORDER BY id")
        absorbed = self._chosen(
            other, f"SELECT id FROM cpts WHERE id <> {absorbing or 0} ORDER BY id"
        )
        if absorbing is not None and absorbed is not None:
            self._deposit(
                kind="merger",
                cpts=absorbing,
                merged_cpts=[absorbed],
                effective_on=today() + timedelta(days=wait),
            )

    @rule(choice=CHOICE, said=st.sampled_from(["favorable"] * 5 + ["defavorable"]))
    def decide_any(self, choice: int, said: str) -> None:
        letter = self._chosen(choice, "SELECT id FROM letter ORDER BY id")
        if letter is not None:
            self._decide(letter, said)

    @rule(kind=st.sampled_from(KINDS), communes=TERRITORIES, choice=CHOICE, other=CHOICE)
    def deposit_and_decide(
        self, kind: str, communes: list[str], choice: int, other: int
    ) -> None:
        before = self._ids("SELECT id FROM letter")
        held = self._ids("SELECT DISTINCT commune_code FROM claim WHERE upper_inf(held)")
        free = sorted({*communes} - {*held})
        if kind == "creation":
            self._deposit(communes=free or communes)
        else:
            recognised = self._ids(
                "SELECT DISTINCT p.id FROM cpts p JOIN cpts_stage s ON s.cpts_id = p.id"
                " WHERE p.ended_on IS NULL AND s.stage_slug <> 'dynamique_identifiee'"
                " ORDER BY 1"
            )
            if len(recognised) < 2:
                return
            one = recognised.pop(choice % len(recognised))
            if kind == "amendment":
                own = self._ids(
                    f"SELECT DISTINCT commune_code FROM claim WHERE cpts_id = {one}"
                )
                self._deposit(kind=kind, cpts=one, communes=sorted({*free, *own}))
            else:
                absorbed = recognised[other % len(recognised)]
                self._deposit(kind=kind, cpts=one, merged_cpts=[absorbed])
        for letter in set(self._ids("SELECT id FROM letter")) - set(before):
            self._decide(letter, "favorable")

    @rule(choice=CHOICE)
    def decide_a_pending_one(self, choice: int) -> None:
        letter = self._chosen(
            choice, "SELECT id FROM letter WHERE closed_on IS NULL ORDER BY id"
        )
        if letter is not None:
            self._decide(letter, "favorable")

    def _holdings(self) -> set[tuple[int, str]]:
        with self.engine.connect() as connection:
            rows = connection.execute(text("SELECT DISTINCT cpts_id, commune_code FROM claim"))
            return {(row.cpts_id, row.commune_code) for row in rows}

    def _promised(self, letter: int) -> None:
        """Take down what a letter just validated is to make of the registry on its day."""
        with self.engine.connect() as connection:
            told = connection.execute(
                text(
                    "SELECT kind, in_effect_from, resulting_cpts_id FROM letter WHERE id = :id"
                ),
                {"id": letter},
            ).one()
            parts = connection.execute(
                text("SELECT commune_code, part FROM letter_commune WHERE letter_id = :id"),
                {"id": letter},
            ).all()
        if told.in_effect_from <= today():
            return
        for code, part in parts:
            if part != "kept":
                promise = (told.in_effect_from, told.resulting_cpts_id, code, part == "asked")
                self.promises.add(promise)
        for cpts in self._ids(
            f"SELECT cpts_id FROM letter_absorbed_cpts WHERE letter_id = {letter}"
        ):
            own = {code for holder, code in self._holdings() if holder == cpts}
            for code in own & {code for code, _ in parts}:
                self.promises.add((told.in_effect_from, cpts, code, False))

    @rule(
        choice=CHOICE,
        communes=TERRITORIES,
        wait=st.sampled_from([0, 0, 40, 400]),
        keeps=st.booleans(),
    )
    def put_territory(self, choice: int, communes: list[str], wait: int, keeps: bool) -> None:
        cpts = self._chosen(choice, "SELECT id FROM cpts WHERE ended_on IS NULL ORDER BY id")
        if cpts is None:
            return
        own = self._ids(
            f"SELECT commune_code FROM claim WHERE cpts_id = {cpts}"
            f" AND held @> DATE '{today().isoformat()}'"
        )
        write = TerritoryWrite(
            communes=sorted({*communes, *own}) if keeps else communes,
            effective_on=today() + timedelta(days=wait) if wait else None,
        )
        authority = DecisionAuthority(None, "essai")
        self._try(
            "put territory",
            lambda session: registry.amend_territory(session, cpts, write, authority),
        )

    @rule(choice=CHOICE)
    def end(self, choice: int) -> None:
        cpts = self._chosen(choice, "SELECT id FROM cpts ORDER BY id")
        # Seldom, or too few are left to amend and to merge.
        if cpts is not None and choice % 4 == 3:
            authority = DecisionAuthority(None, "essai")
            self._try(
                "end", lambda session: registry.end_cpts(session, cpts, authority, "essai")
            )

    @rule(
        choice=CHOICE,
        stage=st.sampled_from(["dynamique_identifiee", "association_creee", "aci_signe", None]),
        days=st.sampled_from([None, 0, 1, 300]),
    )
    def correct_stage(self, choice: int, stage: str | None, days: int | None) -> None:
        cpts = self._chosen(choice, "SELECT id FROM cpts ORDER BY id")
        if cpts is None or (stage is None and days is None):
            return
        given: dict[str, Any] = {"reason": "essai"}
        if stage is not None:
            given["stage"] = stage
        if days is not None:
            given["stage_since"] = today() - timedelta(days=days)
        patch = CptsPatch(**given)
        authority = DecisionAuthority(None, "essai")
        self._try(
            "stage",
            lambda session: registry.update_cpts(
                session, cpts, patch, authority, may_correct_stage=True
            ),
        )

    @invariant()
    def what_letters_promise_is_still_planned_until_its_day(self) -> None:
        if not hasattr(self, "promises"):
            return
        self.promises = {each for each in self.promises if each[0] > today()}
        with self.engine.connect() as connection:
            for day, cpts, code, held in self.promises:
                found = connection.execute(
                    text(
                        "SELECT count(*) FROM claim WHERE cpts_id = :cpts"
                        " AND commune_code = :code AND held @> CAST(:day AS date)"
                    ),
                    {"cpts": cpts, "code": code, "day": day},
                ).scalar_one()
                assert bool(found) == held, (day, cpts, code, held)

    @invariant()
    def no_commune_is_held_at_no_stage(self) -> None:
        with self.engine.connect() as connection:
            stageless = connection.execute(
                text(
                    "SELECT c.cpts_id FROM claim c WHERE NOT EXISTS (SELECT FROM cpts_stage s"
                    " WHERE s.cpts_id = c.cpts_id AND s.since <= lower(c.held))"
                )
            ).all()
        assert stageless == []

    def _decide(self, letter: int, said: str) -> None:
        before = self._ids(f"SELECT state FROM letter WHERE id = {letter}")
        for authority in ("ars", "assurance_maladie"):
            decision = schemas.Decision(decision=said, authority=authority)
            self._try(
                f"decide {said}",
                lambda session, decision=decision: decisions.decide(
                    session, letter, decision, self.agent
                ),
            )
        for kind in self._ids(
            f"SELECT kind FROM letter WHERE id = {letter} AND state = 'validee'"
        ):
            self.reached[f"validated {kind}"] += 1
            if before != ["validee"]:
                self._promised(letter)

    @rule(choice=CHOICE)
    def withdraw(self, choice: int) -> None:
        letter = self._chosen(choice, "SELECT id FROM letter ORDER BY id")
        if letter is not None:
            self._try(
                "withdraw",
                lambda session: service.withdraw(
                    session, letter, schemas.Withdrawal(), self.agent
                ),
            )

    @rule(choice=CHOICE, communes=TERRITORIES)
    def change_territory(self, choice: int, communes: list[str]) -> None:
        letter = self._chosen(choice, "SELECT id FROM letter ORDER BY id")
        if letter is not None:
            asked = schemas.LetterTerritory(communes=communes)
            self._try(
                "territory",
                lambda session: service.change_territory(session, letter, asked, self.agent),
            )

    @rule(choice=CHOICE, party=CHOICE, communes=TERRITORIES)
    def close_conciliation(self, choice: int, party: int, communes: list[str]) -> None:
        conciliation = self._chosen(
            choice, "SELECT id FROM conciliation WHERE closed_on IS NULL ORDER BY id"
        )
        if conciliation is None:
            return
        parties = "conciliation_letter y JOIN letter l ON l.id = y.letter_id"
        letters = self._ids(
            f"SELECT y.letter_id FROM {parties} WHERE y.conciliation_id = {conciliation}"
            " AND l.state = 'en_conciliation' ORDER BY 1"
        )
        cpts = self._ids(
            f"SELECT cpts_id FROM conciliation_cpts WHERE conciliation_id = {conciliation}"
        )
        one = letters[party % len(letters)]
        ends: list[dict[str, Any]] = [
            {"outcome": "projets_reunis", "retained_letter": one},
            {
                "outcome": "retrait",
                "withdrawn_letters": [each for each in letters if each != one],
            },
            {
                "outcome": "territoire_partage",
                "territories": [{"letter": one, "communes": communes}],
            },
        ]
        if cpts:
            ends.append({"outcome": "retrait", "superseded_cpts": cpts})
        end = Closure(**ends[choice % len(ends)])

        def act(session: WritingSession) -> None:
            closure.close(session, conciliation, end, self.agent)

        self._try(f"close {end.outcome}", act)

    @rule(days=st.sampled_from([1, 30, 366]))
    def days_pass(self, days: int) -> None:
        os.environ["CPTS_TODAY"] = (today() + timedelta(days=days)).isoformat()

    @invariant()
    def a_commune_is_held_once_a_day_and_everything_derived_is_true(self) -> None:
        # A third of a life's time: what is derived wrongly stays so, and is seen later.
        if self.steps % EACH_DERIVED == 0:
            self._assert_derived()
        self.steps += 1

    def teardown(self) -> None:
        """Look at what is derived once more, whatever the last step was."""
        self._assert_derived()

    def _assert_derived(self) -> None:
        with snapshot_scope(self.engine) as session:
            assert verify(session, SilentProgress()) == []

    @invariant()
    def population_is_conserved(self) -> None:
        if "CPTS_TODAY" not in os.environ:
            return
        with self.engine.connect() as connection:
            for days in (0, 1, 200, 500):
                parameters = {"day": today() + timedelta(days=days), "communes": COMMUNES}
                told = connection.execute(_POPULATIONS, parameters).one()
                assert told.held + told.free == told.everybody

    @invariant()
    def the_history_can_be_replayed_to_the_present(self) -> None:
        with session_scope(self.engine) as session:
            changes = session.execute(
                text("SELECT cpts_id, before, after FROM cpts_change ORDER BY id")
            ).all()
            replayed: dict[int, dict[str, Any]] = defaultdict(dict)
            for cpts_id, before, after in changes:
                state = replayed[cpts_id]
                if before is not None:
                    assert before == {key: state[key] for key in before}
                state.update(after)
            assert dict(replayed) == snapshot(session, list(replayed))
            everybody = session.execute(text("SELECT id FROM cpts")).scalars()
            assert set(everybody) == replayed.keys()

    @invariant()
    def letters_that_ask_for_the_same_commune_are_in_one_open_conciliation(self) -> None:
        with self.engine.connect() as connection:
            asked = defaultdict(set)
            states = {}
            for row in connection.execute(_PENDING):
                states[row.id] = row.state
                if row.commune_code is not None:
                    asked[row.id].add(row.commune_code)
            meeting = {
                row.letter_id: row.conciliation_id for row in connection.execute(_OPEN_PARTIES)
            }
        for one, other in combinations(sorted(asked), 2):
            if asked[one] & asked[other]:
                assert states[one] == states[other] == "en_conciliation"
                assert meeting[one] == meeting[other]
        assert {each for each, state in states.items() if state == "en_conciliation"} == {
            letter for letter in meeting if letter in states
        }

    @invariant()
    def a_timeline_ends_in_the_state_of_its_letter(self) -> None:
        with self.engine.connect() as connection:
            astray = connection.execute(
                text(
                    "SELECT l.id FROM letter l WHERE l.state <> (SELECT e.state"
                    " FROM letter_event e WHERE e.letter_id = l.id ORDER BY e.id DESC LIMIT 1)"
                )
            ).all()
        assert astray == []


_POPULATIONS = text("""
    SELECT (SELECT coalesce(sum(population), 0) FROM cpts_territory
            WHERE held @> CAST(:day AS date)) AS held,
           coalesce(sum(n.population) FILTER (WHERE NOT EXISTS (
               SELECT FROM claim c WHERE c.commune_code = m.code
               AND c.held @> CAST(:day AS date))), 0) AS free,
           sum(n.population) AS everybody
    FROM commune m CROSS JOIN LATERAL commune_population_on(m.code, CAST(:day AS date)) n
    WHERE m.code = ANY (:communes)
""")

_PENDING = text("""
    SELECT l.id, l.state, c.commune_code FROM letter l
    LEFT JOIN letter_commune c ON c.letter_id = l.id AND c.part = 'asked'
    WHERE l.state IN ('deposee', 'en_conciliation')
""")

_OPEN_PARTIES = text("""
    SELECT y.letter_id, y.conciliation_id
    FROM conciliation_letter y JOIN conciliation n ON n.id = y.conciliation_id
    WHERE n.closed_on IS NULL
""")


def test_whatever_agents_do_no_commune_is_held_twice_and_history_tells_it_all(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPTS_TODAY", FIRST_DAY.isoformat())
    LetterLives.engine = engine
    LetterLives.reached = defaultdict(int)
    wanted = {f"validated {kind}" for kind in KINDS}
    # The lives are of use only if they go through the whole procedure: a draw that does not is
    # followed by others.
    for _ in range(4):
        run_state_machine_as_test(
            LetterLives,
            settings=settings(
                max_examples=examples(25, many=200),
                stateful_step_count=20,
                deadline=None,
                # A life that breaks a rule tells enough as it is; making it shorter takes
                # minutes.
                phases=[Phase.explicit, Phase.reuse, Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
        if wanted <= LetterLives.reached.keys():
            break
    assert wanted <= LetterLives.reached.keys(), dict(LetterLives.reached)
