"""Codes in the dress that spreadsheets give them."""

import re

from app.geography import naming

# ="04001", '04001, « 04001 », 4001,00, 4001.0, 04 001, 04001*
_DRESS = re.compile(r"""^[=\s"'’«»“”]+|[\s"'’«»“”;,.*]+$""")
_DECIMALS = re.compile(r"[.,]0+$")
_SPOKEN = re.compile(r"^(?:code\s+)?(?:insee|cog|commune|postal|c\.?p\.?)\s*:?\s*(?=\d)", re.I)
# The code of a commune, or of a part of one: the nine signs of its IRIS, or the commune's
# and a number (« 06088-01 »).
UNIT_CODE = re.compile(r"^[0-9][0-9AB][0-9]{3}(?:[0-9]{4}|-[0-9]{2,})?$")
_NOTHING = frozenset(("", "nc", "na", "n a", "nr", "neant", "aucun", "aucune", "sans", "x"))


def undressed(text: str) -> str:
    """Take off a code what a spreadsheet or a typist put around it."""
    plain = _DRESS.sub("", naming.tidy(text)[:80])
    return re.sub(r"\s", "", _DECIMALS.sub("", _SPOKEN.sub("", plain))).upper()


def commune_code(text: str) -> str | None:
    """Read an INSEE code, or a postal one: five signs, or four that lost their zero."""
    return naming.commune_code(undressed(text))


def unit_code(text: str) -> str | None:
    """Read the code of a commune, of a part or of a city, case aside; None for other texts."""
    code = text.upper()
    return code if UNIT_CODE.fullmatch(code) else None


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
