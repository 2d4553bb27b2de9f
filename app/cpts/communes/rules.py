"""How the text of a search is understood; no database here."""

import re
from dataclasses import dataclass

from app.geography import naming
from app.geography.evidence import districts
from app.geography.evidence.codes import unit_code
from app.geography.evidence.departments import Departments
from app.geography.evidence.texts import wordings


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


def searches(q: str, departments: Departments) -> tuple[Search, ...]:
    """Give the ways to understand a search, the most literal first.

    Parameters: `q`, as typed; `departments`, those of the country. Gives nothing when the
    text holds neither letter nor digit. The postal code of an arrondissement means it
    alone, not the commune elsewhere that has, or had, these digits for its INSEE code.
    """
    text = naming.tidy(q)
    compact = re.sub(r"\s", "", text).upper()
    if re.fullmatch(r"\d{2,5}", compact, re.ASCII):
        of_district = districts.of_postcode(compact)
        code = compact if len(compact) == 5 and not of_district else None
        return (Search(digits=compact, code=code),)
    if re.fullmatch(r"2[AB]\d{3}", compact, re.ASCII) or len(unit_code(compact) or "") > 5:
        return (Search(code=compact),)
    found = []
    for wording in wordings(text, departments):
        named = wording.departments
        digits = wording.digits
        keys: tuple[str, ...] = wording.districts or wording.either or (wording.key,)
        if digits:
            of_district = districts.of_postcode(digits)
            if of_district and of_district.split()[0] == wording.key:
                keys = (of_district,)
            named = named or departments.of_digits(digits)
        found += [
            Search(key, tuple(key.split()), departments=tuple(sorted(named))) for key in keys
        ]
    return tuple(dict.fromkeys(found))
