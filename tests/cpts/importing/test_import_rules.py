"""Who enters the registry, and with what: the rule alone, in milliseconds."""

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.cpts.importing.rules import (
    Candidate,
    OnConflict,
    StageStep,
    Standing,
    decide,
    stage_step,
)
from app.cpts.writing.rules import StageRecord

REFUSE, WITHOUT = OnConflict.REFUSE, OnConflict.WITHOUT_COMMUNE
LABELS = {"dynamique_identifiee": "Dynamique", "lettre_intention_validee": "Lettre",
          "aci_signe": "ACI signé"}  # fmt: skip


def asks(position: int, communes: str, existing: int | None = None, **more: Any) -> Candidate:
    return Candidate(
        position, f"CPTS {position}", "aci_signe", communes.split(), existing, **more
    )


def holds(cpts_id: int, communes: str) -> list[Standing]:
    return [Standing(code, cpts_id, f"id {cpts_id}", "aci_signe") for code in communes.split()]


def test_the_first_cpts_of_the_file_to_name_a_commune_holds_it() -> None:
    decision = decide([asks(0, "A B"), asks(1, "B C")], [], REFUSE)
    assert decision.granted == {0: ["A", "B"]}
    assert decision.contested[1]["B"].name == "CPTS 0"
    assert set(decision.contested[1]) == {"B"}


def test_without_the_commune_the_second_enters_with_what_remains() -> None:
    decision = decide([asks(0, "A B"), asks(1, "B C")], [], WITHOUT)
    assert decision.granted == {0: ["A", "B"], 1: ["C"]}
    assert set(decision.contested[1]) == {"B"}


def test_a_cpts_left_without_any_commune_stays_out() -> None:
    decision = decide([asks(0, "A"), asks(1, "A")], [], WITHOUT)
    assert decision.granted == {0: ["A"]}


def test_a_holder_outside_the_file_keeps_out_as_well() -> None:
    decision = decide([asks(0, "A B")], holds(7, "A"), REFUSE)
    assert decision.granted == {}
    assert decision.contested[0]["A"].name == "id 7"


def test_a_cpts_is_never_in_its_own_way() -> None:
    assert decide([asks(0, "A B", existing=7)], holds(7, "A"), REFUSE).granted == {
        0: ["A", "B"]
    }


def test_two_cpts_of_the_file_may_exchange_communes() -> None:
    standing = holds(7, "A") + holds(8, "B")
    decision = decide([asks(0, "B", existing=7), asks(1, "A", existing=8)], standing, REFUSE)
    assert decision.granted == {0: ["B"], 1: ["A"]}
    assert decision.contested == {}


def test_a_faulty_cpts_keeps_what_it_holds_and_so_keeps_others_out() -> None:
    standing = holds(8, "B")
    candidates = [asks(0, "A B"), asks(1, "C", existing=8, is_faulty=True)]
    decision = decide(candidates, standing, REFUSE)
    assert decision.granted == {}
    assert decision.contested[0]["B"].name == "id 8"


def test_a_refused_cpts_stays_as_it_is_and_so_refuses_those_that_counted_on_it() -> None:
    # 1 would give B to 0, but 1 is refused because 9 holds C.
    standing = holds(8, "B") + holds(9, "C")
    decision = decide([asks(0, "A B"), asks(1, "C", existing=8)], standing, REFUSE)
    assert decision.granted == {}


def test_what_a_refused_newcomer_asked_for_stays_free() -> None:
    # 0 is refused because of 9; nobody holds A, which 1 asks for too.
    decision = decide([asks(0, "A C"), asks(1, "A")], holds(9, "C"), REFUSE)
    assert decision.granted == {1: ["A"]}


def test_a_cpts_refused_by_one_that_is_itself_refused_enters_after_all() -> None:
    # 1 holds D in the registry and loses A to 0, until 0 is found to count on 2, refused.
    standing = holds(5, "D") + holds(6, "B") + holds(9, "C")
    candidates = [asks(0, "A B"), asks(1, "A", existing=5), asks(2, "C", existing=6)]
    decision = decide(candidates, standing, REFUSE)
    assert decision.granted == {1: ["A"]}


codes = st.lists(st.sampled_from("ABCDEF"), unique=True, min_size=1, max_size=4)


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Candidate], list[Standing]]:
    count = draw(st.integers(1, 5))
    owners = draw(st.dictionaries(st.sampled_from("ABCDEF"), st.integers(1, 6)))
    candidates = [
        Candidate(
            position,
            f"CPTS {position}",
            "aci_signe",
            draw(codes),
            position + 1 if draw(st.booleans()) else None,
            is_faulty=draw(st.integers(0, 4)) == 0,
        )
        for position in range(count)
    ]
    return candidates, [Standing(c, o, f"id {o}", "aci_signe") for c, o in owners.items()]


@settings(max_examples=400, deadline=None)
@given(situations(), st.sampled_from(OnConflict))
def test_whatever_is_asked_no_commune_ends_up_held_twice(
    situation: tuple[list[Candidate], list[Standing]], policy: OnConflict
) -> None:
    candidates, standing = situation
    decision = decide(candidates, standing, policy)
    entered = {c.existing for c in candidates if c.position in decision.granted}
    held = [claim.commune for claim in standing if claim.cpts_id not in entered]
    held += [code for communes in decision.granted.values() for code in communes]
    assert len(held) == len(set(held))
    for candidate in candidates:
        contested = set(decision.contested.get(candidate.position, {}))
        granted = decision.granted.get(candidate.position)
        if granted is not None:
            assert not candidate.is_faulty
            assert set(granted) == set(candidate.communes) - contested
            assert granted
            assert policy is WITHOUT or not contested
        elif not candidate.is_faulty:
            # Whoever stays out without a fault of its own has somebody in its way.
            assert contested
            assert policy is REFUSE or contested == set(candidate.communes)


AS_OF = date(2026, 6, 1)


def step(
    timeline: list[StageRecord], stage: str, since: date | None, as_of: date = AS_OF
) -> StageStep:
    return stage_step(timeline, LABELS, stage=stage, since=since, as_of=as_of)


def letter(since: date | None, recorded_on: date = date(2025, 2, 1)) -> StageRecord:
    return StageRecord("lettre_intention_validee", since, recorded_on)


def test_a_later_stage_is_recorded_and_an_earlier_one_is_not() -> None:
    day, timeline = date(2026, 3, 1), [letter(date(2025, 1, 1))]
    later = step(timeline, "aci_signe", day)
    assert later.record == StageRecord("aci_signe", day, AS_OF)
    earlier = step(timeline, "dynamique_identifiee", day)
    assert earlier.record is None
    assert "antérieur" in earlier.note
    assert step(timeline, "lettre_intention_validee", day) == StageStep(None)


def test_whoever_holds_a_commune_after_a_planned_withdrawal_is_not_in_the_way() -> None:
    day = date(2026, 9, 1)
    own = Standing("a", 1, "id 1", "aci_signe", held_until=day)
    after = Standing("a", 2, "id 2", "aci_signe", held_from=day)
    planned = asks(0, "a", existing=1, until={"a": day})
    assert decide([planned], [own, after], REFUSE).granted == {0: ["a"]}
    for candidate in (
        asks(0, "a", existing=1),
        asks(0, "a", existing=1, until={"b": day}),
        asks(0, "a", existing=1, until={"a": date(2026, 9, 2)}),
    ):
        assert decide([candidate], [own, after], REFUSE).granted == {}


def test_a_stage_that_nobody_dated_has_no_date() -> None:
    assert step([], "aci_signe", None).record == StageRecord("aci_signe", None, AS_OF)
    advanced = step([letter(date(2025, 1, 1))], "aci_signe", None)
    assert advanced.record == StageRecord("aci_signe", None, AS_OF)
    assert "date inconnue" in advanced.note


def test_a_date_before_that_of_the_stage_before_is_told_and_none_made_up() -> None:
    done = step([letter(date(2025, 6, 1))], "aci_signe", date(2024, 1, 1))
    assert done.record == StageRecord("aci_signe", None, AS_OF)
    assert "01/01/2024" in done.note
    assert "non retenue" in done.note


def test_an_undated_stage_counts_from_no_day_before_the_one_that_it_follows() -> None:
    done = step([letter(date(2025, 6, 1))], "aci_signe", None, as_of=date(2025, 1, 1))
    assert done.record == StageRecord("aci_signe", None, date(2025, 6, 1))


def test_a_stage_dates_from_before_an_earlier_one_became_known() -> None:
    done = step([letter(None, date(2026, 1, 1))], "aci_signe", date(2024, 1, 1))
    assert done.record == StageRecord("aci_signe", date(2024, 1, 1), AS_OF)


def test_a_file_dates_a_stage_whose_date_was_unknown() -> None:
    timeline = [letter(None, date(2026, 1, 1))]
    done = step(timeline, "lettre_intention_validee", date(2024, 1, 1))
    assert done.record == letter(date(2024, 1, 1), date(2026, 1, 1))
    late = step(timeline, "lettre_intention_validee", date(2026, 2, 1))
    assert late.record is None
    assert "non retenue" in late.note
    assert step(timeline, "lettre_intention_validee", None) == StageStep(None)
