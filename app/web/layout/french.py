"""Numbers, dates, plurals and spaces as they are written in French."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from unicodedata import combining, normalize

from app.database.calendar import PARIS
from app.maps.rules import MONTHS

NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
SPACE = "\N{NO-BREAK SPACE}"
_AFTER_OPENING = re.compile(r"« ")
_BEFORE_COLON = re.compile(r"(?<=\S) (?=»|:(?:[\s<\"]|$))")
_BEFORE_HIGH_SIGN = re.compile(r"(?<=\S) (?=[;!?](?:[\s<\"]|$))")


def number(value: float | None, digits: int = 0) -> str:
    """Write a number: 12345.6 → « 12 346 »; an em dash for None.

    Parameters: `digits`, how many decimals are kept.
    """
    if value is None:
        return "—"
    written = f"{value:,.{digits}f}".replace(",", NARROW_SPACE).replace(".", ",")
    return written.replace("-", "\N{MINUS SIGN}")


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share of 0 to 1 as a percentage: 0.8432 → « 84,3 % »; a dash for None.

    A share just below one is never rounded up to « 100 % », nor one above none to « 0 % ».
    """
    if share is None:
        return "—"
    step = 10.0**-digits
    shown = round(share * 100, digits)
    if shown >= 100 and share < 1:
        shown = 100 - step
    if shown <= 0 < share:
        shown = step
    kept = 0 if shown == int(shown) else digits
    return f"{number(shown, kept)}{NARROW_SPACE}%"


def day(value: date | datetime | str | None) -> str:
    """Write a day: 2024-03-01 → « 1er mars 2024 »; a dash for None.

    Parameters: `value`, a date, a moment (its day in Paris) or either in ISO 8601.
    """
    if value is None:
        return "—"
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    if isinstance(value, datetime):
        value = value.astimezone(PARIS).date()
    ordinal = "1er" if value.day == 1 else str(value.day)
    return f"{ordinal}{SPACE}{MONTHS[value.month - 1]} {value.year}"


def euros(value: float | None) -> str:
    """Write an amount of whole euros: 287500 → « 287 500 € »."""
    return number(value) if value is None else f"{number(value)}{SPACE}€"


def counted(value: int, singular: str, plural: str | None = None) -> str:
    """Write how many there are: 0 and 1 take the singular, as French does.

    Parameters: `plural`, the singular with « s » when None.
    """
    noun = singular if value < 2 else (plural or f"{singular}s")
    return f"{number(value)}{SPACE}{noun}"


def spaced(text: str) -> str:
    """Keep signs with the word beside them: unbreakable spaces inside « » and before : ; ! ?.

    Only a sign with a plain space before it and a space, a tag, a quotation mark or the end
    after it is meant: codes and addresses stay as they are.
    """
    text = _AFTER_OPENING.sub(f"«{SPACE}", text)
    text = _BEFORE_COLON.sub(SPACE, text)
    return _BEFORE_HIGH_SIGN.sub(NARROW_SPACE, text)


def by_name(items: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Sort by `name` as a dictionary does: « Île-de-France » comes before « Normandie »."""
    return sorted(items, key=lambda item: _without_accents(item["name"]))


def _without_accents(name: str) -> str:
    return "".join(c for c in normalize("NFD", name) if not combining(c)).casefold()


def origin_free(address: str) -> str:
    """Write an address for reading: without its scheme and final slash."""
    return address.split("://", 1)[-1].removeprefix("www.").rstrip("/")
