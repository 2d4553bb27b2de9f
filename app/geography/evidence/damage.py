"""Letters that a wrong decoding lost or turned into others, and what they can have been.

A certain repair is made at once (UTF-8 read as something else, twice encoded, entities of
HTML). Any other damage is never undone by guessing letters: a damaged word is compared with
names, letter by letter, and means the only one that it fits.
"""

import html
import re
import unicodedata
from functools import lru_cache

import ftfy

from app.geography import naming

# The letters with an accent of the names of French communes, past and present.
_ACCENTED = "àâäçéèêëîïñôöùûüÿœæ"
_BASES = {
    "a": "àâä", "c": "ç", "e": "éèêë", "i": "îï", "n": "ñ", "o": "ôö", "u": "ùûü", "y": "ÿ",
}  # fmt: skip
# Joins of words, and marks that people put behind a name or a number.
_JOINS = "'’ʼ´`‐‑‒–—"
_MARKS = "«»“”¹²³°ºª•·…ᵉ⁰⁴⁵⁶⁷⁸⁹"
_HARMLESS = frozenset(_ACCENTED + _ACCENTED.upper() + _JOINS + _MARKS)
_LOST = "\ufffd"
_BETWEEN_WORDS = r"[ '’\-]"
_CAPITAL_INSIDE = re.compile(r"[a-zà-ÿœ][À-ÖØ-ÞŒ]")
_INSIDE = re.compile(
    r"\w[?{}|~@\\^]+(?=\w)|(?:^|\W)[?{}|~@\\^](?=\w)|\w\?|…\w|[^\W\d][“”•·…¹²³ªº]+\w"
)
_C1 = re.compile("[\x80-\x9f]")


def cleaned(text: str) -> tuple[str, bool]:
    """Undo what can be undone for certain; tell whether letters were put back.

    Characters that no text holds (C1 controls) become the mark of a lost letter.
    """
    if text.isascii() and "&" not in text:
        return naming.tidy(text), False
    whole = html.unescape(text) if "&" in text else text
    whole = naming.decoded_once_more(whole)
    if not whole.isascii():
        whole = ftfy.fix_encoding(whole)
    return naming.tidy(_C1.sub(_LOST, whole)), whole != text


@lru_cache(maxsize=8192)
def is_damaged(text: str) -> bool:
    """Whether a text holds signs that only a wrong decoding leaves in a name."""
    if not text.isascii() and (
        any(not sign.isascii() and sign not in _HARMLESS for sign in text)
        or _CAPITAL_INSIDE.search(text)
    ):
        return True
    return _INSIDE.search(text) is not None


@lru_cache(maxsize=65536)
def skeleton(text: str) -> str:
    """Reduce a text to its plain letters and digits: what a wrong decoding leaves alone."""
    return "".join(sign for sign in text.lower() if sign.isascii() and sign.isalnum())


def fits(text: str, name: str) -> bool:
    """Whether a damaged text can have been a name, letter by letter.

    Each sign that is no plain letter stands for one with an accent or for a join of words,
    plain letters for themselves, with an accent or without. When nothing tells where
    letters were lost, all letters with an accent are: "Barrme" was "Barrême".
    """
    if name.isascii():
        return False
    pattern = _pattern(text)
    if pattern.fullmatch(name) or pattern.fullmatch(re.sub("œ", "oe", name, flags=re.I)):
        return True
    return not is_damaged(text) and len(skeleton(text)) > 1 and skeleton(text) == skeleton(name)


@lru_cache(maxsize=8192)
def _pattern(text: str) -> re.Pattern[str]:
    """Give what a name must look like for a text to be its damaged form."""
    pieces = []
    for run in re.findall(r"[ '\-.,/()]+|[A-Za-z0-9]|[^A-Za-z0-9 '\-.,/()]+", text):
        low = run.lower()
        if run[0] in " '-.,/()":
            pieces.append(f"{_BETWEEN_WORDS}+")
        elif run.isascii() and run.isalnum():
            pieces.append(f"[{low}{_BASES.get(low, '')}]")
        else:
            strange = f"(?:[{_ACCENTED}]|{_BETWEEN_WORDS})"
            pieces.append(f"{strange}{{1,{len(unicodedata.normalize('NFC', run))}}}")
    return re.compile("".join(pieces), re.IGNORECASE)
