"""How people write communes, and what it takes to recognise them; no database here.

Two forms of a name are compared. Its *spelling* ignores case, accents, hyphens and
apostrophes only: two texts of one spelling are the same name. Its *key* also undoes the
usual liberties ("St" for "Saint", "Garde (La)" for "La Garde", "Paris 14" for
"Paris 14e Arrondissement"): two texts of one key mean the same name.
"""

import re
import unicodedata
from functools import lru_cache

# What INSEE calls the "type of name in clear", column TNCC of its lists of communes.
ARTICLES = ("les", "las", "los", "aux", "le", "la", "l")

# The cities whose arrondissements are units, and how many they have.
ARRONDISSEMENTS = {"paris": 20, "lyon": 9, "marseille": 16}

_LIGATURES = str.maketrans(
    {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ﬁ": "fi", "ﬂ": "fl"}
)
_PLAIN_WORDS = re.compile(r"[a-z0-9]+")
_WORDS = {
    "st": "saint",
    "ste": "sainte",
    "sts": "saints",
    "stes": "saintes",
    "nd": "notre dame",
}
_ORDINAL = r"(?: ?(?:er|ere|e|eme|ieme|em|nd|nde|ie))?"
_DISTRICT_WORD = r"(?:arrondissements?|arrdt|arrt|arr|ardt)"
_DISTRICT = re.compile(
    rf"(?P<city>paris|lyon|marseille)(?: cedex)?(?: {_DISTRICT_WORD})? "
    rf"(?P<number>\d{{1,2}}|[ivx]{{1,5}}){_ORDINAL}(?: {_DISTRICT_WORD})?"
)
_DISTRICT_FIRST = re.compile(
    rf"(?P<number>\d{{1,2}}|[ivx]{{1,5}}){_ORDINAL} {_DISTRICT_WORD}(?: de)? "
    r"(?P<city>paris|lyon|marseille)"
)
_DISTRICT_POSTCODE = re.compile(
    r"(?P<city>paris) 75[01](?P<paris>\d\d)|(?P<lyon>lyon) 690(?P<lyon_number>0\d)"
    r"|(?P<marseille>marseille) 130(?P<marseille_number>[01]\d)"
)
_TENS = ("", "x")
_ROMAN = {
    ten + unit: 10 * _TENS.index(ten) + number
    for ten in _TENS
    for number, unit in enumerate(
        ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"), start=0
    )
    if ten + unit
} | {"xx": 20}
_TRAILING_ARTICLE = re.compile(
    rf"(?P<name>.+?)(?:\s*[(\[]\s*|\s*,\s*|\s+-\s+|\s+)(?P<article>{'|'.join(ARTICLES)})"
    r"['’´`]?\s*[)\]]?",
    re.IGNORECASE,
)
_CEDEX = re.compile(r" cedex(?: \d+)?$")
_UNDER = re.compile(r"\bs/s\b|\bss/", re.IGNORECASE)
_OVER = re.compile(r"\bs/", re.IGNORECASE)
_NUMBER_OF_A_SHEET = re.compile(r"(\d+)\.0+")


# The words of one row are compared many times over.
@lru_cache(maxsize=32768)
def spelling(text: str) -> str:
    """Reduce a text to lower-case ASCII words: the same name has the same spelling."""
    letters = text.lower()
    if not text.isascii():
        plain = unicodedata.normalize("NFKD", text.translate(_LIGATURES)).lower()
        letters = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(_PLAIN_WORDS.findall(letters))


# The departments, and the names of a territory that someone works on, come again and again.
@lru_cache(maxsize=32768)
def name_key(text: str) -> str:
    """Reduce a name, however it is written, to the key that its official form has."""
    if "/" in text:
        text = _OVER.sub("sur ", _UNDER.sub("sous ", text))
    turned = _TRAILING_ARTICLE.fullmatch(text.strip())
    if turned:
        text = f"{turned['article']} {turned['name']}"
    words = [_WORDS.get(word, word) for word in spelling(text).split()]
    key = " ".join(words)
    return _district_key(key) or _CEDEX.sub("", key)


def bare_key(key: str) -> str:
    """Take the article off a key: "la garde" becomes "garde"."""
    article, _, rest = key.partition(" ")
    return rest if rest and article in ARTICLES else key


def name_keys(name: str) -> tuple[str, ...]:
    """Give the keys under which a name is stored: with its article, then without."""
    key = name_key(name)
    bare = bare_key(key)
    return (key,) if bare == key else (key, bare)


def _district_key(key: str) -> str | None:
    coded = _DISTRICT_POSTCODE.fullmatch(key)
    if coded:
        city = coded["city"] or coded["lyon"] or coded["marseille"]
        number = int(coded["paris"] or coded["lyon_number"] or coded["marseille_number"])
    else:
        found = _DISTRICT.fullmatch(key) or _DISTRICT_FIRST.fullmatch(key)
        if not found:
            return None
        city, word = found["city"], found["number"]
        number = int(word) if word.isdigit() else _ROMAN.get(word, 0)
    return f"{city} {number}" if 1 <= number <= ARRONDISSEMENTS[city] else None


def decoded_once_more(text: str) -> str:
    """Undo a double encoding: "PonÃ§on" was "Ponçon". Other texts stay as they are."""
    if re.search("[ÂÃÅ]", text):
        for encoding in ("cp1252", "latin-1"):
            try:
                return text.encode(encoding).decode("utf-8")
            except UnicodeError:
                continue
    return text


def tidy(text: str) -> str:
    """Undo a double encoding, odd spaces, control characters and halves of characters."""
    text = decoded_once_more(text)
    if not text.isprintable():
        text = "".join(
            " " if unicodedata.category(c) in ("Cc", "Zs", "Zl", "Zp") else c
            for c in text
            if unicodedata.category(c) not in ("Cf", "Cs")
        )
    return " ".join(unicodedata.normalize("NFC", text).split())


def restored_cedilla(text: str) -> str:
    """Put back a cedilla that an encoding turned into "è" ("Ponèon" was "Ponçon").

    "ç" stands only before a, o and u, where French has no "è".
    """
    text = re.sub(r"è(?=[aàâoôuùû])", "ç", text)
    return re.sub(r"È(?=[AÀÂOÔUÙÛaàâoôuùû])", "Ç", text)


def commune_code(text: str) -> str | None:
    """Read an INSEE code: five characters, or four digits that lost a leading zero.

    A number of a spreadsheet ("4001.0"), a space inside and lower case are read too.
    """
    compact = re.sub(r"[\s\u00a0]", "", text).upper()
    whole = _NUMBER_OF_A_SHEET.fullmatch(compact)
    compact = whole[1] if whole else compact
    if re.fullmatch(r"[1-9][0-9]{3}", compact):
        compact = "0" + compact
    return compact if re.fullmatch(r"[0-9][0-9AB][0-9]{3}", compact) else None


def siren_code(text: str) -> str | None:
    """Read the SIREN number of an EPCI: nine digits, spaces allowed."""
    compact = re.sub(r"[\s\u00a0]", "", text)
    whole = _NUMBER_OF_A_SHEET.fullmatch(compact)
    compact = whole[1] if whole else compact
    return compact if re.fullmatch(r"[0-9]{9}", compact) else None
