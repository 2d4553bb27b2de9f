"""Rules of a CPTS's life, without a database."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cpts.errors import StageRegression
from app.cpts.stages import STAGES, order_of
from app.cpts.writing.rules import (
    StageChange,
    StageRecord,
    change_stage,
    check_first_stage_date,
    first_day,
)
from app.problems import Forbidden, Invalid

TODAY = date(2026, 6, 1)


def test_a_cpts_holds_no_commune_before_its_first_stage() -> None:
    check_first_stage_date(TODAY, TODAY)
    with pytest.raises(Invalid):
        check_first_stage_date(date(2026, 6, 2), TODAY)


def dated(slug: str, since: date | None, recorded_on: date = TODAY) -> StageRecord:
    return StageRecord(slug, since, recorded_on)


def test_a_stage_advances_today_unless_dated() -> None:
    timeline = [dated("lettre_intention_validee", date(2025, 1, 1))]
    change = change_stage(
        timeline, stage="aci_signe", since=None, today=TODAY, may_correct=False
    )
    assert change.record == dated("aci_signe", TODAY)
    assert list(change.remove) == []


def test_a_stage_goes_back_only_by_a_correction_which_takes_the_later_ones_out() -> None:
    timeline = [
        dated("lettre_intention_validee", date(2024, 1, 1)),
        dated("projet_sante_valide", date(2025, 1, 1)),
        dated("aci_signe", date(2026, 1, 1)),
    ]
    with pytest.raises(StageRegression):
        change_stage(
            timeline,
            stage="lettre_intention_validee",
            since=None,
            today=TODAY,
            may_correct=False,
        )
    change = change_stage(
        timeline,
        stage="lettre_intention_validee",
        since=None,
        today=TODAY,
        may_correct=True,
    )
    assert change.record == dated("lettre_intention_validee", date(2024, 1, 1))
    assert sorted(change.remove) == ["aci_signe", "projet_sante_valide"]


def test_a_stage_is_not_dated_before_the_one_before_nor_in_the_future() -> None:
    timeline = [dated("lettre_intention_validee", date(2025, 3, 1))]
    for since in (date(2025, 2, 28), date(2026, 6, 2)):
        with pytest.raises(Invalid):
            change_stage(
                timeline, stage="aci_signe", since=since, today=TODAY, may_correct=False
            )


def test_a_stage_may_be_dated_today_and_on_the_day_of_the_one_before() -> None:
    timeline = [dated("lettre_intention_validee", TODAY)]
    change = change_stage(
        timeline, stage="aci_signe", since=TODAY, today=TODAY, may_correct=False
    )
    assert change.record == dated("aci_signe", TODAY)


@pytest.mark.parametrize(
    ("stage", "since", "held_since", "told"),
    [
        (
            "aci_signe",
            date(2026, 6, 2),
            None,
            "La date d'un stade ne peut pas être dans l'avenir.",
        ),
        ("aci_signe", date(2025, 2, 28), None, "Le stade précédent date du 01/03/2025."),
        (
            "lettre_intention_validee",
            date(2025, 3, 2),
            date(2025, 3, 1),
            (
                "La CPTS tient des communes depuis le 01/03/2025 : son premier stade ne peut "
                "pas être postérieur."
            ),
        ),
    ],
)
def test_a_date_that_is_refused_is_named_and_the_reason_told(
    stage: str, since: date, held_since: date | None, told: str
) -> None:
    timeline = [dated("lettre_intention_validee", date(2025, 3, 1))]
    with pytest.raises(Invalid) as refused:
        change_stage(
            timeline,
            stage=stage,
            since=since,
            today=TODAY,
            may_correct=False,
            held_since=held_since,
        )
    assert refused.value.detail == told
    assert refused.value.extensions["errors"] == [
        {"loc": ["body", "stage_since"], "message": told}
    ]


def test_who_may_not_take_back_or_forget_is_told_who_may() -> None:
    timeline = [
        dated("lettre_intention_validee", date(2024, 1, 1)),
        dated("aci_signe", date(2025, 1, 1)),
    ]
    rights = {"since": None, "today": TODAY, "may_correct": False}
    with pytest.raises(StageRegression) as back:
        change_stage(timeline, stage="lettre_intention_validee", **rights)  # type: ignore[arg-type]
    assert back.value.detail == (
        "Un stade ne peut qu'avancer ; seul un administrateur le corrige, avec un motif."
    )
    with pytest.raises(Forbidden) as unknown:
        change_stage(timeline, stage=None, date_unknown=True, **rights)  # type: ignore[arg-type]
    assert unknown.value.detail == (
        "Seul un administrateur peut rendre inconnue la date d'un stade."
    )


@pytest.mark.parametrize("since", [date(2025, 3, 1), None])
def test_the_same_stage_again_changes_nothing(since: date | None) -> None:
    change = change_stage(
        [dated("aci_signe", since)],
        stage="aci_signe",
        since=None,
        today=TODAY,
        may_correct=False,
    )
    assert not change.record
    assert not change.remove


def test_a_stage_may_date_from_before_an_earlier_one_became_known() -> None:
    timeline = [dated("lettre_intention_validee", None, date(2026, 5, 1))]
    since = date(2024, 2, 1)
    change = change_stage(
        timeline, stage="aci_signe", since=since, today=TODAY, may_correct=False
    )
    assert change.record == dated("aci_signe", since)


def test_a_date_that_stands_is_made_unknown_by_an_administrator_only() -> None:
    timeline = [
        dated("lettre_intention_validee", date(2025, 3, 1), date(2025, 4, 1)),
        dated("aci_signe", date(2026, 1, 1), date(2025, 1, 1)),
    ]

    def unknown(*, may_forget: bool) -> StageChange:
        return change_stage(
            timeline,
            stage=None,
            since=None,
            today=TODAY,
            may_correct=False,
            date_unknown=True,
            may_forget=may_forget,
        )

    with pytest.raises(Forbidden):
        unknown(may_forget=False)
    change = unknown(may_forget=True)
    # Never known before the stage that it follows.
    assert change.record == dated("aci_signe", None, date(2025, 3, 1))


def test_a_new_stage_without_a_date_is_known_from_today() -> None:
    timeline = [dated("lettre_intention_validee", date(2025, 3, 1))]
    change = change_stage(
        timeline,
        stage="aci_signe",
        since=None,
        today=TODAY,
        may_correct=False,
        date_unknown=True,
    )
    assert change.record == dated("aci_signe", None, TODAY)


def test_a_first_stage_whose_date_becomes_unknown_still_covers_every_commune() -> None:
    held_since = date(2023, 1, 1)
    change = change_stage(
        [dated("aci_signe", date(2022, 1, 1), TODAY)],
        stage=None,
        since=None,
        today=TODAY,
        may_correct=False,
        held_since=held_since,
        date_unknown=True,
        may_forget=True,
    )
    assert change.record == dated("aci_signe", None, date(2022, 1, 1))


def test_a_cpts_begins_with_its_first_stage_or_its_first_commune() -> None:
    assert first_day([date(2025, 1, 1), date(2024, 1, 1)], TODAY) == date(2024, 1, 1)
    assert first_day([TODAY], date(2023, 1, 1)) == date(2023, 1, 1)


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(STAGES),
            st.none() | st.dates(date(2019, 1, 1), date(2026, 6, 1)),
            st.booleans(),
            st.booleans(),
        ),
        max_size=12,
    ),
    held_since=st.none() | st.dates(date(2019, 1, 1), date(2026, 6, 1)),
)
def test_however_a_stage_is_changed_the_timeline_advances_with_time(
    steps: list[tuple[str, date | None, bool, bool]], held_since: date | None
) -> None:
    timeline = [dated("dynamique_identifiee", date(2019, 1, 1))]
    for stage, since, may_correct, date_unknown in steps:
        try:
            change = change_stage(
                timeline,
                stage=stage,
                since=None if date_unknown else since,
                today=TODAY,
                may_correct=may_correct,
                held_since=held_since,
                date_unknown=date_unknown,
                may_forget=True,
            )
        except (StageRegression, Invalid):
            continue
        record = change.record
        kept = {r.slug: r for r in timeline if r.slug not in change.remove}
        if record:
            kept[record.slug] = record
        timeline = sorted(kept.values(), key=lambda each: order_of(each.slug))
        dates = [each.since for each in timeline if each.since]
        assert dates == sorted(dates)
        assert timeline[-1].slug == stage
        assert held_since is None or min(r.known_from for r in timeline) <= held_since


HELD_SINCE = date(2024, 3, 1)
SIGNED_ONLY = [dated("aci_signe", date(2023, 5, 2))]


def changed(stage: str | None, since: date | None, timeline: list[StageRecord]) -> StageChange:
    return change_stage(
        timeline,
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
    record = changed(stage, HELD_SINCE, SIGNED_ONLY).record
    assert record is not None
    assert record.since == HELD_SINCE


def test_a_stage_taken_back_to_the_only_one_dates_from_the_first_that_there_was() -> None:
    change = changed("association_creee", None, SIGNED_ONLY)
    recorded_on = SIGNED_ONLY[0].recorded_on
    assert change.record == dated("association_creee", date(2023, 5, 2), recorded_on)
    assert list(change.remove) == ["aci_signe"]


def test_a_stage_after_another_may_follow_the_first_commune() -> None:
    timeline = [dated("dynamique_identifiee", date(2023, 5, 2)), *SIGNED_ONLY]
    record = changed(None, date(2025, 1, 1), timeline).record
    assert record is not None
    assert (record.slug, record.since) == ("aci_signe", date(2025, 1, 1))


def test_a_stage_dated_after_the_territory_is_told_at_its_field() -> None:
    with pytest.raises(Invalid) as raised:
        check_first_stage_date(date(2026, 6, 2), TODAY)
    assert raised.value.extensions["errors"] == [
        {
            "loc": ["body", "stage_since"],
            "message": "La date du stade ne peut pas suivre la date d'effet du territoire.",
        }
    ]
