"""What may be done to a letter, by whom and while it is in which state.

One table refuses what a request asks and lists what a page or a client may offer.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from app.letters.record import rules
from app.letters.record.errors import LetterClosed
from app.letters.record.rules import PENDING, STATE_LABELS, Agent
from app.problems import Forbidden


class LetterState(Protocol):
    """What the rights on a letter follow from."""

    @property
    def state(self) -> str: ...
    @property
    def regions(self) -> Collection[str]: ...
    @property
    def lead_region(self) -> str: ...
    @property
    def created_by(self) -> int | None: ...


class LetterAsRead(NamedTuple):
    """What `LetterState` asks for, of a letter that is read and not changed."""

    state: str
    regions: Collection[str]
    lead_region: str
    created_by: int | None


class Action(StrEnum):
    """What is done to a letter, in the words in which answers list it."""

    CORRECT = "correct"
    TERRITORY = "territory"
    WITHDRAW = "withdraw"
    OPINION = "opinion"
    DECIDE = "decide"
    CONCILIATE = "conciliate"


@dataclass(frozen=True)
class _Right:
    """`check` refuses whoever may not; `at_any_time`, whether a closed letter allows it.

    `listed`, whether answers name it; what has the right of another action need not be.
    """

    check: Callable[[Agent, LetterState], None]
    at_any_time: bool = False
    listed: bool = True


def _handles(agent: Agent, letter: LetterState) -> None:
    rules.check_may_handle(agent, letter.regions, created_by=letter.created_by)


def _conciliates(agent: Agent, letter: LetterState) -> None:
    rules.check_may_conciliate(agent, letter.regions)


def _decides(agent: Agent, letter: LetterState) -> None:
    rules.check_may_decide(agent, letter.lead_region)


_RIGHTS: Mapping[Action, _Right] = {
    # Contact and documents: personal data can always be put right or taken out.
    Action.CORRECT: _Right(_handles, at_any_time=True),
    Action.TERRITORY: _Right(_handles),
    Action.WITHDRAW: _Right(_handles),
    Action.OPINION: _Right(_conciliates),
    Action.DECIDE: _Right(_decides),
    # Whoever may record an opinion.
    Action.CONCILIATE: _Right(_conciliates, listed=False),
}


def check_may(action: Action, agent: Agent, letter: LetterState) -> None:
    """Refuse an action that is not the agent's, or that the letter's state does not allow.

    Raises:
        Forbidden: it is not theirs.
        LetterClosed: the letter is not pending.
    """
    right = _RIGHTS[action]
    right.check(agent, letter)
    if not right.at_any_time:
        check_pending(letter)


def actions_of(agent: Agent | None, letter: LetterState) -> list[Action]:
    """List what `check_may` lets somebody do with a letter as it stands; a visitor, nothing."""
    if agent is None:
        return []
    listed = [action for action, right in _RIGHTS.items() if right.listed]
    return [action for action in listed if _may(action, agent, letter)]


def check_pending(letter: LetterState) -> None:
    """Refuse a change of a letter that has been decided or withdrawn.

    Raises:
        LetterClosed: it has.
    """
    if letter.state not in PENDING:
        label = STATE_LABELS[letter.state].lower()
        raise LetterClosed(f"Cette lettre est {label} : elle ne change plus.")


def _may(action: Action, agent: Agent, letter: LetterState) -> bool:
    try:
        check_may(action, agent, letter)
    except (Forbidden, LetterClosed):
        return False
    return True
