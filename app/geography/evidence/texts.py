"""The ways to understand the text of a place: a name, and what stands around it.

No way is preferred because it comes first: those of one level are weighed together, and
what they disagree on is ambiguous. A later level is for texts of which the ones before it
know nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from app.geography import naming
from app.geography.evidence import damage, districts, quarters
from app.geography.evidence.departments import Departments
from app.geography.evidence.quarters import Cities

LITERAL, FRAMED, PREFIXED, LOOSE = range(4)
_NO_CITIES = Cities()


@dataclass(frozen=True)
class Wording:
    """One way to understand a text as the name of a place.

    `departments` are those that the text names; `digits` a code or postal code beside the
    name; `districts` the keys of arrondissements that are meant together, `either` those
    of which one is meant; `quarters` the parts of the city of that name that are meant
    together; `notes` what was left aside, in French; `excluded` a remark that takes the place
    out of the list; `remark`, whether words in brackets were left aside that may belong to a
    name.
    """

    name: str
    level: int = LITERAL
    departments: frozenset[str] = frozenset()
    digits: str | None = None
    districts: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    quarters: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    excluded: str | None = None
    remark: bool = False

    @cached_property
    def key(self) -> str:
        """Give the key of the name."""
        return naming.name_key(self.name)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Give every key under which the name may be stored."""
        if self.districts or self.either:
            return self.districts or self.either
        key = self.key
        parts = (k for each in self.quarters for k in quarters.keys_of(self.name, each))
        return tuple(dict.fromkeys((key, naming.bare_key(key), *parts))) if key else ()


# The longest name has 45 letters, the longest department 23. What is longer is no name with
# its place, and looking for one there costs by the square of the length.
_LONGEST_WITH_PLACE = 120
_LONGEST = 200
_AROUND_A_TEXT = " .;,:\"'«»“”"
# A place is separated from its department once or twice; more is a list, or nonsense.
_MOST_SEPARATORS = 6

_NUMBERING = re.compile(r"(?P<number>\d{1,3})\s*[.)°]\s*[-–]?\s*(?P<name>[^\W\d_].*)")
_BULLET = re.compile(r"^[-–—•*·▪►◦○●✓]+\s*(?=\w)")
_FOOTNOTE_SIGNS = re.compile(
    r"(?<=[^\W\d_.])(?P<sign>\s*(?:\*+|†+))$|(?P<question>\s+\?+)$|(?P<raised>\s*[¹²³⁰⁴-⁹]+)$"
)
_POPULATION = re.compile(r"[\s:,(–-]*(?P<said>\d[\d\s.]*\s*hab(?:itants?)?\.?)\s*\)?$", re.I)
_BRACKETED = re.compile(r"(?P<name>.+?)\s*[(\[{]\s*(?P<place>[^()\[\]{}]*?)\s*[)\]}]?")
_BRACKET_FIRST = re.compile(r"[(\[]\s*(?P<place>[^()\[\]]+?)\s*[)\]]\s*(?P<name>.+)")
_SEPARATOR = re.compile(
    r"\s*[,;/|:]\s*|\s+[-–—]+\s+|\s+(?=(?:d[ée]p(?:artement|t)?|dpt)\b)", re.IGNORECASE
)
_NUMBER = r"\d{5}|2[AaBb] ?\d{3}|\d{2} \d{3}|\d{4}|\d{2,3}|2[AaBb]|[1-9]"
_LEADING = re.compile(rf"(?P<place>{_NUMBER})(?:\s*[-–—,:;/]+\s*|\s+)(?P<name>[^\W\d_].*)")
_LEADING_JOINED = re.compile(r"(?P<place>\d{2}|97\d|2[AaBb])[-–](?P<name>[^\W\d_].+)")
_TRAILING = re.compile(
    r"(?P<name>.*[^\W\d_.'][)'’]*)[\s_]*"
    r"(?P<place>\d{5}|2[AaBb] ?\d{3}|\d{2} \d{3}|\d{2,4}|2[AaBb])"
)
# Without one of these nothing stands around the name.
_AROUND = re.compile(r"[\d()\[\]{},;/|:]|\s[-–—]|\s(?:d[ée]p|dpt)", re.IGNORECASE)
_PREFIX = re.compile(
    r"(?P<what>(?:commune|ville|mairie)\s+)(?P<link>de\s+|d['’]\s*|du\s+|des\s+)(?P<name>.+)",
    re.IGNORECASE,
)
# "Ville du Mans" is about Le Mans.
_CONTRACTED = {"du": "Le ", "des": "Les "}
_CEDEX = re.compile(r"\s+cedex(?:\s+\d{1,2})?$", re.IGNORECASE)
_OUT = re.compile(
    r"\b(retire\w*|exclu\w*|hors|sauf|supprime\w*|sorti\w*|quitte\w*|non|pas|sans|attente"
    r"|venir|refus\w*|annul\w*|abandon\w*|ancien\w* membre)\b"
)


def wordings(
    text: str,
    departments: Departments,
    *,
    beside_department: bool = False,
    numbered: frozenset[str] = frozenset(),
    cities: Cities = _NO_CITIES,
) -> tuple[Wording, ...]:
    """Give the ways to understand a text, cleaned of what can be repaired for certain.

    Parameters: `beside_department`, a column says the department, so that a digit in
    brackets is a footnote; `numbered`, the cities whose arrondissements this list gives by
    bare numbers, so that "Marseille 13" is one of them; `cities`, those that are divided
    into parts.
    """
    whole = _BULLET.sub("", text).strip(_AROUND_A_TEXT)
    found = [
        *_distinct(
            whole[:_LONGEST].rstrip(_AROUND_A_TEXT), departments, beside_department, numbered
        ),
        # The quarters of a city may be a long list.
        *_of_cities(whole, cities),
    ]
    for each in tuple(found):
        prefix = _PREFIX.fullmatch(each.name)
        if prefix:
            link = prefix["link"].strip()
            said = f"précision « {(prefix['what'] + link).strip()} » laissée de côté"
            name = _CONTRACTED.get(link.lower(), "") + prefix["name"]
            found.append(replace(each, name=name, level=PREFIXED, notes=(*each.notes, said)))
    for each in tuple(found):
        found += _loosely(each)
    return tuple(dict.fromkeys(each for each in found if each.keys))


def _distinct(
    plain: str, departments: Departments, beside_department: bool, numbered: frozenset[str]
) -> Iterator[Wording]:
    bare = plain
    notes: tuple[str, ...] = ()
    signs = _FOOTNOTE_SIGNS.search(bare)
    if signs:
        bare = bare[: signs.start()].strip()
        notes = (f"appel de note « {signs[0].strip()} » laissé de côté",)
    yield from _named(Wording(bare, notes=notes))
    if len(plain) > _LONGEST_WITH_PLACE:
        return
    if not _AROUND.search(bare):
        return
    population = _POPULATION.search(bare)
    if population and population.start():
        bare = bare[: population.start()]
        notes = (*notes, f"précision « {population['said'].strip()} » laissée de côté")
        yield from _named(Wording(bare, FRAMED, notes=notes))
    numbering = _NUMBERING.fullmatch(bare)
    if numbering:
        said = f"numéro « {numbering['number']} » laissé de côté"
        bare_again = numbering["name"].strip()
        yield from _named(Wording(bare_again, FRAMED, notes=(*notes, said)))
        yield from _placed(bare_again, departments, beside_department, (*notes, said))
        codes = departments.of_number(numbering["number"])
        if codes and not beside_department and len(numbering["number"]) > 1:
            yield Wording(bare_again, FRAMED, codes, notes=notes)
        return
    is_numbered = bool(numbered) and districts.own_department(plain) in numbered
    for each in _placed(bare, departments, beside_department, notes):
        if not (each.departments and is_numbered):
            yield each


def _of_cities(plain: str, cities: Cities) -> Iterator[Wording]:
    """Give the parts of a divided city that a text names, or says to be meant."""
    for city, rest in cities.beside(plain):
        for way in quarters.lists_of(rest):
            yield Wording(city, FRAMED, quarters=way)
        if quarters.is_partial(rest):
            said = f"précision « {rest} » laissée de côté"
            yield Wording(city, PREFIXED, notes=(said,), remark=True)
    framed = ((name, cities.part_code(place)) for name, place, _ in _frames(plain))
    for name, code in (*cities.coded(plain), *framed) if cities else ():
        if code and naming.spelling(name):
            yield Wording(name, FRAMED, digits=code)


_RUN_TOGETHER = re.compile("(?<=[a-zà-ÿœ])(?=[A-ZÀ-ÖØ-ÞŒ])")
_ELIDED = re.compile("^([LD])(?=[A-ZÀ-ÖØ-ÞŒ][a-zà-ÿœ])")
_CITY_AND_DIGIT = re.compile(r"^(paris|lyon|marseille)(?=\d)", re.IGNORECASE)


def _apart(name: str) -> str:
    """Part words that are run together where capitals tell them: "MontDauphin", "LHerm"."""
    if name.isupper():
        return name
    parted = _ELIDED.sub(r"\1'", _CITY_AND_DIGIT.sub(r"\1 ", name))
    return _RUN_TOGETHER.sub(" ", parted)


def _named(wording: Wording) -> Iterator[Wording]:
    """Give a name as it is, and with its arrondissements when it has any."""
    several = districts.keys_in(wording.name)
    if several:
        yield replace(wording, districts=several)
        return
    if districts.is_marked(wording.name):
        number = districts.number_of(wording.name)
        keys = [districts.key_of(city, number) for city in districts.CITIES if number]
        yield replace(wording, either=tuple(key for key in keys if key))
        return
    parted = _apart(wording.name)
    if parted != wording.name:
        # "LaCelle" may be Lacelle as well as La Celle: both are weighed.
        wording = replace(wording, level=max(wording.level, FRAMED))
        said = f"« {wording.name} » lu « {parted} »"
        yield from _named(replace(wording, name=parted, notes=(*wording.notes, said)))
    yield wording
    if "/" in wording.name:
        over = re.sub(r"\bs\s*/\s*(?!s\b)|\s*(?<!s)/\s*(?!s\b)", " sur ", wording.name)
        if over != wording.name:
            over = " ".join(over.split())
            said = f"« {wording.name} » lu « {over} »"
            level = max(wording.level, FRAMED)
            yield replace(wording, name=over, level=level, notes=(*wording.notes, said))


def _placed(
    plain: str, departments: Departments, beside_department: bool, notes: tuple[str, ...]
) -> Iterator[Wording]:
    """Give a name with the place that stands before it, behind it or in brackets."""
    for name, place, kind in _frames(plain):
        if not naming.spelling(name):
            continue
        for each in _interpreted(name, place, kind, departments, beside_department):
            for whole in _named(replace(each, level=max(each.level, FRAMED))):
                yield replace(whole, notes=(*notes, *whole.notes))


def _frames(plain: str) -> Iterator[tuple[str, str, str]]:
    for pattern, kind in (
        (_BRACKETED, "bracket"), (_BRACKET_FIRST, "bracket"), (_LEADING, "leading"),
        (_LEADING_JOINED, "leading"), (_TRAILING, "trailing"),
    ):  # fmt: skip
        found = pattern.fullmatch(plain)
        if found:
            yield found["name"].strip(), found["place"].strip(), kind
    for found in islice(_SEPARATOR.finditer(plain), _MOST_SEPARATORS):
        before, after = plain[: found.start()].strip(), plain[found.end() :].strip()
        if before and after:
            yield before, after, "separated"
            yield after, before, "before"


def _interpreted(
    name: str, place: str, kind: str, departments: Departments, beside_department: bool
) -> Iterator[Wording]:
    compact = place.replace(" ", "").upper()
    if re.fullmatch(r"\d{5}|2[AB]\d{3}", compact, re.ASCII):
        yield from _beside_digits(name, compact)
    elif re.fullmatch(r"\d{4}", compact, re.ASCII):
        if kind == "trailing":
            said = f"nombre « {place} » non lu"
            yield Wording(name, FRAMED, notes=(said,))
        else:
            yield Wording(name, FRAMED, digits=f"0{compact}")
    elif naming.spelling(name) in districts.CITIES and districts.number_of(place) is not None:
        # An arrondissement, that the city has or not, unless its own department.
        city = districts.CITY_OF_DEPARTMENT.get(compact)
        if city == naming.spelling(name):
            yield Wording(name, FRAMED, frozenset((compact,)))
    elif kind == "bracket" and re.fullmatch(r"[1-9]|[a-z]|\*+", place):
        footnote = f"appel de note « ({place}) » laissé de côté"
        yield Wording(name, FRAMED, notes=(footnote,))
        if not beside_department and departments.of_number(place):
            yield Wording(name, FRAMED, departments.of_number(place))
    elif codes := departments.read(place):
        if kind == "leading" and len(compact) == 1 and not beside_department:
            yield Wording(name, FRAMED, notes=(f"numéro « {place} » laissé de côté",))
        yield Wording(name, FRAMED, codes)
    elif kind == "bracket":
        out = place if _OUT.search(naming.spelling(place)) else None
        notes = (f"précision « {place} » laissée de côté",) if place else ()
        yield Wording(name, PREFIXED, notes=notes, excluded=out, remark=bool(place))
    elif kind == "trailing" and re.fullmatch(r"\d+", compact, re.ASCII):
        yield Wording(name, FRAMED, notes=(f"nombre « {place} » non lu",))


def _beside_digits(name: str, digits: str) -> Iterator[Wording]:
    key = districts.of_postcode(digits)
    plain = _CEDEX.sub("", name)
    if key and naming.spelling(plain) == key.split()[0]:
        # "75013 PARIS" is the 13th by both; an INSEE code of these digits is elsewhere.
        yield Wording(plain, FRAMED, digits=digits)
        return
    yield Wording(name, FRAMED, digits=digits)


_LES = re.compile(r"\b(l[eè]z|l[eè]s)\b", re.IGNORECASE)


def _loosely(wording: Wording) -> Iterator[Wording]:
    """Give a name with what the copyists of names confuse: lès and lez, a damaged cedilla."""
    for other in ("les", "lez") if _LES.search(wording.name) else ():
        swapped = _LES.sub(other, wording.name)
        if naming.spelling(swapped) != naming.spelling(wording.name):
            yield replace(wording, name=swapped, level=LOOSE)
    restored = wording.name if wording.name.isascii() else naming.restored_cedilla(wording.name)
    if restored != wording.name:
        said = f"caractère abîmé : « {wording.name} » lu « {restored} »"
        yield replace(wording, name=restored, level=LOOSE, notes=(*wording.notes, said))


_LIST_CUTS = (
    re.compile(r"\s*(?:[,;/|\n•]|<br\s*/?>|_x000D_)\s*|\s+(?:et|&|\+)\s+", re.IGNORECASE),
    re.compile(r"\s*(?:[,;/|\n•.]|\s[-–—]\s|<br\s*/?>)\s*|\s+(?:et|&|\+)\s+", re.IGNORECASE),
)
MOST_IN_A_LIST = 200


def cuts(text: str) -> tuple[tuple[str, ...], ...]:
    """Give the ways to cut a text as a list of places, none when it is no list."""
    found = []
    for pattern in _LIST_CUTS:
        parts = tuple(part.strip() for part in pattern.split(text) if part.strip())
        if 1 < len(parts) <= MOST_IN_A_LIST:
            found.append(parts)
    codes = text.split()
    if len(codes) > 1 and all(re.fullmatch(r"\d[\dAB]\d{3}", each) for each in codes):
        found.append(tuple(codes))
    return tuple(dict.fromkeys(found))


def is_damaged(wording: Wording) -> bool:
    """Whether the name of a wording has lost letters, so that it says nothing literally."""
    return damage.is_damaged(wording.name)
