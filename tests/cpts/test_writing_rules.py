"""Rules of a CPTS's life, without a database."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cpts.errors import StageRegression
from app.cpts.writing.rules import (
    change_stage,
    check_first_stage_date,
    first_day,
)
from app.problems import Invalid

STAGES = [
    "dynamique_identifiee",
    "lettre_intention_validee",
    "association_creee",
    "projet_sante_valide",
    "aci_signe",
]
RANKS = {slug: rank for rank, slug in enumerate(STAGES, start=1)}
TODAY = date(2026, 6, 1)


def test_a_cpts_holds_no_commune_before_its_first_stage() -> None:
    check_first_stage_date(TODAY, TODAY)
    with pytest.raises(Invalid):
        check_first_stage_date(date(2026, 6, 2), TODAY)


def test_a_stage_advances_today_unless_dated() -> None:
    timeline = [("lettre_intention_validee", date(2025, 1, 1))]
    change = change_stage(
        timeline, RANKS, stage="aci_signe", since=None, today=TODAY, may_correct=False
    )
    assert change.record == {"aci_signe": TODAY}
    assert list(change.remove) == []


def test_a_stage_goes_back_only_by_a_correction_which_takes_the_later_ones_out() -> None:
    timeline = [
        ("lettre_intention_validee", date(2024, 1, 1)),
        ("projet_sante_valide", date(2025, 1, 1)),
        ("aci_signe", date(2026, 1, 1)),
    ]
    with pytest.raises(StageRegression):
        change_stage(
            timeline,
            RANKS,
            stage="lettre_intention_validee",
            since=None,
            today=TODAY,
            may_correct=False,
        )
    change = change_stage(
        timeline,
        RANKS,
        stage="lettre_intention_validee",
        since=None,
        today=TODAY,
        may_correct=True,
    )
    assert change.record == {"lettre_intention_validee": date(2024, 1, 1)}
    assert sorted(change.remove) == ["aci_signe", "projet_sante_valide"]


def test_a_stage_is_not_dated_before_the_one_before_nor_in_the_future() -> None:
    timeline = [("lettre_intention_validee", date(2025, 3, 1))]
    for since in (date(2025, 2, 28), date(2026, 6, 2)):
        with pytest.raises(Invalid):
            change_stage(
                timeline, RANKS, stage="aci_signe", since=since, today=TODAY, may_correct=False
            )


def test_the_same_stage_again_changes_nothing() -> None:
    timeline = [("aci_signe", date(2025, 3, 1))]
    change = change_stage(
        timeline, RANKS, stage="aci_signe", since=None, today=TODAY, may_correct=False
    )
    assert not change.record
    assert not change.remove


def test_a_cpts_begins_with_its_first_stage_or_its_first_commune() -> None:
    assert first_day([date(2025, 1, 1), date(2024, 1, 1)], TODAY) == date(2024, 1, 1)
    assert first_day([TODAY], date(2023, 1, 1)) == date(2023, 1, 1)


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(STAGES),
            st.dates(date(2019, 1, 1), date(2026, 6, 1)),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_however_a_stage_is_changed_the_timeline_advances_with_time(
    steps: list[tuple[str, date, bool]],
) -> None:
    timeline = {"dynamique_identifiee": date(2019, 1, 1)}
    for stage, since, may_correct in steps:
        ordered = sorted(timeline.items(), key=lambda item: (item[1], RANKS[item[0]]))
        try:
            change = change_stage(
                ordered, RANKS, stage=stage, since=since, today=TODAY, may_correct=may_correct
            )
        except (StageRegression, Invalid):
            continue
        for slug in change.remove:
            del timeline[slug]
        timeline |= change.record
        by_rank = sorted(timeline, key=RANKS.__getitem__)
        dates = [timeline[slug] for slug in by_rank]
        assert dates == sorted(dates)
        assert by_rank[-1] == stage


HELD_SINCE = date(2024, 3, 1)
SIGNED_ONLY = [("aci_signe", date(2023, 5, 2))]


def changed(stage: str | None, since: date | None, timeline: list[tuple[str, date]]) -> Any:
    return change_stage(
        timeline,
        RANKS,
        stage=stage,
        since=since,
        today=TODAY,
        may_correct=True,
        held_since=HELD_SINCE,
    )


@pytest.mark.parametrize("stage", [None, "aci_signe", "association_creee"])
def test_the_only_stage_is_not_dated_after_the_first_commune(stage: str | None) -> None:
    after = date(2024, 3, 2)
    with pytest.raises(Invalid):
        changed(stage, after, SIGNED_ONLY)
    change = changed(stage, HELD_SINCE, SIGNED_ONLY)
    assert list(change.record.values()) == [HELD_SINCE]


def test_a_stage_taken_back_to_the_only_one_dates_from_the_first_that_there_was() -> None:
    change = changed("association_creee", None, SIGNED_ONLY)
    assert change.record == {"association_creee": date(2023, 5, 2)}
    assert list(change.remove) == ["aci_signe"]


def test_a_stage_after_another_may_follow_the_first_commune() -> None:
    timeline = [("dynamique_identifiee", date(2023, 5, 2)), *SIGNED_ONLY]
    assert changed(None, date(2025, 1, 1), timeline).record == {"aci_signe": date(2025, 1, 1)}
