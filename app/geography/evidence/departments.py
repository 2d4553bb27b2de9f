"""Departments as people write them: one or several, by number, name, region or FINESS."""

import re
from collections.abc import Iterable
from functools import lru_cache

from app.geography import naming

# The department of a FINESS number, for those that two signs do not tell.
_FINESS = {"9A": "971", "9B": "972", "9C": "973", "9D": "974", "9F": "976"}
_BEGINNINGS = {"20": ("2A", "2B"), "97": ("971", "972", "973", "974", "976")}
# Departments that bore another name or were cut up, and where they lie today.
_FORMER = {
    "basses alpes": "04",
    "alpes inferieures": "04",
    "basses pyrenees": "64",
    "charente inferieure": "17",
    "cotes du nord": "22",
    "loire inferieure": "44",
    "seine inferieure": "76",
    "seine et oise": "78 91 92 93 94 95",
    "seine": "75 92 93 94",
    "corse": "2A 2B",
}
# Abbreviations that stand for one region and nothing else, within a text too.
_REGIONS = {
    "paca": "provence alpes cote d azur",
    "idf": "ile de france",
    "aura": "auvergne rhone alpes",
    "bfc": "bourgogne franche comte",
    "cvl": "centre val de loire",
    "hdf": "hauts de france",
    "pdl": "pays de la loire",
}
_LINKS = frozenset(("de", "du", "des", "d", "la", "le", "les", "l", "et"))
_WORDS = {"st": "saint", "hte": "haute", "htes": "hautes", "hts": "hauts"}
_FILLERS = frozenset(
    ("departement", "departements", "dept", "depts", "dpt", "dpts", "dep", "deps", "et", "ou",
     "de", "du", "des", "la", "le", "les", "l", "d", "n", "no")
)  # fmt: skip
# As `naming.spelling` gives them: files are read where no reference geography is at hand.
NAMES = frozenset(
    """ain, aisne, allier, alpes de haute provence, alpes maritimes, ardeche, ardennes, ariege,
    aube, aude, aveyron, bas rhin, bouches du rhone, calvados, cantal, charente,
    charente maritime, cher, correze, corse du sud, cote d or, cotes d armor, creuse,
    deux sevres, dordogne, doubs, drome, essonne, eure, eure et loir, finistere, gard, gers,
    gironde, guadeloupe, guyane, haut rhin, haute corse, haute garonne, haute loire,
    haute marne, haute saone, haute savoie, haute vienne, hautes alpes, hautes pyrenees,
    hauts de seine, herault, ille et vilaine, indre, indre et loire, isere, jura, la reunion,
    landes, loir et cher, loire, loire atlantique, loiret, lot, lot et garonne, lozere,
    maine et loire, manche, marne, martinique, mayenne, mayotte, meurthe et moselle, meuse,
    morbihan, moselle, nievre, nord, oise, orne, paris, pas de calais, puy de dome,
    pyrenees atlantiques, pyrenees orientales, reunion, rhone, saone et loire, sarthe, savoie,
    seine et marne, seine maritime, seine saint denis, somme, tarn, tarn et garonne,
    territoire de belfort, val d oise, val de marne, var, vaucluse, vendee, vienne, vosges,
    yonne, yvelines""".replace("\n    ", " ").split(", ")
)
# « Nord » above a list, beside « Sud », is a direction.
_DIRECTION = "nord"
# Those that are names of communes as well, of today or before.
NAMES_OF_COMMUNES = frozenset(
    ("allier", "aube", "correze", "creuse", "doubs", "gironde", "indre", "la reunion", "landes",
     "loire", "marne", "mayenne", "meuse", "paris", "reunion", "vaucluse", "vienne")
)  # fmt: skip
_CODE = r"(?:\d{2}|97\d|2[ab])"
_TITLE = re.compile(
    r"(?P<said>(?:departements?|depts?|dpts?|deps?)"
    r"(?: (?:de la|de l|du|des|de|d|n|no))?(?: |$))?"
    rf"(?P<before>{_CODE}(?: |$))?(?P<name>.*?)(?P<behind>(?: |^){_CODE})?"
)
# "04²" is the Alpes-de-Haute-Provence with a note, not the Loire.
_FOOTNOTES = re.compile("[¹²³⁰⁴-⁹*]+")
_LONGEST_NAME_IN_WORDS = 6
# A cell of departments; what is longer is prose.
_LONGEST = 120


def heading(line: str) -> str:
    """Give the department that a line names as the heading of those below it, "" for none.

    « Hautes-Alpes : », « VAR (83) », « 05 - Hautes-Alpes », « Département de la Marne », « Dpt
    05 »; but « Paris », « Mayenne (53) » are communes, and a bare number is no heading.
    """
    text = line.strip().rstrip(":").strip()
    found = _TITLE.fullmatch(naming.spelling(text))
    if found is None or not text:
        return ""
    is_said = bool(found["said"]) or line.rstrip().endswith(":")
    name, numbered = found["name"].strip(), bool(found["before"] or found["behind"])
    if name == _DIRECTION and not (found["said"] or numbered):
        return ""
    if name in NAMES:
        return text if is_said or name not in NAMES_OF_COMMUNES else ""
    return text if not name and numbered and is_said else ""


def of_sheet(name: str) -> str:
    """Give the department that a sheet is called by (« Dpt 04 », « Var »), "" for none."""
    return heading(f"{name} :")


class Departments:
    """The departments of the country, by everything that they are written as."""

    def __init__(self, known: Iterable[tuple[str, str, str]]) -> None:
        """Take `(code, name, name of the region)` of every department."""
        rows = list(known)
        self.codes = frozenset(code for code, _, _ in rows)
        self._names: dict[str, frozenset[str]] = {}
        for key, codes in _FORMER.items():
            self._names[key] = frozenset(codes.split()) & self.codes
        for key in {naming.spelling(region) for _, _, region in rows}:
            self._names[key] = frozenset(
                code for code, _, region in rows if naming.spelling(region) == key
            )
        for short, region in _REGIONS.items():
            self._names[short] = self._names.get(region, frozenset())
        self._initials: dict[str, frozenset[str]] = {}
        for name in {key for row in rows for key in row[1:]}:
            theirs = frozenset(code for code, *names in rows if name in names)
            for short in _initials_of(naming.spelling(name).split()):
                self._initials[short] = self._initials.get(short, frozenset()) | theirs
        for code, name, _ in rows:
            key = naming.spelling(name)
            self._names[key] = self._names[naming.bare_key(key)] = frozenset((code,))
        self.read = lru_cache(maxsize=4096)(self._read)

    def _read(self, text: str) -> frozenset[str]:
        """Give every department that a text names, nothing unless all of it is understood.

        "Seine-et-Marne" is one, "04 et 83" two. A word that says nothing of a department
        leaves the whole unread: what it hides may be another.
        """
        plain = _FOOTNOTES.sub(" ", naming.tidy(text)[: _LONGEST + 1])
        plain = re.sub(r"\b(\d{1,3})[.,]0+\b", r"\1", plain)
        if len(plain) > _LONGEST:
            return frozenset()
        words = [_WORDS.get(word, word) for word in naming.spelling(plain).split()]
        found: set[str] = set()
        at = 0
        while at < len(words):
            step, codes = self._longest(words, at)
            if not step:
                return frozenset()
            found |= codes
            at += step
        return frozenset(found)

    def abbreviated(self, text: str) -> frozenset[str]:
        """Give every department whose name, or whose region's, has these initials.

        "AHP" is the Alpes-de-Haute-Provence, "HS" may be three departments. Only for a column
        of departments: within a text, initials may stand for anything.
        """
        plain = text.replace("&", " et ")
        return self._initials.get(naming.spelling(plain).replace(" ", ""), frozenset())

    def _longest(self, words: list[str], at: int) -> tuple[int, frozenset[str]]:
        for step in range(min(_LONGEST_NAME_IN_WORDS, len(words) - at), 0, -1):
            named = self._names.get(" ".join(words[at : at + step]))
            if named:
                return step, named
        numbered = self.of_number(words[at])
        if numbered:
            return 1, numbered
        return (1, frozenset()) if words[at] in _FILLERS else (0, frozenset())

    def of_number(self, word: str) -> frozenset[str]:
        """Give the departments of a number: 4, 04, 083, 2a, 20, 97, 9D; nothing for others."""
        code = word.upper()
        if re.fullmatch(r"0*[1-9]\d{0,2}", code, re.ASCII) and len(code) <= 3:
            code = str(int(code)).zfill(2)
        if code in self.codes:
            return frozenset((code,))
        codes = _BEGINNINGS.get(code) or ((_FINESS[code],) if code in _FINESS else ())
        return self.codes.intersection(codes)

    def of_digits(self, digits: str) -> frozenset[str]:
        """Give the departments that a postal or INSEE code can be of, by its first signs."""
        if digits.startswith("20"):
            return self.of_number("20")
        return self.of_number(digits[:3] if digits.startswith("97") else digits[:2])


def _initials_of(words: list[str]) -> set[str]:
    """Give the ways to abbreviate a name of several words: "bdr", "bdur", "br"."""
    if len(words) < 2:
        return set()
    plain = [word for word in words if word not in _LINKS]
    first = [word[0] for word in words]
    spoken = [word if word in ("et", "du", "des", "de") else word[0] for word in words]
    return {"".join(found) for found in (first, spoken, [word[0] for word in plain])}
