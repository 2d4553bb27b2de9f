"""Which texts are taken from outside, whoever sends them and however.

What no reader can see, or turns round what is read, is refused: marks of direction,
characters that Unicode reserves for no text at all, halves of pairs, control characters.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import unquote_to_bytes, urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, StringConstraints

from app.problems import stated

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17)
)
_NEVER = re.compile(f"[\0\ud800-\udfff{_BIDI}{_NONCHARACTERS}]")
# Line ends and tabs are text of several lines.
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BREAK = re.compile("[\t\n\r\u2028\u2029]")
_BIDI_MARK = re.compile(f"[{_BIDI}]")

_LOCAL_PART = re.compile(r"[A-Za-z0-9_+~\-]+(?:\.[A-Za-z0-9_+~\-]+)*")
_LABEL = re.compile(r"[^\W_](?:[\w\-]*[^\W_])?")
_LAST_LABEL = re.compile(r"[a-z]{2,}|xn--[a-z0-9\-]+")
_YEAR = re.compile(r"\d{4}-", re.ASCII)
_OUTSIDE_ADDRESS = re.compile(r"[\"'<>`\\{}|^\s]")
MAILBOX_EXPECTED = "Une adresse électronique est attendue."
WEBSITE_EXPECTED = "Une adresse http:// ou https:// est attendue."


def refusal_at_the_door(text: str) -> str | None:
    """Say in French why no text may hold what this one holds; None when it may be read."""
    found = _NEVER.search(text)
    if found is None:
        return None
    if found[0] == "\0":
        return "Le caractère nul n'est pas accepté."
    if "\ud800" <= found[0] <= "\udfff":
        return "Le texte n'est pas de l'Unicode valide."
    if _BIDI_MARK.match(found[0]):
        return (
            f"Le texte contient une marque de direction invisible (U+{ord(found[0]):04X}) : "
            "retapez-le au lieu de le coller."
        )
    return f"Le caractère U+{ord(found[0]):04X} n'est pas accepté."


def refusal_of_text(text: str) -> str | None:
    """As `refusal_at_the_door`, for a text of several lines: control characters too."""
    if _CONTROL.search(text):
        return "Les caractères de contrôle ne sont pas acceptés."
    return refusal_at_the_door(text)


def refusal_of_line(text: str) -> str | None:
    """As `refusal_of_text`, for a text of one line."""
    if _BREAK.search(text):
        return "Les caractères de contrôle ne sont pas acceptés."
    return refusal_of_text(text)


def strings_of(value: Any) -> Iterator[tuple[list[str | int], str]]:
    """Give every text of a JSON value, keys among them, each with the way that leads to it."""
    waiting: list[tuple[list[str | int], Any]] = [([], value)]
    while waiting:
        way, held = waiting.pop()
        if isinstance(held, str):
            yield way, held
        elif isinstance(held, dict):
            for key, inner in held.items():
                yield way, key
                waiting.append(([*way, key], inner))
        elif isinstance(held, list):
            waiting.extend(([*way, at], inner) for at, inner in enumerate(held))


def refusal_of_query(query: bytes) -> str | None:
    """As `refusal_at_the_door`, for a query string, whatever its percent-encoding."""
    if query.isascii() and b"%" not in query:
        return None
    return refusal_at_the_door(unquote_to_bytes(query).decode("utf-8", "replace"))


def mailbox(value: str) -> str:
    """Check the address of a mailbox, and give it with its domain in lower case.

    Stricter than mail itself: no character of the part before the @ means anything in a
    link, so that `mailto:` and what is checked lead to the same mailbox.

    Raises:
        ValueError: no such address; the domain is not looked up.
    """
    try:
        checked = validate_email(value, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise ValueError(MAILBOX_EXPECTED) from None
    if not _LOCAL_PART.fullmatch(checked.local_part):
        raise ValueError(MAILBOX_EXPECTED)
    return str(checked.normalized)


def web_address(value: str) -> str:
    """Check the address of a site: http or https, a name as its host, nobody's account.

    Raises:
        ValueError: no such address.
    """
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:  # such as an unfinished IPv6 address
        raise ValueError(WEBSITE_EXPECTED) from None
    labels = (parts.hostname or "").split(".")
    named = (
        len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and _LAST_LABEL.fullmatch(labels[-1])
    )
    if (
        parts.scheme not in ("http", "https")
        or not named
        or port == 0
        or "@" in parts.netloc
        or _OUTSIDE_ADDRESS.search(value)
        or refusal_of_line(value)
    ):
        raise ValueError(WEBSITE_EXPECTED)
    return value


def _line(value: str) -> str:
    refusal = refusal_of_line(value)
    if refusal:
        raise ValueError(refusal)
    return value


def _lines(value: str) -> str:
    refusal = refusal_of_text(value)
    if refusal:
        raise ValueError(refusal)
    return value


def _sized(maximum: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=maximum)


# The free texts that clients send, to be joined with a length of their own.
LINE = AfterValidator(_line)
LINES = AfterValidator(_lines)
Website = Annotated[str, _sized(300), LINE, AfterValidator(web_address)]
Mailbox = Annotated[str, _sized(200), LINE, AfterValidator(mailbox)]


def written_day(value: Any) -> Any:
    """Let through what may be a day in writing, before it is read as one."""
    # pydantic alone would read a number as seconds since 1970.
    if isinstance(value, int | float) or (isinstance(value, str) and not _YEAR.match(value)):
        raise stated("Une date AAAA-MM-JJ est attendue.", "AAAA-MM-JJ")
    return value
