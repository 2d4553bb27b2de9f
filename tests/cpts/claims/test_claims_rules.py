"""Rules of holding communes, without a database."""

from datetime import date

import pytest

from app.cpts.claims.rules import (
    ClaimConflict,
    check_effective_date,
    check_territory_size,
    split_superseded,
)
from app.cpts.stages import FIRST_STAGE, RECOGNISED_STAGE, STAGES
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
