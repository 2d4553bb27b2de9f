"""Numbers, dates, amounts, plurals and spaces as they are written in French.

Separators, months and currencies are those of the CLDR (Babel). What it does not know is
here: the first of a month, shares that are never rounded to all or nothing, spaces in text.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from unicodedata import combining, normalize

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from app.database.calendar import PARIS

FRENCH = Locale("fr")
NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
SPACE = "\N{NO-BREAK SPACE}"
UNKNOWN = "—"
# What is not prose, else a tag: nothing of it is touched but what is read out of a tag.
_TAG = r"<(?P<verbatim>script|style|code|kbd|pre|samp|textarea)\b.*?</(?P=verbatim)>|<[^>]*>"
_READ_OUT = re.compile(
    r'(?<= )((?:alt|aria-label|aria-description|content|data-label|placeholder|title)=")([^"]*)'
)
_SIGNS = r"'|&#39;|« | (?=»|[:;!?%](?:[\s<]|$))"
_IN_PAGE = re.compile(f"(?P<tag>{_TAG})|(?P<sign>{_SIGNS})", re.DOTALL)
_IN_TEXT = re.compile(f"(?P<sign>{_SIGNS})")


# Pages hold hundreds of numbers, the same ones again and again.
@lru_cache(maxsize=4096)
def _decimal(value: float, pattern: str) -> str:
    written = format_decimal(value, format=pattern, locale=FRENCH)
    return written.replace("-", "\N{MINUS SIGN}")


def number(value: float | None, digits: int = 0) -> str:
    """Write a number: 12345.6 → « 12 346 »; an em dash for None.

    Parameters: `digits`, how many decimals are kept.
    """
    if value is None:
        return UNKNOWN
    return _decimal(value, f"#,##0.{'0' * digits}" if digits else "#,##0")


def measure(value: float, digits: int = 3) -> str:
    """Write what was measured, with as few decimals as it needs: 12.50 → « 12,5 ».

    Parameters: `digits`, the most decimals.
    """
    return _decimal(value, f"#,##0.{'#' * digits}")


def others(count: int) -> str:
    """Write how many are left out of a list: 1 → « une autre », 3 → « 3 autres ».

    In the feminine, as communes, letters and rows are.
    """
    return "une autre" if count == 1 else f"{number(count)} autres"


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share of 0 to 1 as a percentage: 0.8432 → « 84,3 % »; a dash for None.

    A share just below one is never rounded up to « 100 % », nor one above none to « 0 % ».
    """
    if share is None:
        return UNKNOWN
    shown = _in_hundredths(share, digits)
    return _percent(shown, 0 if shown == int(shown) else digits)


def aligned_percent(share: float | None, digits: int = 1) -> str:
    """Write a share for a column, where all have as many decimals: 0.5 → « 50,0 % »."""
    return UNKNOWN if share is None else _percent(_in_hundredths(share, digits), digits)


def _in_hundredths(share: float, digits: int) -> float:
    step = 10.0**-digits
    shown = round(share * 100, digits)
    if shown >= 100 and share < 1:
        return 100 - step
    return step if shown <= 0 < share else shown


def _percent(hundredths: float, digits: int) -> str:
    decimals = f".{'0' * digits}" if digits else ""
    pattern = f"#,##0{decimals}{NARROW_SPACE}%"
    return format_percent(hundredths / 100, format=pattern, locale=FRENCH)


def long_date(value: date) -> str:
    """Write a day with plain spaces, for titles and what is copied: « 1er janvier 2026 »."""
    return format_date(value, "d'er' MMMM y" if value.day == 1 else "d MMMM y", locale=FRENCH)


def day(value: date | datetime | str | None) -> str:
    """Write a day: 2024-03-01 → « 1er mars 2024 »; a dash for None.

    Parameters: `value`, a date, a moment (its day in Paris) or either in ISO 8601.
    """
    if value is None:
        return UNKNOWN
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    if isinstance(value, datetime):
        value = value.astimezone(PARIS).date()
    return long_date(value).replace(" ", SPACE, 1)


def clock(value: datetime | str | None) -> str:
    """Write the time of day of a moment in Paris: « 14 h 05 »; a dash for None."""
    if value is None:
        return UNKNOWN
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(PARIS).strftime(f"%-H{SPACE}h{SPACE}%M")


def short_date(value: date) -> str:
    """Write a day in figures: « 01/03/2024 »; of a moment, the day that it has where it is."""
    return format_date(value, "dd/MM/yyyy", locale=FRENCH)


def euros(value: float | None) -> str:
    """Write an amount of whole euros: 287500 → « 287 500 € »; a dash for None."""
    if value is None:
        return UNKNOWN
    return format_currency(
        value, "EUR", format=f"#,##0{SPACE}¤", locale=FRENCH, currency_digits=False
    )


def counted(value: int, singular: str, plural: str | None = None) -> str:
    """Write how many there are: 0 and 1 take the singular, as French does.

    Parameters: `plural`, the singular with « s » when None.
    """
    noun = singular if value < 2 else (plural or f"{singular}s")
    return f"{number(value)}{SPACE}{noun}"


def typeset(page: str) -> str:
    """Give the HTML of a page with the signs that French is printed with.

    Typographic apostrophes, and unbreakable spaces inside « » and before : ; ! ? %, in what
    a page says and in what is read out of its tags; names of INSEE have neither. Only a sign
    with a plain space before it and a space, a tag or the end after it is meant: codes and
    addresses stay as they are, as do scripts and what fields hold.
    """
    return _IN_PAGE.sub(_printed, page)


def typeset_text(text: str) -> str:
    """Give a text that is no HTML with the signs that French is printed with, as `typeset`."""
    return _IN_TEXT.sub(_printed_sign, text)


def _printed(found: re.Match[str]) -> str:
    tag: str | None = found["tag"]
    if tag is None:
        return _printed_sign(found)
    return (
        tag if found["verbatim"] or "=" not in tag else _READ_OUT.sub(_printed_attribute, tag)
    )


def _printed_sign(found: re.Match[str]) -> str:
    sign: str = found["sign"]
    before = found.string[found.start() - 1] if found.start() else ""
    if sign == "« ":
        return f"«{SPACE}"
    if sign != " ":
        after = found.string[found.end() : found.end() + 1]
        return "’" if before.isalpha() and (after.isalnum() or after in "<«") else sign
    if not before or before.isspace():
        return sign
    return SPACE if found.string[found.end()] in ":»" else NARROW_SPACE


def _printed_attribute(found: re.Match[str]) -> str:
    return found[1] + typeset_text(found[2])


def by_name(items: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Sort by `name` as a dictionary does: « Île-de-France » comes before « Normandie »."""
    return sorted(items, key=lambda item: alphabetical(item["name"]))


def alphabetical(name: str) -> str:
    """Give what a name is sorted by: without accents, whatever its capitals."""
    return "".join(c for c in normalize("NFD", name) if not combining(c)).casefold()


def origin_free(address: str) -> str:
    """Write an address for reading: without its scheme and final slash."""
    return address.split("://", 1)[-1].removeprefix("www.").rstrip("/")
