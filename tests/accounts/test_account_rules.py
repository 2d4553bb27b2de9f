"""Who may do what, without a database."""

import pytest

from app.accounts.rules import Caller
from app.problems import Forbidden

MEMBER = Caller(1, "member")
EDITOR = Caller(2, "editor", cpts_id=7)
ARS = Caller(3, "ars", region="32")
ADMIN = Caller(4, "admin")


def test_an_editor_registers_at_the_first_stage_only() -> None:
    EDITOR.may_create(at_first_stage=True, touched_regions=["11"], lead_region="11")
    with pytest.raises(Forbidden):
        EDITOR.may_create(at_first_stage=False, touched_regions=["11"], lead_region="11")


@pytest.mark.parametrize("at_first_stage", [True, False])
def test_a_member_registers_nothing(at_first_stage: bool) -> None:
    with pytest.raises(Forbidden):
        MEMBER.may_create(at_first_stage=at_first_stage, touched_regions=[], lead_region=None)


@pytest.mark.parametrize(
    ("touched", "before", "after", "allowed"),
    [
        (["32"], "32", "32", True),
        (["32", "32"], "11", "11", True),
        (["32", "11"], "32", "32", True),
        (["32", "11"], "11", "11", False),
        (["11"], "11", "11", False),
        # Its own CPTS is not given to another region, nor another's taken.
        (["32", "11"], "32", "11", False),
        (["32", "11"], "11", "32", False),
        # Each of these communes is its own, but the CPTS that they would bring is not.
        (["32"], "11", "32", False),
        (["32"], "32", "11", True),
        # Without a commune before, or after, nobody else leads.
        (["32", "11"], None, "32", True),
        (["32", "11"], None, "11", False),
        (["32", "11"], "32", None, True),
        (["11"], "11", None, False),
        ([], None, None, True),
    ],
)
def test_an_ars_amends_inside_its_region_or_a_cpts_led_from_it_before_and_after(
    touched: list[str], before: str | None, after: str | None, allowed: bool
) -> None:
    def amend(caller: Caller) -> None:
        caller.may_amend(touched_regions=touched, lead_before=before, lead_after=after)

    if allowed:
        amend(ARS)
    else:
        with pytest.raises(Forbidden):
            amend(ARS)
    amend(ADMIN)
    for caller in (EDITOR, MEMBER):
        with pytest.raises(Forbidden):
            amend(caller)


@pytest.mark.parametrize(
    ("touched", "lead", "allowed"),
    [
        (["32"], "11", True),
        (["11"], "32", True),
        (["32", "11"], "11", False),
        (["11"], "11", False),
    ],
)
def test_a_dynamic_gives_way_to_its_own_region(
    touched: list[str], lead: str, allowed: bool
) -> None:
    def supersede(caller: Caller) -> None:
        caller.may_supersede(cpts_id=9, touched_regions=touched, lead_region=lead)

    if allowed:
        supersede(ARS)
    else:
        with pytest.raises(Forbidden, match="n° 9"):
            supersede(ARS)
    supersede(ADMIN)
    for caller in (EDITOR, MEMBER):
        with pytest.raises(Forbidden):
            supersede(caller)


@pytest.mark.parametrize(
    ("cpts_id", "created_by", "stage_too", "allowed"),
    [
        (7, None, False, True),
        (8, 2, False, True),
        (8, 3, False, False),
        (7, None, True, False),
    ],
)
def test_an_editor_describes_its_own_cpts_but_not_its_stage(
    cpts_id: int, created_by: int | None, stage_too: bool, allowed: bool
) -> None:
    def describe(caller: Caller) -> None:
        caller.may_describe(
            cpts_id=cpts_id,
            created_by=created_by,
            stage_too=stage_too,
            touched_regions=["11"],
            lead_region="11",
        )

    if allowed:
        describe(EDITOR)
    else:
        with pytest.raises(Forbidden):
            describe(EDITOR)
    describe(ADMIN)


def test_only_ars_and_administrators_settle_the_past_or_supersede() -> None:
    ARS.may_settle_the_past_or_supersede()
    ADMIN.may_settle_the_past_or_supersede()
    for caller in (EDITOR, MEMBER):
        with pytest.raises(Forbidden):
            caller.may_settle_the_past_or_supersede()


def test_the_assurance_maladie_changes_the_registry_by_its_decisions_only() -> None:
    caller = Caller(5, "assurance_maladie", region="32")
    with pytest.raises(Forbidden):
        caller.may_amend(touched_regions=["32"], lead_before="32", lead_after="32")
    with pytest.raises(Forbidden):
        caller.may_create(at_first_stage=False, touched_regions=["32"], lead_region="32")
    with pytest.raises(Forbidden):
        caller.may_settle_the_past_or_supersede()
