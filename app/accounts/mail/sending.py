"""Where messages go: a mail server, or files when no server is set."""

import os
import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Protocol

from app.accounts.mail.rules import Written
from app.settings import MailSettings


class Carrier(Protocol):
    """What takes messages away."""

    def carry(self, number: int, recipient: str, message: Written) -> None:
        """Take one message; raises `OSError`, SMTP's errors among it, when it cannot."""


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
        with server:
            if settings.security == "starttls":
                server.starttls(context=context)
            if settings.user is not None and settings.password is not None:
                server.login(settings.user, settings.password.get_secret_value())
            server.send_message(_mail(settings.sender, number, recipient, message))


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


def carrier(settings: MailSettings, data_directory: Path) -> Carrier:
    """Give what takes messages away: the server of the settings, else `outbox` of the data."""
    if settings.host is not None:
        return SmtpCarrier(settings)
    return OutboxCarrier(data_directory / "outbox", settings.sender)


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
