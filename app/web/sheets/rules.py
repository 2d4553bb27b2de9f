"""Addresses of maps, the code of an embedded one, and whether a person filled in a form."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from app.http.texts import refusal_of_text
from app.web.layout.links import mail_address

# A person needs longer to say what is wrong; a page left open overnight still works.
LEAST_FILL_S = 4
MOST_FILL_S = 24 * 3600
MESSAGE_LIMIT = 4_000
REPLY_LIMIT = 254


def query_of(**parameters: str | None) -> str:
    """Write `?a=b` of the parameters that are given, an empty text of none."""
    given = {name: value for name, value in parameters.items() if value}
    return f"?{urlencode(given, safe=',')}" if given else ""


def embed_code(address: str, title: str) -> str:
    """Write the HTML by which another site shows a map."""
    return (
        f'<iframe src="{escape(address)}" title="{escape(title)}" '
        'width="100%" height="500" loading="lazy"></iframe>'
    )


def form_token(identity: str, subject: str, now_s: float) -> str:
    """Sign when a form about a subject was opened.

    Parameters: `identity`, what only the service knows; `now_s`, seconds since 1970.
    """
    opened = str(int(now_s))
    return f"{opened}.{_signature(identity, subject, opened)}"


def fill_time_s(identity: str, subject: str, token: str, now_s: float) -> float | None:
    """Give the seconds since a form was opened, None when its token is not ours."""
    opened, _, signature = token.partition(".")
    if not (opened.isascii() and opened.isdigit() and len(opened) <= 12):
        return None
    expected = _signature(identity, subject, opened)
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        return None
    return now_s - int(opened)


def _signature(identity: str, subject: str, opened: str) -> str:
    key = hashlib.sha256(f"formulaire de signalement {identity}".encode()).digest()
    digest = hmac.new(key, f"{subject} {opened}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:18]).decode()


@dataclass(frozen=True, slots=True)
class GivenReport:
    """A report as sent, and what is wrong with it by field (French sentences)."""

    message: str
    reply_to: str
    errors: Mapping[str, str]


def read_report(message: str, reply_to: str) -> GivenReport:
    """Check what a visitor sent; nothing of it is changed but its line ends and margins."""
    text = message.replace("\r\n", "\n").strip()
    mailbox = reply_to.strip()
    unread = refusal_of_text(text)
    errors = {}
    if not text:
        errors["message"] = "Décrivez l’erreur en quelques mots."
    elif unread:
        errors["message"] = unread
    elif len(text) > MESSAGE_LIMIT:
        errors["message"] = (
            f"Le message compte {len(text)} signes ; au plus {MESSAGE_LIMIT} sont acceptés."
        )
    if mailbox and (len(mailbox) > REPLY_LIMIT or not mail_address(mailbox)):
        errors["reply_to"] = "Cette adresse électronique n’est pas valide."
    return GivenReport(text, mailbox, errors)
