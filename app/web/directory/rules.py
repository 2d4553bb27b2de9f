"""Addresses of pages of the directory, and the files of a selection. Plain Python."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

# What can stand in a `mailto:` without meaning anything but an address.
_MAILBOX = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+"
)
# Longer addresses are cut by some mail programs.
_LONGEST_MAILTO = 1900
Pairs = Sequence[tuple[str, str]]


def address(path: str, pairs: Pairs, **changes: str | None) -> str:
    """Write an address with some parameters changed; None, or a page of before, leaves out."""
    kept = [
        (name, value)
        for name, value in pairs
        if name not in changes and value and (name != "page" or "page" in changes)
    ]
    kept += [(name, value) for name, value in changes.items() if value]
    return f"{path}?{urlencode(kept, safe=',:')}" if kept else path


def without_empty(pairs: Pairs) -> Pairs | None:
    """Give the parameters that somebody filled in, None when all were."""
    filled = [(name, value) for name, value in pairs if value]
    return None if len(filled) == len(pairs) else filled


def mailboxes(people: Iterable[Mapping[str, Any]]) -> list[str]:
    """List the addresses to write to, each once, without what is no address at all."""
    given = (str(person["email"] or "").strip() for person in people)
    return list(dict.fromkeys(each for each in given if _MAILBOX.fullmatch(each)))


def mailto(addresses: Sequence[str]) -> str | None:
    """Write a link to a message to all, each unseen by the others; None when too long."""
    if not addresses:
        return None
    # Whatever an address holds stays one: neither another header nor another recipient.
    link = "mailto:?bcc=" + ",".join(quote(each, safe="@") for each in addresses)
    return link if len(link) <= _LONGEST_MAILTO else None


def people_of(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List whom to call of CPTS, a row each: the contacts, else the association itself."""
    rows: list[dict[str, Any]] = []
    for item in items:
        own = {"cpts": item["name"], "website": item["website"], "address": item["address"]}
        called = item["contacts"] or [
            {"role": "Association", "name": "", "email": item["email"], "phone": item["phone"]}
        ]
        rows += [{**own, **contact} for contact in called]
    return rows
