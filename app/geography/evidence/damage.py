"""Letters that a wrong decoding lost or turned into others, and what they can have been.

A certain repair is made at once (UTF-8 read as something else, twice encoded, entities of
HTML). Any other damage is never undone by guessing letters: a damaged word is compared with
names, letter by letter, and means the only one that it fits.
"""

import html
import re
import unicodedata
from collections.abc import Sequence
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


def is_of_names(text: str) -> bool:
    """Whether all signs of a text are such as names have: « ƒ » and « Þ » stand for others."""
    return all(sign.isascii() or sign in _HARMLESS for sign in text)


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
    signs = _signs(text)
    if _stand_for(signs, _letters(name)):
        return True
    apart = name.replace("œ", "oe").replace("Œ", "oe")
    if apart != name and _stand_for(signs, _letters(apart)):
        return True
    left = skeleton(text)
    return len(left) > 1 and left == skeleton(name) and not is_damaged(text)


def first_letter(text: str) -> str:
    """Give the plain letter that a name begins with, and so does every text that fits it.

    "" when the first sign of a text is none: it may have been any letter.
    """
    return text[0].lower() if text[:1].isascii() and text[:1].isalpha() else ""


# What `_letters` writes for a join of words, for a letter that is no plain one with an accent,
# for what stands for nothing, and behind the last sign.
_JOIN, _LIGATURE, _OTHER, _END = " ", "*", "#", "$"
_ACCENT_OF = {accented: base.upper() for base, all_ in _BASES.items() for accented in all_}
_RUNS = re.compile(r"([ '\-.,/()]+)|([A-Za-z0-9])|([^A-Za-z0-9 '\-.,/()]+)")


@lru_cache(maxsize=65536)
def _letters(name: str) -> str:
    """Write a name in one sign per letter: "Barrême" as "barrEme"."""
    found = []
    for sign in name.lower():
        if sign.isascii() and sign.isalnum():
            found.append(sign)
        elif sign in " '’-":
            found.append(_JOIN)
        else:
            found.append(_ACCENT_OF.get(sign, _LIGATURE if sign in _ACCENTED else _OTHER))
    return "".join(found) + _END


@lru_cache(maxsize=8192)
def _signs(text: str) -> tuple[tuple[str, int], ...]:
    """Give what a damaged text says, sign by sign: the letters admitted, and how many at most.

    Any number is written 0.
    """
    found = []
    for join, letter, strange in _RUNS.findall(text):
        if letter:
            found.append((letter.lower() + letter.upper(), 1))
        elif join:
            found.append((_JOIN, 0))
        else:
            found.append((_STRANGE, len(unicodedata.normalize("NFC", strange))))
    return tuple(found)


_STRANGE = "".join(base.upper() for base in _BASES) + _LIGATURE + _JOIN


def _stand_for(signs: Sequence[tuple[str, int]], letters: str) -> bool:
    """Whether the signs of a damaged text can stand for all the letters of a name.

    Each takes one letter at least. A regular expression says the same, and takes a
    millisecond to make for each text.
    """
    places = {0}
    for admitted, most in signs:
        after = set()
        for place in places:
            here = place
            while letters[here] in admitted and (not most or here < place + most):
                here += 1
                after.add(here)
        if not after:
            return False
        places = after
    return len(letters) - 1 in places
