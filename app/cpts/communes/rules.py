"""How the text of a search is understood; no database here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.geography import naming


@dataclass(frozen=True)
class Search:
    """One way to understand a search.

    `key` is the key of the name sought and `words` the beginnings of words that it must
    have; `digits` the beginning of a postal code, `code` an INSEE code; `departments`
    those that the text itself names.
    """

    key: str = ""
    words: tuple[str, ...] = ()
    digits: str | None = None
    code: str | None = None
    departments: tuple[str, ...] = ()


def searches(q: str, departments: Mapping[str, str]) -> tuple[Search, ...]:
    """Give the ways to understand a search, the most literal first.

    Parameters: `q`, as typed; `departments`, from the key of a department's name to its
    code. Gives nothing when the text holds neither letter nor digit.
    """
    text = naming.tidy(q)
    compact = re.sub(r"\s", "", text).upper()
    if re.fullmatch(r"\d{2,5}", compact, re.ASCII):
        code = compact if len(compact) == 5 else None
        return (Search(digits=compact, code=code),)
    if re.fullmatch(r"2[AB]\d{3}", compact, re.ASCII):
        return (Search(code=compact),)
    found = []
    for reading in naming.readings(text, departments):
        key = reading.key
        found.append(Search(key, tuple(key.split()), departments=reading.departments))
    return tuple(found)
