"""Rules of holding communes, without a database."""

from dataclasses import replace
from datetime import date

import pytest

from app.cpts.claims.rules import (
    ClaimConflict,
    check_effective_date,
    check_never_empty,
    check_territory_size,
    cut,
    split_superseded,
)
from app.cpts.stages import FIRST_STAGE, RECOGNISED_STAGE, SIGNED_STAGE, STAGES
from app.problems import Invalid

TODAY = date(2026, 6, 1)


def conflict(cpts_id: int, stage: str) -> ClaimConflict:
    return ClaimConflict(
        commune_code="59350",
        commune_name="Lille",
        cpts_id=cpts_id,
        cpts_name="CPTS voisine",
        stage=stage,
        demonstration=False,
        held_from=date(2025, 1, 1),
        held_until=None,
    )


@pytest.mark.parametrize("stage", STAGES[1:])
def test_a_territory_is_empty_at_the_first_stage_only(stage: str) -> None:
    check_territory_size("dynamique_identifiee", [])
    check_territory_size(stage, ["59350"])
    with pytest.raises(Invalid):
        check_territory_size(stage, [])


def test_a_territory_does_not_begin_before_its_cpts() -> None:
    check_effective_date(TODAY, TODAY)
    with pytest.raises(Invalid):
        check_effective_date(date(2026, 5, 31), TODAY)


def test_a_later_stage_supersedes_a_named_dynamic_only() -> None:
    dynamic, unnamed, letter = (
        conflict(1, FIRST_STAGE),
        conflict(2, FIRST_STAGE),
        conflict(3, RECOGNISED_STAGE),
    )
    ended, standing = split_superseded(
        [dynamic, unnamed, letter], stage=RECOGNISED_STAGE, superseded=[1, 3]
    )
    assert ended == [dynamic]
    assert standing == [unnamed, letter]


def test_a_dynamic_supersedes_nobody() -> None:
    ended, standing = split_superseded(
        [conflict(1, FIRST_STAGE)], stage=FIRST_STAGE, superseded=[1]
    )
    assert ended == []
    assert standing == [conflict(1, FIRST_STAGE)]


def test_what_is_wrong_with_a_territory_names_its_field() -> None:
    check_effective_date(TODAY, TODAY)
    with pytest.raises(Invalid) as early:
        check_effective_date(date(2026, 5, 31), TODAY)
    assert early.value.extensions["errors"] == [
        {
            "loc": ["body", "effective_on"],
            "message": "La CPTS n'existe que depuis le 01/06/2026.",
        }
    ]
    with pytest.raises(Invalid) as empty:
        check_territory_size("aci_signe", ())
    assert empty.value.extensions["errors"] == [
        {
            "loc": ["body", "communes"],
            "message": (
                "Au-delà du stade « Dynamique identifiée », il faut au moins une commune."
            ),
        }
    ]


def test_a_conflict_is_told_in_the_shape_of_the_contract() -> None:
    told = conflict(7, SIGNED_STAGE)
    assert told.public() == {
        "commune": {"code": "59350", "name": "Lille"},
        "cpts": {"id": 7, "name": "CPTS voisine", "stage": "aci_signe", "demonstration": False},
        "held_from": "2025-01-01",
        "held_until": None,
    }
    ended = replace(told, held_until=date(2026, 1, 1), demonstration=True).public()
    assert ended["held_until"] == "2026-01-01"
    assert ended["cpts"]["demonstration"] is True


def test_days_are_cut_at_a_day() -> None:
    before, after = date(2026, 5, 1), date(2026, 7, 1)
    assert cut([(before, None)], TODAY) == [(before, TODAY)]
    assert cut([(before, after)], TODAY) == [(before, TODAY)]
    assert cut([(date(2026, 4, 1), before)], TODAY) == [(date(2026, 4, 1), before)]
    assert cut([(TODAY, after), (after, None)], TODAY) == []


def test_a_territory_that_runs_empty_is_told_with_the_day_at_its_field() -> None:
    until = date(2026, 9, 30)
    for more, field in (({}, "communes"), ({"member": "withdrawn"}, "withdrawn")):
        with pytest.raises(Invalid) as raised:
            check_never_empty("aci_signe", [[(TODAY, until)]], TODAY, **more)
        assert raised.value.extensions["errors"] == [
            {
                "loc": ["body", field],
                "message": "Avec ce qui est prévu, la CPTS n'aurait plus de commune le"
                " 30/09/2026.",
            }
        ]
