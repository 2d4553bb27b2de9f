"""Taking a row apart: each column that says something of a place is a piece of evidence."""

import re
from dataclasses import dataclass

from app.geography import naming
from app.geography.evidence import codes, damage, districts, groupings, texts
from app.geography.evidence.departments import Departments
from app.geography.evidence.groupings import Groupings
from app.geography.evidence.pieces import Read
from app.geography.evidence.quarters import Cities
from app.geography.evidence.texts import Wording

_NO_CITIES = Cities()
_CODE_WITHIN = re.compile(r"\W*(\d{5}|2[AaBb]\d{3})\b")
_POSTCODES = re.compile(r"\d{5}")


@dataclass(frozen=True)
class Given:
    """Everything that someone wrote about one place; each part is evidence.

    Each is as it was written, None (or "") when it was not: `text`, a name, a code, or
    whatever stands for the place ("75013 PARIS", "La Garde (83)"); `department`, one or
    several ("4", "Var", "04 / 83"); `code`, what a column of INSEE codes holds;
    `postcode`, what one of postal codes holds; `district`, the arrondissement of a city
    ("13", "13e", "XIII"); `epci`, a SIREN code or a name; `number`, a figure beside the
    name that no header explains (a code, a postal code, a population…). `doubt` says in
    French why the place may not be meant (it is struck through), "" when nothing does.
    `quarter` is the name or the IRIS code of a part of the place.
    """

    text: str = ""
    department: str | None = None
    code: str | None = None
    postcode: str | None = None
    district: str | None = None
    epci: str | None = None
    number: str | None = None
    doubt: str = ""
    quarter: str | None = None

    @property
    def shown(self) -> str:
        """Give what stands for the place in an answer: its text, else what else is given."""
        parts = (
            self.text, self.code, self.postcode, self.epci, self.district, self.number,
            self.quarter,
        )  # fmt: skip
        return next((part for part in parts if part), "")


@dataclass
class _Pieces:
    """What is gathered while a row is taken apart."""

    corrections: list[str]
    unread: list[str]
    cities: Cities

    def unreadable(self, what: str, text: str) -> None:
        self.unread.append(f"{what} « {shortened(text)} » non lu")

    def code(self, text: str) -> str | None:
        """Read a code of five signs, or of a part, and note the zero that it had lost."""
        if part := self.cities.part_code(text):
            return part
        code = codes.commune_code(text)
        if code and codes.lost_its_zero(text):
            self.corrections.append(f"code {code} rétabli avec son zéro initial")
        return code


def shortened(text: str) -> str:
    """Give a text as an answer says it back: in one line, cut when it is very long."""
    return " ".join(text.split())[:200]


def take_apart(
    given: Given,
    departments: Departments,
    known_groupings: Groupings | None,
    numbered: frozenset[str] = frozenset(),
    cities: Cities = _NO_CITIES,
) -> Read:
    """Read each piece of a row by itself.

    Parameters: `known_groupings`, None when no row of the question names an EPCI;
    `numbered`, cities whose arrondissements the list gives by bare numbers; `cities`, those
    that are divided into parts.
    """
    pieces = _Pieces([], [], cities)
    place = _departments(given.department, departments, pieces)
    beside, text = _code(given, pieces)
    text = cities.with_quarter(text, beside, given.quarter)
    cleaned, repaired = damage.cleaned(text)
    if repaired:
        pieces.corrections.append(
            f"caractère abîmé : « {shortened(text)} » lu « {shortened(cleaned)} »"
        )
    has_digits = any(sign.isdigit() for sign in cleaned)
    lone = (_siren(cleaned, cities) or pieces.code(cleaned)) if has_digits else None
    within: tuple[Wording, ...] = ()
    if not lone:
        beside_department = place is not None or bool(beside)
        within = texts.wordings(
            cleaned,
            departments,
            beside_department=beside_department,
            numbered=numbered,
            cities=cities,
        )
    district = _district(given.district, pieces)
    if not (lone or within or beside) and district:
        within = (Wording(given.district or "", either=district),)
    return Read(
        text=cleaned,
        lone=lone,
        wordings=within,
        beside=beside,
        place=place,
        postcodes=_postcodes(given.postcode, pieces),
        district=district,
        epci=_epci(given.epci, known_groupings, pieces),
        text_epci=known_groupings.read(cleaned)
        if known_groupings and not lone and groupings.is_named(cleaned)
        else (),
        number=None if codes.says_nothing(given.number) else given.number,
        corrections=tuple(pieces.corrections),
        unread=tuple(pieces.unread),
    )


def _siren(text: str, cities: Cities) -> str | None:
    """Read the SIREN number of an EPCI, which has the form of an IRIS code."""
    return None if cities.part_code(text) else codes.siren_code(text)


def names_grouping(given: Given) -> bool:
    """Whether a row may name an EPCI otherwise than by its code."""
    return bool(given.epci) or groupings.is_named(given.text)


def _departments(
    text: str | None, departments: Departments, pieces: _Pieces
) -> frozenset[str] | None:
    if not text or codes.says_nothing(text):
        return None
    cleaned = damage.cleaned(text)[0]
    found = departments.read(cleaned)
    if not found:
        found = departments.abbreviated(cleaned)
        if found:
            told = ", ".join(sorted(found))
            pieces.corrections.append(f"département « {shortened(text)} » lu {told}")
            return found
        pieces.unreadable("département", text)
        return None
    return found


def _code(given: Given, pieces: _Pieces) -> tuple[str | None, str]:
    """Give the code of the column of codes, and the text of the row.

    A name in the column of codes is the row's text when it has no other.
    """
    text = given.text or ""
    if not given.code or codes.says_nothing(given.code):
        return None, text
    code = _siren(given.code, pieces.cities) or pieces.code(given.code)
    if code is None and (within := _CODE_WITHIN.match(given.code)) and text:
        code = within[1].upper()
    if code is None:
        if not naming.spelling(text):
            return None, given.code
        pieces.unreadable("code", given.code)
    return code, text


def _postcodes(text: str | None, pieces: _Pieces) -> tuple[str, ...]:
    if not text or codes.says_nothing(text):
        return ()
    one = codes.commune_code(text)
    found = (one,) if one else tuple(_POSTCODES.findall(text))
    if not found:
        pieces.unreadable("code postal", text)
    return found


def _district(text: str | None, pieces: _Pieces) -> tuple[str, ...]:
    if not text or codes.says_nothing(text):
        return ()
    several = districts.keys_in(text)
    if several:
        return several
    number = districts.number_of(text)
    keys = [districts.key_of(city, number) for city in districts.CITIES] if number else []
    found = tuple(key for key in keys if key)
    if not found:
        pieces.unreadable("arrondissement", text)
    return found


def _epci(
    text: str | None, known_groupings: Groupings | None, pieces: _Pieces
) -> tuple[str, ...]:
    if not text or codes.says_nothing(text):
        return ()
    siren = codes.siren_code(text)
    found = (siren,) if siren else known_groupings.read(text) if known_groupings else ()
    if not found:
        pieces.unreadable("EPCI", text)
    return found
