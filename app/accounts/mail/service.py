"""Sending what waits: taken in one transaction, sent in none, forgotten in another.

A process that ends in between has lost nothing: the message is tried again after its delay,
and may then arrive twice.
"""

import logging
import smtplib
from dataclasses import dataclass

from app.accounts.mail import repository
from app.accounts.mail.rules import (
    KINDS_WITH_LINK,
    UnknownMessage,
    Written,
    delay_after,
    written,
)
from app.accounts.mail.sending import Carrier
from app.accounts.models import OutgoingMessage
from app.accounts.people.links import link_for_message
from app.database.sessions import Sessions, WritingSession

log = logging.getLogger(__name__)

_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that was taken; `message` None when nobody is to get it any more."""

    number: int
    kind: str
    recipient: str
    message: Written | None


@dataclass(frozen=True)
class Post:
    """What sends the messages of one database.

    Parameters: `carrier` takes them away; `base`, the outside address that their links
    begin with; `site`, what the service is called.
    """

    sessions: Sessions
    carrier: Carrier
    base: str
    site: str

    def take(self) -> list[Taken]:
        """Take the messages that are due, unless another worker is taking some."""
        with self.sessions.aside_write() as session, session.begin():
            if not repository.leads(session):
                return []
            taken = []
            for each in repository.due(session, _AT_ONCE):
                repository.postpone(session, each, delay_after(each.attempts))
                taken.append(self._write(session, each))
            return taken

    def send(self, taken: Taken) -> None:
        """Send one message; what keeps it from leaving is noted by its class only."""
        trouble = None
        if taken.message is not None:
            try:
                self.carrier.carry(taken.number, taken.recipient, taken.message)
            # A text that no header can hold must not stop those behind it.
            except (OSError, ValueError) as error:
                trouble = _called(error)
        with self.sessions.aside_write() as session, session.begin():
            if trouble is None:
                repository.forget(session, taken.number)
            else:
                repository.note_trouble(session, taken.number, trouble)
        if trouble is not None:
            log.warning("message %d (%s) waits: %s", taken.number, taken.kind, trouble)

    def send_due(self) -> int:
        """Take what is due and send it, and tell how many messages were taken."""
        taken = self.take()
        for each in taken:
            self.send(each)
        return len(taken)

    def _write(self, session: WritingSession, waiting: OutgoingMessage) -> Taken:
        secret = None
        message: Written | None = None
        kind, recipient = waiting.kind, waiting.recipient
        if kind in KINDS_WITH_LINK:
            secret = link_for_message(session, kind, recipient, waiting.details)
        if secret is not None or kind not in KINDS_WITH_LINK:
            try:
                message = written(
                    kind, waiting.details, base=self.base, site=self.site, secret=secret
                )
            except (UnknownMessage, KeyError):
                log.warning("message %d is of an unknown kind and is dropped", waiting.id)
        return Taken(waiting.id, kind, recipient, message)


def _called(error: Exception) -> str:
    """Name a trouble without the server's words, which may repeat an address."""
    code = getattr(error, "smtp_code", None)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next((answer[0] for answer in error.recipients.values()), None)
    return type(error).__name__ + (f" {code}" if code else "")
