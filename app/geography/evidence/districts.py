"""The arrondissements of Paris, Lyon and Marseille as people number them."""

import re
from collections.abc import Iterable

from app.geography import naming

CITIES = naming.ARRONDISSEMENTS
CITY_OF_DEPARTMENT = {"75": "paris", "69": "lyon", "13": "marseille"}
_DEPARTMENT_OF_CITY = {city: code for code, city in CITY_OF_DEPARTMENT.items()}
_TENS = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
_ROMAN = {word: number for number, word in enumerate(_TENS, 1)} | {
    f"x{word}": number for number, word in enumerate(_TENS, 11)
}
_SPOKEN = {
    word: number
    for number, word in enumerate(
        [
            "premier",
            "deuxieme",
            "troisieme",
            "quatrieme",
            "cinquieme",
            "sixieme",
            "septieme",
            "huitieme",
            "neuvieme",
            "dixieme",
            "onzieme",
            "douzieme",
            "treizieme",
            "quatorzieme",
            "quinzieme",
            "seizieme",
            "dix-septieme",
            "dix-huitieme",
            "dix-neuvieme",
            "vingtieme",
        ],
        1,
    )
}
_LONGEST_FIRST = sorted((word.replace("-", " ") for word in _SPOKEN), key=len, reverse=True)
_SPOKEN_WORDS = re.compile(rf"\b({'|'.join(_LONGEST_FIRST)})\b")
_SUFFIX = r"(?:er|ere|eme|ieme|em|e|nde|nd|ie|o)"
_DISTRICT = r"(?:arrondissements?|arrdts?|arrts?|arrs?|ardts?|ar)"
_NUMBER = rf"(?P<number>\d{{1,2}}|[ivx]{{1,5}}) ?(?P<suffix>{_SUFFIX})?"
_ONE = re.compile(rf"0?{_NUMBER}(?: {_DISTRICT})?")
_WHOLE = re.compile(
    rf"(?P<city>paris|lyon|marseille)(?: et)?(?: {_DISTRICT})? (?P<rest>[\divx].*)"
    rf"|(?P<before>[\divx].*?) {_DISTRICT}(?: de)? (?P<behind>paris|lyon|marseille)"
)
_CITY_WITHIN = re.compile("|".join(CITIES), re.IGNORECASE)
_POSTCODE = re.compile(r"75[01](?P<paris>\d\d)|690(?P<lyon>0\d)|130(?P<marseille>[01]\d)")


def _words(text: str) -> str:
    # A footnote is no digit.
    text = re.sub("[¹²³⁰⁴-⁹]", " ", text)
    words = naming.spelling(re.sub(r"[+/&;,]", " et ", text))
    return _SPOKEN_WORDS.sub(lambda m: str(_SPOKEN[m[1].replace(" ", "-")]), words)


def number_of(text: str) -> int | None:
    """Read the number of one arrondissement: 13, 13e, 13º, XIII, "13e arrondissement"."""
    found = _ONE.fullmatch(_words(text))
    return _number(found["number"]) if found else None


def is_marked(text: str) -> bool:
    """Whether a number is one of an arrondissement by its own form: "13e", "8e arr."."""
    if not text[:1].isdigit():
        return False
    found = _ONE.fullmatch(_words(text))
    if found is None or not found["number"].isdigit():
        return False
    return bool(found["suffix"] or re.search(rf" {_DISTRICT}$", _words(text)))


def key_of(city: str, number: int) -> str | None:
    """Give the key under which an arrondissement is stored, None when the city lacks it."""
    return f"{city} {number}" if 1 <= number <= CITIES.get(city, 0) else None


def of_postcode(digits: str) -> str | None:
    """Give the key of the arrondissement that a postal code serves by its very number."""
    found = _POSTCODE.fullmatch(digits)
    if not found:
        return None
    city = next(name for name, number in found.groupdict().items() if number)
    return key_of(city, int(found[city]))


def keys_in(text: str) -> tuple[str, ...]:
    """Read one or several arrondissements of a city: "Marseille 1er, 2e, 3e", "Lyon 3e".

    Gives the keys under which they are stored, nothing unless every number is one that
    the city has.
    """
    if not _CITY_WITHIN.search(text):
        return ()
    found = _WHOLE.fullmatch(_words(text))
    if not found:
        return ()
    city = found["city"] or found["behind"]
    numbers: list[int] = []
    for part in re.split(r" (?:et )+", found["rest"] or found["before"]):
        reach = re.split(r" (?:a|au) ", part)
        ends = [_ONE.fullmatch(end) for end in reach]
        read = [_number(end["number"]) if end else None for end in ends]
        if len(read) > 2 or None in read:
            return ()
        numbers += range(read[0], read[-1] + 1)  # type: ignore[arg-type, operator]
    keys = [key_of(city, number) for number in numbers]
    return tuple(dict.fromkeys(key for key in keys if key)) if keys and all(keys) else ()


def own_department(text: str) -> str | None:
    """Give the city of "Marseille 13": a number that is a department and a district alike."""
    city, _, number = _words(text).partition(" ")
    both = _DEPARTMENT_OF_CITY.get(city) == number and key_of(city, int(number or 0))
    return city if both else None


def bare_number(text: str) -> tuple[str, int] | None:
    """Read a city's name and a number without any mark: "Marseille 12"."""
    city, _, number = _words(text).partition(" ")
    if city in CITIES and re.fullmatch(r"0?\d{1,2}", number, re.ASCII):
        return city, int(number)
    return None


def _number(word: str) -> int | None:
    return int(word) if word.isdigit() else _ROMAN.get(word)


def numbered_cities(written: Iterable[str]) -> frozenset[str]:
    """Give the cities whose arrondissements a list gives by bare numbers.

    "Marseille 13" is one of them beside "Marseille 12" and "Marseille 14", unless the list
    also writes departments so ("Lyon 69").
    """
    numbered: set[str] = set()
    for text in set(written):
        found = bare_number(text)
        if found is None:
            if re.fullmatch(r"[^\d,;/()]*[^\W\d_][ ]\d\d", text.strip()):
                return frozenset()
            continue
        city, number = found
        if key_of(city, number) is None:
            return frozenset()
        if own_department(text) is None:
            numbered.add(city)
    return frozenset(numbered)
