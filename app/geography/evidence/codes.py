"""Codes in the dress that spreadsheets give them."""

import re

from app.geography import naming

# ="04001", '04001, « 04001 », 4001,00, 4001.0, 04 001, 04001*
_DRESS = re.compile(r"""^[=\s"'’«»“”]+|[\s"'’«»“”;,.*]+$""")
_DECIMALS = re.compile(r"[.,]0+$")
_SPOKEN = re.compile(r"^(?:code\s+)?(?:insee|cog|commune|postal|c\.?p\.?)\s*:?\s*(?=\d)", re.I)
_NOTHING = frozenset(("", "nc", "na", "n a", "nr", "neant", "aucun", "aucune", "sans", "x"))


def undressed(text: str) -> str:
    """Take off a code what a spreadsheet or a typist put around it."""
    plain = _DRESS.sub("", naming.tidy(text)[:80])
    return re.sub(r"\s", "", _DECIMALS.sub("", _SPOKEN.sub("", plain))).upper()


def commune_code(text: str) -> str | None:
    """Read an INSEE code, or a postal one: five signs, or four that lost their zero."""
    return naming.commune_code(undressed(text))


def siren_code(text: str) -> str | None:
    """Read the SIREN number of an EPCI: nine digits."""
    return naming.siren_code(undressed(text))


def lost_its_zero(text: str) -> bool:
    """Whether a code is written with four digits."""
    return re.fullmatch(r"[1-9]\d{3}", undressed(text), re.ASCII) is not None


def says_nothing(text: str | None) -> bool:
    """Whether a cell of codes, postal codes or figures is left empty in so many signs."""
    words = naming.spelling(text or "")
    return words in _NOTHING or set(words) <= {"0", " "}
