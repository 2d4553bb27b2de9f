"""The parts of a divided city as people name them: beside its name, in lists, by codes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from app.geography import naming
from app.geography.evidence.codes import undressed
from app.geography.units import CommuneRef, DividedCity

_PART_CODE = re.compile(r"(?P<city>\d[\dAB]\d{3})(?:\d{4}|-\d{2,})")
_PART = r"(?P<code>\d[\dAB]\d{3}(?:\d{4}|-\d{2,}))"
_CODED = tuple(
    map(
        re.compile,
        (rf"{_PART}[\s:–—-]+(?P<name>[^\W\d_].*)", rf"(?P<name>.*[^\W\d_])[\s:–—-]+{_PART}"),
    )
)
_WHOLE_COMMUNE = re.compile(r"(?P<commune>\d[\dAB]\d{3})0000")
# What a spreadsheet leaves of an IRIS code that begins with a zero.
_WITHOUT_ZERO = re.compile(r"[1-9]\d{7}")
_WORD = r"(?:quartiers?|secteurs?|iris|parties?|zones?)"
_LEADING_WORD = re.compile(
    rf"(?:les? |la |l['’])?{_WORD}\b(?:\s+(?:de la |de l['’]|des? |du |d['’]))?\s*:?\s*(?=\w)",
    re.IGNORECASE,
)
# Behind the name of a city these say that a part of it is meant, whichever it is.
_PARTLY = re.compile(
    rf"(?:(?:en|pour|une) partie|{_WORD}|partiel\w*|nord|sud|est|ouest|centre)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_BESIDE = re.compile(r"\s*[:(\[]\s*|\s+[-–—]+\s+|\s*[-–—]\s*|\s+")
_BEFORE_CITY = re.compile(r"\s*[(\[]\s*|\s*,\s*|\s+[-–—]+\s+|\s+à\s+", re.IGNORECASE)
_CUTS = (
    re.compile(r"\s*[,;/|\n•+&]\s*"),
    re.compile(r"\s*[,;/|\n•+&]\s*|\s+et\s+", re.IGNORECASE),
    re.compile(r"\s*[,;/|\n•+&]\s*|\s+et\s+|\s+[-–—]\s+", re.IGNORECASE),
)
# The name of a city has fewer words; more of them are looked through for nothing.
_MOST_PLACES = 12
_MOST_QUARTERS = 200
# A city behind its quarter stands near the end of a short text.
_LONGEST_WITH_CITY = 200
# Words that names of cities begin with otherwise than their keys.
_SHORT = frozenset(("st", "ste", "sts", "stes", "nd"))


@dataclass(frozen=True)
class Cities:
    """The cities that are divided into parts today."""

    by_code: dict[str, CommuneRef] = field(default_factory=dict)
    # How many parts each has.
    parts: dict[str, int] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()
    _prefixes: frozenset[str] = frozenset()
    # The first and the last words of their names: most texts have none of them.
    _first: frozenset[str] = frozenset()
    _last: frozenset[str] = frozenset()

    @classmethod
    def of(cls, divided: Iterable[DividedCity]) -> "Cities":
        """Take over what the reference geography knows of them."""
        every = list(divided)
        keys = frozenset(key for city in every for key in naming.name_keys(city.name))
        return cls(
            {city.code: CommuneRef(city.code, city.name, city.department) for city in every},
            {city.code: city.parts for city in every},
            keys,
            frozenset(prefix for city in every for prefix in city.prefixes),
            frozenset(key.split()[0] for key in keys),
            frozenset(key.split()[-1] for key in keys),
        )

    def __bool__(self) -> bool:
        """Whether any city is divided."""
        return bool(self.by_code)

    def part_code(self, text: str) -> str | None:
        """Read the code of a part: nine signs of an IRIS, a city's code with a number.

        Other cities have no such codes: there these signs mean something else, or nothing.
        """
        if not self.by_code:
            return None
        compact = undressed(text)
        if _WITHOUT_ZERO.fullmatch(compact):
            compact = "0" + compact
        found = _PART_CODE.fullmatch(compact)
        return compact if found and found["city"] in self._prefixes else None

    def with_quarter(self, text: str, code: str | None, quarter: str | None) -> str:
        """Give the text of a row together with what its column of quarters says.

        « Cimiez », or an IRIS code, beside Nice is a part of it. Beside a commune that is not
        divided it says nothing; the IRIS of such a commune (type Z) is the commune.

        Parameters: `text` and `code` of the row, `quarter` as it is written in its column.
        """
        if not quarter:
            return text
        if naming.name_key(text) in self.keys:
            return f"{text} ({quarter})"
        if text:
            return text
        if code:
            return quarter if undressed(code)[: len("06088")] in self._prefixes else text
        whole = _WHOLE_COMMUNE.fullmatch(undressed(quarter))
        return whole["commune"] if whole else quarter

    def coded(self, text: str) -> Iterator[tuple[str, str]]:
        """Give a name and the code of a part that stands before or behind it."""
        for pattern in _CODED:
            found = pattern.fullmatch(text)
            if found and (code := self.part_code(found["code"])):
                yield found["name"], code

    def beside(self, text: str) -> Iterator[tuple[str, str]]:
        """Give the ways to part a text into the name of a city and what stands beside it."""
        words = naming.spelling(text[:_LONGEST_WITH_CITY]).split() if self.by_code else ()
        if not words:
            return
        begins = words[0] in self._first or words[0] in _SHORT
        for found in islice(_BESIDE.finditer(text), _MOST_PLACES) if begins else ():
            before, after = text[: found.start()], text[found.end() :]
            if after and naming.name_key(before) in self.keys:
                yield before, _unbracketed(after)
        ends = words[-1] in self._last
        for found in islice(_BEFORE_CITY.finditer(text), _MOST_PLACES) if ends else ():
            before, after = text[: found.start()].strip(), _unbracketed(text[found.end() :])
            if before and naming.name_key(after) in self.keys:
                yield after, before


def _unbracketed(text: str) -> str:
    return text.strip(" )]")


def is_partial(text: str) -> bool:
    """Whether what stands beside a city says that only a part of it is meant."""
    return _PARTLY.match(text) is not None


def lists_of(text: str) -> tuple[tuple[str, ...], ...]:
    """Give the ways to cut what stands beside a city into the names of its quarters."""
    ways: list[tuple[str, ...]] = [(text,)]
    bare = _LEADING_WORD.sub("", text, count=1)
    for pattern in _CUTS:
        parts = tuple(part.strip() for part in pattern.split(bare) if part.strip())
        if 1 < len(parts) <= _MOST_QUARTERS:
            ways.append(parts)
    return tuple(dict.fromkeys(ways))


def keys_of(city: str, quarter: str) -> tuple[str, ...]:
    """Give the keys under which a quarter of a city may be stored, the surest first.

    « quartiers Nord » is the part of that name, or the one called « Nord ».
    """
    bare = _LEADING_WORD.sub("", quarter, count=1)
    keys = [key for text in (quarter, bare) for key in naming.name_keys(text) if key]
    return tuple(dict.fromkeys((*keys, *(f"{naming.name_key(city)} {key}" for key in keys))))
