"""How people write communes, and what it takes to recognise them; no database here.

Two forms of a name are compared. Its *spelling* ignores case, accents, hyphens and
apostrophes only: two texts of one spelling are the same name. Its *key* also undoes the
usual liberties ("St" for "Saint", "Garde (La)" for "La Garde", "Paris 14" for
"Paris 14e Arrondissement"): two texts of one key mean the same name.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

# What INSEE calls the "type of name in clear", column TNCC of its lists of communes.
ARTICLES = ("les", "las", "los", "aux", "le", "la", "l")

# The cities whose arrondissements are units, and how many they have.
ARRONDISSEMENTS = {"paris": 20, "lyon": 9, "marseille": 16}

_CITY_DEPARTMENTS = {"75": "Paris", "69": "Lyon", "13": "Marseille"}

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
_DISTRICT_ALONE = re.compile(rf"(?P<number>\d{{1,2}}){_ORDINAL} {_DISTRICT_WORD}")
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
_PREFIX = re.compile(
    r"(?P<what>(?:commune|ville|mairie)\s+)(?P<link>de\s+|d['’]\s*|du\s+|des\s+)(?P<name>.+)",
    re.IGNORECASE,
)
# "Ville du Mans" is about Le Mans.
_CONTRACTED = {"du": "Le ", "des": "Les "}
_CEDEX = re.compile(r" cedex(?: \d+)?$")
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
    text = re.sub(r"\bs/s\b|\bss/", "sous ", text, flags=re.IGNORECASE)
    text = re.sub(r"\bs/", "sur ", text, flags=re.IGNORECASE)
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


def is_same_but_for_spaces(given: str, name: str) -> bool:
    """Whether a text is a name with spaces or hyphens left out or put in."""
    key = name_key(given).replace(" ", "")
    return key != "" and key == name_key(name).replace(" ", "")


def district_of_a_department(text: str, departments: tuple[str, ...]) -> str | None:
    """Read "14e arrondissement" beside the department of Paris, Lyon or Marseille."""
    alone = _DISTRICT_ALONE.fullmatch(spelling(text))
    cities = {_CITY_DEPARTMENTS[code] for code in departments if code in _CITY_DEPARTMENTS}
    return f"{cities.pop()} {alone['number']}" if alone and len(cities) == 1 else None


def department_codes(text: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """Read a department, or several, as listings write them: 4, "04", "4.0", "2a", "Var (83)".

    Parameters: `text`; `names`, from the key of a department's name, with and without
    its article, to its code. Gives the codes, of which "20" has two, or nothing when the
    text names no department.
    """
    known = set(names.values())
    codes: list[str] = []
    for part in re.split(r"[/;,+&]|\bet\b|\s-\s|[()]", tidy(text)):
        codes.extend(_one_department(part.strip(), known, names))
    if not codes:
        codes.extend(_one_department(tidy(text), known, names))
    return tuple(dict.fromkeys(codes))


def _one_department(part: str, known: set[str], names: Mapping[str, str]) -> tuple[str, ...]:
    part = re.sub(r"^(?:d[ée]p(?:artement|t)?\.?|dpt)\s*", "", part, flags=re.IGNORECASE)
    whole = _NUMBER_OF_A_SHEET.fullmatch(part)
    code = (whole[1] if whole else part).upper()
    if code.isascii() and re.fullmatch(r"0*\d{1,3}", code):
        code = str(int(code)).zfill(2)
    if code == "20":
        return tuple(sorted({"2A", "2B"} & known))
    if code in known:
        return (code,)
    named = names.get(name_key(part)) or names.get(bare_key(name_key(part)))
    return (named,) if named else ()


def department_of_postcode(digits: str, known: set[str]) -> tuple[str, ...]:
    """Give the departments that a postal or INSEE code can be of, by its first digits."""
    if digits.startswith("20"):
        return tuple(sorted({"2A", "2B"} & known))
    prefix = digits[:3] if digits.startswith("97") else digits[:2]
    return (prefix,) if prefix in known else ()


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


@dataclass(frozen=True)
class Reading:
    """One way to understand a text as the name of a commune.

    `departments` is empty when the text itself names none; `ignored` is what stands in
    brackets and was left out; `repaired` tells that damaged characters were put back.
    """

    name: str
    departments: tuple[str, ...] = ()
    ignored: str | None = None
    repaired: bool = False

    @property
    def key(self) -> str:
        """Give the key of the name."""
        return name_key(self.name)


# The longest name has 45 letters, the longest department 23. What is longer is no name with
# its place, and looking for one there costs by the square of the length.
_LONGEST_WITH_PLACE = 120


def readings(text: str, names: Mapping[str, str]) -> tuple[Reading, ...]:
    """Give the ways to understand a text as a name, the most literal first.

    Parameters: `text`, anything; `names`, departments by the key of their name.
    """
    plain = tidy(text)[:200]
    decoded = decoded_once_more(text) != text
    found = [Reading(plain, repaired=decoded)]
    if len(plain) > _LONGEST_WITH_PLACE:
        return tuple(each for each in found if each.key)
    found.extend(replace(r, repaired=decoded) for r in _with_department(plain, names))
    bracket = re.fullmatch(r"(.+?)\s*[(\[]([^()\[\]]*)[)\]]?", plain)
    if bracket and not any(each.departments for each in found):
        found.append(Reading(bracket[1].strip(), ignored=bracket[2].strip(), repaired=decoded))
    for each in tuple(found):
        prefix = _PREFIX.fullmatch(each.name)
        if prefix:
            link = prefix["link"].strip()
            name = _CONTRACTED.get(link.lower(), "") + prefix["name"]
            found.append(replace(each, name=name, ignored=(prefix["what"] + link).strip()))
    for each in tuple(found):
        restored = restored_cedilla(each.name)
        if restored != each.name:
            found.append(replace(each, name=restored, repaired=True))
    return tuple(each for each in found if each.key)


_FRAMES = (
    # "Saint-Denis (974)", "Saint-Denis (La Réunion)"
    re.compile(r"(?P<name>.+?)\s*[(\[](?P<place>[^()\[\]]+)[)\]]?"),
    # "(93) Saint-Denis"
    re.compile(r"[(\[](?P<place>[^()\[\]]+)[)\]]\s*(?P<name>.+)"),
    # "Saint-Denis, 93", "Saint-Denis - Seine-Saint-Denis"
    re.compile(r"(?P<name>.+?)(?:\s*[,;/]\s*|\s+[-–—]\s+)(?P<place>[^,;]+)"),
    # "93 - Saint-Denis", "93200 Saint-Denis", "2A Ajaccio"
    re.compile(r"(?P<place>\d{5}|\d{2,3}|2[AaBb])(?:\s*[-–—,:]\s*|\s+)(?P<name>.+)"),
    # "Saint-Denis 93200", "Saint-Denis 974"
    re.compile(r"(?P<name>.+?)\s+(?P<place>\d{5}|\d{2,3}|2[AaBb])"),
)


def _with_department(plain: str, names: Mapping[str, str]) -> list[Reading]:
    found: list[Reading] = []
    for frame in _FRAMES:
        match = frame.fullmatch(plain)
        if not match:
            continue
        place, name = match["place"].strip(), match["name"].strip()
        codes: tuple[str, ...]
        if spelling(name) in ARRONDISSEMENTS and re.fullmatch(r"\d\d?", place):
            # An arrondissement that the city does not have, unless its own department.
            codes = (place,) if spelling(name) == _city_of(place) else ()
        elif re.fullmatch(r"\d{5}", place):
            codes = department_of_postcode(place, set(names.values()))
        else:
            codes = department_codes(place, names)
        if codes:
            found.append(Reading(name, codes))
    return found


def _city_of(department: str) -> str | None:
    name = _CITY_DEPARTMENTS.get(department)
    return spelling(name) if name else None
