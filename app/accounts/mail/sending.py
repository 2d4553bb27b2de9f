"""Where messages go: a mail server, or files when no server is set."""

import contextlib
import os
import smtplib
import ssl
import time
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Protocol

from app.accounts.mail.rules import Written
from app.settings import MailSettings


class Carrier(Protocol):
    """What takes messages away."""

    def carry(self, number: int, recipient: str, message: Written) -> None:
        """Take one message; raises `OSError`, SMTP's errors among it, when it cannot."""

    def forget(self, recipient: str) -> None:
        """Delete what it still keeps for an address."""


class SmtpCarrier:
    """Hands messages to a mail server, each on a connection of its own."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    def carry(self, number: int, recipient: str, message: Written) -> None:
        """Hand a message over; the server has taken it when this returns."""
        settings = self._settings
        assert settings.host is not None
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=settings.timeout, context=context
            )
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout)
        try:
            if settings.security == "starttls":
                server.starttls(context=context)
            if settings.user is not None and settings.password is not None:
                server.login(settings.user, settings.password.get_secret_value())
            server.send_message(_mail(settings.sender, number, recipient, message))
        finally:
            # Whatever comes of the farewell, the message is accepted or not already.
            with contextlib.suppress(OSError):
                server.quit()
            server.close()

    def forget(self, recipient: str) -> None:
        """Do nothing: what a server has taken is no longer here."""


class OutboxCarrier:
    """Writes messages as `.eml` files into a folder that only its owner reads."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder, self._sender = folder, sender

    def carry(self, number: int, recipient: str, message: Written) -> None:
        """Write a message, whole or not at all."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        path = self._folder / f"{stamp}-{number}.eml"
        draft = path.with_suffix(".draft")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_mail(self._sender, number, recipient, message).as_bytes())
        draft.rename(path)

    def forget(self, recipient: str) -> None:
        """Delete the messages to an address."""
        for path in self._folder.glob("*.eml"):
            # Another worker or a purge may be deleting just now.
            with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                if BytesHeaderParser().parse(file)["To"] == recipient:
                    path.unlink()

    def purge(self, days: int) -> int:
        """Delete the messages written more than that many days ago, and tell how many."""
        written_before = time.time() - timedelta(days=days).total_seconds()
        count = 0
        for path in [*self._folder.glob("*.eml"), *self._folder.glob("*.draft")]:
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < written_before:
                    path.unlink()
                    count += 1
        return count


def outbox(settings: MailSettings, data_directory: Path) -> OutboxCarrier:
    """Give the folder of the messages that no server takes, whether one is set by now."""
    return OutboxCarrier(data_directory / "outbox", settings.sender)


def carrier(settings: MailSettings, data_directory: Path) -> Carrier:
    """Give what takes messages away: the server of the settings, else `outbox` of the data."""
    if settings.host is not None:
        return SmtpCarrier(settings)
    return outbox(settings, data_directory)


def _mail(sender: str, number: int, recipient: str, message: Written) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(datetime.now(UTC))
    domain = sender.rpartition("@")[2].strip("> ") or None
    # The same for each attempt, so that a mailbox knows one that it got twice.
    mail["Message-ID"] = f"<cpts-{number}@{domain}>" if domain else make_msgid()
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body)
    return mail
