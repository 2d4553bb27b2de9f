"""Sending what waits: claimed in one transaction, sent in none, forgotten in another.

Each message is claimed just before it is sent: several workers may look at the same ones.

A process that ends in between has lost nothing: the message is tried again after its delay,
and may then arrive twice.
"""

import logging
import smtplib
from dataclasses import dataclass

from app.accounts.mail import repository
from app.accounts.mail.repository import Due
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
    """A message that was claimed; `message` None when nobody is to get it any more."""

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

    def due(self) -> list[Due]:
        """List messages that are due, for `send`."""
        with self.sessions.aside_read() as session:
            return repository.due(session, _AT_ONCE)

    def claim(self, waiting: Due) -> Taken | None:
        """Claim a message and write it, None when another worker was quicker."""
        with self.sessions.aside_write() as session, session.begin():
            claimed = repository.claim(session, waiting, delay_after(waiting.attempts))
            return self._write(session, claimed) if claimed else None

    def send(self, waiting: Due) -> bool:
        """Send one message unless another worker does, and tell whether it was claimed.

        What keeps it from leaving is noted by its class only.
        """
        taken = self.claim(waiting)
        if taken is None:
            return False
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
        return True

    def send_due(self) -> int:
        """Send what is due, and tell how many messages were claimed."""
        return sum(self.send(each) for each in self.due())

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
