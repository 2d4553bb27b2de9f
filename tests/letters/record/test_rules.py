"""The life of a letter, without a database."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from app.accounts.permissions import reach_of
from app.letters.record.rules import (
    DECIDING,
    KIND_LABELS,
    PENDING,
    STATE_LABELS,
    DecisionAuthority,
    Institution,
    Kind,
    Sight,
    State,
    check_day,
    check_is_own,
    check_lead,
    check_may_conciliate,
    check_may_decide,
    check_may_deposit,
    check_may_give_way,
    check_may_handle,
    deciding_authority,
    may_conciliate,
    outcome_of,
    sees_names,
    sight_of,
)
from app.problems import Forbidden, Invalid

ELSEWHERE = "Ces communes relèvent d'une autre région."
NO_ARS = "Réservé à l'ARS d'une région concernée et aux administrateurs."


@dataclass(frozen=True)
class Agent:
    role: str
    region: str | None = None
    token_id: int = 1
    cpts_id: int | None = None
    name: str = "un agent"

    def reach(self, permission: Any) -> str | None:
        return reach_of(self.role, permission)


ADMIN = Agent("admin")
EDITOR = Agent("editor", token_id=7, cpts_id=3)
ARS = Agent("ars", "32")
ARS_ELSEWHERE = Agent("ars", "93")
AM = Agent("assurance_maladie", "32")
AM_ELSEWHERE = Agent("assurance_maladie", "93")
MEMBER = Agent("member", cpts_id=3)
REGIONS = ("32", "28")


def refused(call: object, *arguments: object, **more: object) -> str:
    with pytest.raises(Forbidden) as raised:
        call(*arguments, **more)  # type: ignore[operator]
    return raised.value.detail


@pytest.mark.parametrize(
    ("positions", "state"),
    [
        ({}, None),
        ({"ars": "favorable"}, None),
        ({"assurance_maladie": "defavorable"}, None),
        ({"ars": "favorable", "urps": "favorable"}, None),
        ({"ars": "favorable", "assurance_maladie": "favorable"}, State.VALIDATED),
        ({"ars": "favorable", "assurance_maladie": "defavorable"}, State.REFUSED),
        ({"ars": "defavorable", "assurance_maladie": "favorable"}, State.REFUSED),
        ({"ars": "defavorable", "assurance_maladie": "defavorable"}, State.REFUSED),
        (
            {"ars": "favorable", "assurance_maladie": "favorable", "urps": "defavorable"},
            State.VALIDATED,
        ),
    ],
)
def test_both_decisions_make_the_outcome_and_an_opinion_none(
    positions: dict[str, str], state: State | None
) -> None:
    assert outcome_of(positions) is state


def test_every_state_and_kind_has_its_words() -> None:
    assert STATE_LABELS == {
        "deposee": "Déposée",
        "en_conciliation": "En conciliation",
        "validee": "Validée",
        "refusee": "Refusée",
        "retiree": "Retirée",
    }
    assert KIND_LABELS == {"creation": "Création", "amendment": "Avenant", "merger": "Fusion"}
    assert set(STATE_LABELS) == set(State)
    assert set(KIND_LABELS) == set(Kind)
    assert set(PENDING) == {"deposee", "en_conciliation"}
    assert DECIDING == ("ars", "assurance_maladie")


@pytest.mark.parametrize(
    ("agent", "created_by", "sight"),
    [
        (None, None, Sight.PUBLIC),
        (ADMIN, None, Sight.FULL),
        (ARS, None, Sight.FULL),
        (ARS_ELSEWHERE, None, Sight.NAMED),
        (AM, None, Sight.FULL),
        (AM_ELSEWHERE, None, Sight.NAMED),
        (EDITOR, 7, Sight.FULL),
        (EDITOR, 8, Sight.PUBLIC),
        (EDITOR, None, Sight.PUBLIC),
        (MEMBER, 1, Sight.PUBLIC),
    ],
)
def test_who_sees_how_much(agent: Agent | None, created_by: int | None, sight: Sight) -> None:
    assert sight_of(agent, regions=REGIONS, created_by=created_by) is sight


def test_names_of_letters_under_way_are_for_those_who_examine_them() -> None:
    seeing = [None, EDITOR, MEMBER, ARS, ARS_ELSEWHERE, AM, AM_ELSEWHERE, ADMIN]
    assert [sees_names(agent) for agent in seeing] == [False] * 3 + [True] * 5


def test_an_administrator_an_editor_and_the_ars_of_a_region_deposit() -> None:
    for agent in (ADMIN, EDITOR, ARS):
        check_may_deposit(agent, REGIONS)
    assert refused(check_may_deposit, ARS_ELSEWHERE, REGIONS) == ELSEWHERE
    for agent in (AM, MEMBER):
        assert refused(check_may_deposit, agent, REGIONS) == NO_ARS


def test_an_editor_deposits_for_its_own_cpts_only() -> None:
    check_is_own(EDITOR, 3, None)
    check_is_own(EDITOR, 4, 7)
    said = refused(check_is_own, EDITOR, 4, 8)
    assert said == "Un éditeur ne dépose de lettre que pour sa propre CPTS."
    for agent in (ADMIN, ARS):
        check_is_own(agent, 4, 8)


def test_no_region_takes_a_letter_from_another() -> None:
    said = refused(check_lead, ARS, "93", "32")
    assert said == (
        "La région qui instruit une lettre la confie à une autre ; nulle ne s'en saisit."
    )
    check_lead(ARS, "32", "93")
    check_lead(ARS, "32", "32")
    check_lead(ARS, "93", "28")
    check_lead(Agent("admin", "32"), "93", "32")


def test_a_dynamic_gives_way_by_its_own_region() -> None:
    def asked(agent: Agent, *touched: str, lead: str | None) -> None:
        check_may_give_way(agent, 5, touched_regions=touched, lead_region=lead)

    asked(ADMIN, "93", lead="93")
    asked(ARS, "32", "32", lead="93")
    asked(ARS, "32", "93", lead="32")
    for agent, lead in ((ARS, "93"), (ARS, None), (AM, "32"), (EDITOR, "32")):
        said = refused(
            check_may_give_way, agent, 5, touched_regions=("32", "93"), lead_region=lead
        )
        assert said == (
            "La CPTS n° 5 et les communes qu'elle céderait relèvent d'une autre région."
        )


def test_a_letter_is_handled_as_it_is_deposited_but_by_an_editor_its_own_only() -> None:
    check_may_handle(ADMIN, REGIONS)
    check_may_handle(ARS, REGIONS, created_by=9)
    check_may_handle(EDITOR, REGIONS, created_by=7)
    assert refused(check_may_handle, EDITOR, REGIONS, created_by=8) == NO_ARS
    assert refused(check_may_handle, EDITOR, REGIONS) == NO_ARS
    assert refused(check_may_handle, Agent("member", token_id=7), REGIONS, created_by=7)
    assert refused(check_may_handle, AM, REGIONS, created_by=1) == NO_ARS
    assert refused(check_may_handle, ARS_ELSEWHERE, REGIONS, created_by=1) == ELSEWHERE


def test_the_ars_of_a_region_conciliates() -> None:
    for agent in (ADMIN, ARS):
        check_may_conciliate(agent, REGIONS)
        assert may_conciliate(agent, REGIONS)
    assert refused(check_may_conciliate, ARS_ELSEWHERE, REGIONS) == ELSEWHERE
    for agent in (AM, EDITOR):
        assert refused(check_may_conciliate, agent, REGIONS) == NO_ARS
    for other in (None, ARS_ELSEWHERE, AM, EDITOR):
        assert not may_conciliate(other, REGIONS)


def test_an_administrator_decides_everywhere_and_an_authority_where_it_is_examined() -> None:
    check_may_decide(ADMIN, "32")
    check_may_decide(ARS, "32")
    refused(check_may_decide, ARS_ELSEWHERE, "32")


def test_each_authority_decides_in_its_own_name_where_the_letter_is_examined() -> None:
    assert deciding_authority(ARS, None, "32") is Institution.ARS
    assert deciding_authority(ARS, "ars", "32") is Institution.ARS
    assert deciding_authority(AM, None, "32") is Institution.ASSURANCE_MALADIE
    assert deciding_authority(ADMIN, "ars", "32") is Institution.ARS
    assert deciding_authority(ADMIN, "assurance_maladie", "93") is Institution.ASSURANCE_MALADIE
    said = refused(deciding_authority, ARS, "assurance_maladie", "32")
    assert said == "Chacun ne décide qu'en son propre nom."
    said = refused(deciding_authority, ARS, None, "93")
    assert said == "La décision revient à la région qui instruit la lettre."
    said = refused(deciding_authority, EDITOR, None, "32")
    assert said == "Seules l'ARS et l'Assurance Maladie décident."
    with pytest.raises(Invalid) as raised:
        deciding_authority(ADMIN, None, "32")
    (error,) = raised.value.extensions["errors"]
    assert error["loc"] == ["body", "authority"]
    assert error["message"] == "Un administrateur précise de qui il enregistre la décision."
    assert error["accepted"] == ["ars", "assurance_maladie"]


def test_a_day_has_come_and_follows_what_it_follows() -> None:
    today, eve = date(2026, 3, 10), date(2026, 3, 9)

    def wrong(day: date, earliest: date | None) -> tuple[list[str], str]:
        with pytest.raises(Invalid) as raised:
            check_day(day, earliest=earliest, today=today, member="decided_on")
        (error,) = raised.value.extensions["errors"]
        return error["loc"], error["message"]

    check_day(today, earliest=None, today=today, member="decided_on")
    check_day(today, earliest=today, today=today, member="decided_on")
    check_day(eve, earliest=eve, today=today, member="decided_on")
    place = ["body", "decided_on"]
    assert wrong(date(2026, 3, 11), None) == (
        place,
        "Cette date ne peut pas être dans l'avenir.",
    )
    assert wrong(eve, today) == (place, "Cette date ne peut pas précéder le 10/03/2026.")


def test_two_agreements_may_change_whatever_the_letter_asks_for() -> None:
    authority = DecisionAuthority(4, "ARS et Assurance Maladie")
    assert (authority.token_id, authority.name) == (4, "ARS et Assurance Maladie")
    authority.may_create(regions=REGIONS)
    authority.may_describe(regions=REGIONS)
    authority.may_amend(regions=REGIONS)
    authority.may_supersede(regions=REGIONS)
    authority.may_settle_the_past_or_supersede()
