"""The use case of a report that is settled."""

from collections.abc import Callable, Sequence
from typing import Protocol

from app.acts.repository import record_act
from app.cpts.reports import repository
from app.database.sessions import WritingSession
from app.problems import Invalid, NotFound


class Clerk(Protocol):
    """Whoever settles reports."""

    @property
    def token_id(self) -> int | None: ...
    @property
    def name(self) -> str: ...


def settle(
    session: WritingSession,
    number: int,
    clerk: Clerk,
    *,
    outcome: str,
    answer: str,
    check_regions: Callable[[Sequence[str]], None],
    send: Callable[[str, str], None],
) -> None:
    """Close a report with its outcome, answer whoever asked for it, and forget their address.

    Parameters: `answer`, the text of the mail, empty for none; `check_regions`, which
    refuses those of the report; `send`, which lets a text leave to an address.

    Raises:
        NotFound: no such report waits.
        Invalid: no outcome, or an answer to somebody who left no address.
        whatever `check_regions` raises.
    """
    report = repository.waiting_report(session, number)
    if report is None:
        raise NotFound("Ce signalement n'attend plus.")
    regions = repository.regions_of_report(session, report)
    check_regions(regions)
    if not outcome:
        raise Invalid.at("body", "outcome", message="Dites la suite donnée.")
    if answer and not report.reply_to:
        raise Invalid.at("body", "answer", message="Aucune adresse n'a été laissée.")
    if answer and report.reply_to:
        send(report.reply_to, answer)
    repository.close_report(session, number, outcome, by=clerk.token_id)
    record_act(
        session,
        "report-settled",
        clerk,
        subject=str(number),
        regions=regions,
        details={"outcome": outcome, "answered": bool(answer)},
    )
