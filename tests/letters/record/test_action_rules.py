"""What may be done to a letter: what is listed is what is not refused."""

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.letters.record.actions import Action, LetterAsRead, actions_of, check_may
from app.letters.record.errors import LetterClosed
from app.letters.record.rules import PENDING, State
from app.problems import Forbidden


class Somebody(NamedTuple):
    role: str
    region: str | None = None
    token_id: int = 1
    cpts_id: int | None = None
    name: str = "Un agent"


OWN, LEADING, OTHER = 7, "32", "93"
ADMIN, EDITOR = Somebody("admin"), Somebody("editor", token_id=OWN)
ARS, AM = Somebody("ars", LEADING), Somebody("assurance_maladie", LEADING)

EVERYTHING = ["correct", "territory", "withdraw", "opinion", "decide"]


def letter(state: State = State.DEPOSITED, lead: str = LEADING) -> LetterAsRead:
    return LetterAsRead(state, (LEADING, "28"), lead, OWN)


@pytest.mark.parametrize(
    ("agent", "pending", "closed"),
    [
        (None, [], []),
        (Somebody("member"), [], []),
        (EDITOR, ["correct", "territory", "withdraw"], ["correct"]),
        (Somebody("editor", token_id=OWN + 1), [], []),
        (ARS, EVERYTHING, ["correct"]),
        # Concerned, but not leading.
        (Somebody("ars", "28"), EVERYTHING[:-1], ["correct"]),
        (Somebody("ars", OTHER), [], []),
        (AM, ["decide"], []),
        (Somebody("assurance_maladie", "28"), [], []),
        (ADMIN, EVERYTHING, ["correct"]),
    ],
)
def test_each_is_offered_what_is_theirs_as_long_as_the_letter_allows_it(
    agent: Somebody | None, pending: list[str], closed: list[str]
) -> None:
    for state in State:
        offered = actions_of(agent, letter(state))
        assert offered == (pending if state in PENDING else closed)


@settings(deadline=None)
@given(
    agent=st.builds(
        Somebody,
        st.sampled_from(["member", "editor", "ars", "assurance_maladie", "admin"]),
        st.sampled_from([None, LEADING, "28", OTHER]),
        st.sampled_from([OWN, OWN + 1]),
    ),
    state=st.sampled_from(list(State)),
    lead=st.sampled_from([LEADING, "28"]),
)
def test_what_is_offered_is_let_through_and_nothing_else(
    agent: Somebody, state: State, lead: str
) -> None:
    at_hand = letter(state, lead)
    let_through = set()
    for action in Action:
        try:
            check_may(action, agent, at_hand)
        except (Forbidden, LetterClosed):
            continue
        let_through.add(action)
    # A conciliation is opened by whoever may record an opinion.
    assert (Action.CONCILIATE in let_through) == (Action.OPINION in let_through)
    assert set(actions_of(agent, at_hand)) == let_through - {Action.CONCILIATE}


def test_a_closed_letter_is_refused_for_what_it_is_to_whose_it_is_only() -> None:
    closed = letter(State.REFUSED)
    with pytest.raises(LetterClosed, match="refusée"):
        check_may(Action.WITHDRAW, ARS, closed)
    with pytest.raises(Forbidden):
        check_may(Action.WITHDRAW, Somebody("ars", OTHER), closed)
