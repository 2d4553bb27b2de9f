"""What the cells of a listing say: department, date, site, mailbox, number.

Nothing is guessed: what cannot be read gives None, and the caller says so.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from urllib.parse import urlsplit

from app.files.words import words_of
from app.geography.evidence import districts
from app.geography.evidence.departments import NAMES, NAMES_OF_COMMUNES
from app.geography.naming import spelling
from app.http.texts import web_address

_NOTHING = frozenset(
    {
        "",
        "0",
        "neant",
        "non",
        "aucun",
        "aucune",
        "na",
        "n a",
        "nc",
        "nr",
        "null",
        "none",
        "nan",
        "ref",
        "x",
        "sans",
        "sans objet",
        "so",
        "en cours",
        "a venir",
        "non renseigne",
    }
)

# Who holds a commune, when the cell says that nobody does.
_NOBODY = re.compile(
    r"aucune?( (cpts|projet|structure|communaute|rattachement|adhesion))?( (a ce jour|connue?"
    r"|actuellement|identifiee?|pour l instant))?|pas encore( .*)?|en attente( .*)?"
    r"|(commune |zone |territoire )?(non|pas|hors|sans) (de |d |une? |a |par |dans "
    r"|couverte?s? |rattachee?s? |concernee?s? |territoires? |adherente?s? |integree?s? )*cpts"
    r"|ras|autres?|nd|nsp|tbd"
    r"|non (adherente?|membre|integree?|affiliee?|signataire)s?|a creer|indefinie?"
    r"|(hors|sans|pas de|pas d|hors d une?)( (cpts|territoire|zone|projet|perimetre))?"
    r"|(communes? )?(non|pas) (couverte?|concernee?|attribuee?|affectee?|renseignee?|rattachee?"
    r"|definie?|determinee?|identifiee?)s?|zones? (blanches?|libres?|vierges?|non couvertes?)"
    r"|(communes?|territoires?) (blanche?s?|libres?|sans cpts|hors cpts)|libre|neant|vide|null"
    r"|none|nan|n ?[acdr]|so|sans objet|0+|x|non"
    r"|a (definir|determiner|preciser|completer|venir)|en (cours de )?(definition|reflexion)"
    r"|indeterminee?|inconnue?|div 0|ref|valeur"
)


def names_nobody(text: str) -> bool:
    """Whether the cell of a CPTS says that there is none: « Aucune », « Hors CPTS », « - »."""
    words = words_of(text)
    if not text.strip():
        return False
    if not words or _NOBODY.fullmatch(words):
        return True
    told = _NOBODY_TOLD.search(words) is not None
    return told and _NOBODY_WORDS.fullmatch(words) is not None


# A cell of nothing but such words, one of the first kind among them, names nobody: a CPTS
# is called by something else as well.
_NOBODY_TOLD = re.compile(
    r"\b(aucune?s?|pas|sans|hors|non|no|inconnue?|rien|absente?|attente|zb|desengagee?s?"
    r"|en (cours|projet)|projet en cours|a (creer|rattacher)"
    r"|(zones?|territoires?|communes?|secteurs?) (blanc(he)?s?|grises?|vacante?s?|isolee?s?))\b"
)
_NOBODY_WORDS = re.compile(
    r"(?>(?:aucune?s?|pas|sans|hors|non|no|blanc(?:he)?s?|grises?|vacante?s?|isolee?s?|inconnue?"
    r"|rien|absente?|attente|zb|desengagee?s?|creer|rattacher|adherer|aux?|ce|cette|cet|de?|des"
    r"|du|en|encore|et|la?|les?|ne?|ou|par|pour|que?|qu|une?|dans|sur|jour|date|cpts"
    r"|communautes?|professionnelle|territoriale|sante|structure|projets?|communes?"
    r"|territoires?|zones?|secteurs?|perimetre|dispositif|couvert(?:e|s|es|ure)?|souhaite"
    r"|veut|desire|(?:rattach|identifi|declar|recens|affect|attribu|engag|integr|renseign"
    r"|determin)ee?s?|rattachement|adherente?s?|membres?|connue?s?|existante?|concernee?s?"
    r"|desservie?s?|definie?s?|communiquee?s?|actuellement|instant|moment|cours|constitution"
    r"|constituee?|creation|signataire|pourvue?s?|\d+|a)(?: |$))+"
)


_MARKED = frozenset({"x", "1", "oui", "o", "ok", "vrai", "v"})
_SIGNS = frozenset("✓✔●■☑✕✗×•")


def is_mark(cell: str) -> bool:
    """Whether a cell is a mark: « x », « oui », « 1 », a tick."""
    return words_of(cell) in _MARKED or (bool(cell) and set(cell) <= _SIGNS)


def cut_names(text: str) -> list[str]:
    """Cut a cell that may name several CPTS: « CPTS Nord / CPTS Sud ».

    Gives the one name when it is not to be cut; whether the parts are CPTS is the
    caller's to judge.
    """
    parts = re.split(r"\s*(?:[/;+&|\n]|,|\s[-–]\s|\b(?:et|ou)\b)\s*", text)
    return [part for part in (" ".join(part.split()) for part in parts) if part]


def department_of(text: str) -> str | None:
    """Give the code of a department written as « 4 », « 04 », « 2a » or « 04 - Alpes… ».

    Returns None for anything that does not begin with a code, a name among them.
    """
    found = re.match(r"\s*\(?\s*(\d{1,3}|2[abAB])(?![\w])", text)
    if found is None:
        return None
    code = found[1].upper()
    if code.isdigit() and len(code) == 3 and not code.startswith("97"):
        return code.lstrip("0").zfill(2) if code.startswith("0") else None
    return code.zfill(2)


def finess_of(text: str) -> str | None:
    """Give a FINESS number of nine signs, None when it is not one."""
    number = re.sub(r"[\s.\-]", "", re.sub(r"[.,]0+$", "", text.strip())).upper()
    if re.fullmatch(r"\d{8}", number):
        number = "0" + number
    return number if re.fullmatch(r"\d[\dAB]\d{7}", number) else None


def says_nothing(text: str) -> bool:
    """Whether a cell stands for no value: empty, 0, « néant »…"""
    return words_of(text) in _NOTHING


def website_of(text: str) -> str | None:
    """Give the address of a site with its scheme, None when the text is no address.

    A cell may hold several: the first one counts. `cptslsto.fr` → `https://cptslsto.fr`.
    """
    words = text.split()
    if not words or says_nothing(text):
        return None
    first = words[0].rstrip(",;")
    if len(words) > 1 and not all(_address(word.rstrip(",;")) for word in words):
        return None
    return _address(first)


def _address(text: str) -> str | None:
    if "://" not in text and re.match(r"[a-z][a-z0-9+.\-]*:(?!\d)", text, re.IGNORECASE):
        return None
    whole = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(whole)
        port = parts.port
    except ValueError:
        return None
    if len(whole) > 500:
        return None
    host = (parts.hostname or "").lower()
    where = host if port is None else f"{host}:{port}"
    query = f"?{parts.query}" if parts.query else ""
    try:
        web_address(whole)
        return web_address(f"{parts.scheme.lower()}://{where}{parts.path}{query}")
    except ValueError:
        return None


def phone_of(text: str) -> str | None:
    """Give a French landline number as `04 12 34 56 78`; a mobile one is a person's."""
    found = re.search(r"(?:\+33|0033|0)[\s.\-]?(?:\(0\))?([1-589])((?:[\s.\-]?\d){8})", text)
    if found is None:
        return None
    digits = "0" + found[1] + re.sub(r"\D", "", found[2])
    return " ".join(digits[i : i + 2] for i in range(0, 10, 2))


def date_of(text: str) -> date | None:
    """Read a date: 2024-03-01, 01/03/2024, 1.3.24, 1er mars 2024, 03/2024 (its first day).

    A number is the day of a spreadsheet (44256 is 1 March 2021) when it lies in 2000 to 2099.
    """
    if found := re.search(r"\b((?:19|20)\d\d)[-/](\d{1,2})[-/](\d{1,2})(?:\b|T)", text):
        return _date(found[1], found[2], found[3])
    if found := re.search(r"\b(\d{1,2})[/.\-](\d{1,2})[/.\-]((?:20)?\d\d)\b", text):
        return _date(f"20{found[3][-2:]}", found[2], found[1])
    if found := re.fullmatch(r"\s*(\d{1,2})[/.\-](20\d\d)\s*", text):
        return _date(found[2], found[1], "1")
    if found := _SPOKEN_DATE.search(words_of(text)):
        month = next(at for at, names in enumerate(_MONTHS, 1) if found[2] in names)
        return _date(found[3], str(month), found[1] or "1")
    if re.fullmatch(r"\d{5}(?:[.,]0+)?", text.strip()):
        number = int(text.strip()[:5])
        return _FIRST_DAY + timedelta(number) if 36526 <= number < 73051 else None
    return None


# What may stand around a date: « depuis le », « signé le », « jeudi », a time of day.
_AROUND_DATE = re.compile(
    r"(le|du|en|depuis|signee?|validee?|creee?|date|effet|au|a|compter|lundi|mardi|mercredi"
    r"|jeudi|vendredi|samedi|dimanche|er|t?\d\d( \d\d){1,2}( 0+)?z?|t?\d\d( \d\d){1,2} 0+ \d\d)"
)


def stated_date_of(text: str) -> date | None:
    """Read a cell that states one date, and nothing else: `date_of` finds one in any text.

    « Vers mars 2024 », « 12/03/2024 ou 15/04/2024 », « prévu le 12/03/2024 », « 12/03/2024 ? »
    state none.
    """
    day = date_of(text)
    if day is None or "?" in text or "~" in text:
        return None
    rest = re.sub(
        r"\d{1,4}[/.\-]\d{1,2}[/.\-]\d{2,4}|^\s*\d{1,2}[/.\-]20\d\d\s*$", " ", text, count=1
    )
    if rest == text:
        rest = re.sub(r"^\s*\d{5}(?:[.,]0+)?\s*$", "", text)
    words = words_of(rest)
    if rest == text:
        words = _SPOKEN_DATE.sub(" ", words, count=1)
    left = " ".join(words.split())
    while left and (found := re.match(rf"{_AROUND_DATE.pattern}(?: |$)", left)):
        left = left[found.end() :]
    return None if left else day


_MONTHS = tuple(
    names.split()
    for names in (
        "janvier janv jan", "fevrier fevr fev", "mars mar", "avril avr", "mai", "juin",
        "juillet juil", "aout", "septembre sept sep", "octobre oct", "novembre nov",
        "decembre dec",
    )
)  # fmt: skip
_SPOKEN_DATE = re.compile(
    rf"\b(?:(\d{{1,2}})(?: ?er)? )?({'|'.join(name for names in _MONTHS for name in names)})"
    r" ((?:19|20)\d\d)\b"
)
# What the numbers of days of spreadsheets are counted from.
_FIRST_DAY = date(1899, 12, 30)


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


_ONE_SLASH = re.compile(r"[^;,\n•|/]+/[^;,\n•|/]+")


def cut_list(text: str) -> list[str]:
    """Cut a cell that lists communes at commas, semicolons, slashes and line ends.

    A bracket stays whole, « Garde, La » is one commune and so is « Bruges s/Mer ». So do the
    arrondissements of one city, and two names at one slash, which may be « sur »: what they
    mean is for whoever knows the communes. So does the name of a department behind a comma:
    « Tours, Indre et Loire ».
    """
    if _ONE_SLASH.fullmatch(text) or districts.keys_in(text):
        return [text.strip()]
    parts = re.split(r"(?:[;,\n•|]|(?<!\bs)/)(?![^()]*\))", text)
    cut: list[str] = []
    for part in (part.strip(" .\t-") for part in parts):
        name = spelling(part)
        if cut and name in NAMES - NAMES_OF_COMMUNES and "," not in cut[-1]:
            cut[-1] = f"{cut[-1]}, {part}"
        elif cut and re.fullmatch(r"(?:l[ae]s?|l['’])", part, re.IGNORECASE):
            cut[-1] = f"{part}{cut[-1]}" if part[-1] in "'’" else f"{part} {cut[-1]}"
        elif part:
            cut.append(part)
    return cut


def either_department_or_commune(text: str) -> str:
    """Give the name in a cell that may be the department of the one before it, "" for none.

    « Laval, Mayenne » is Laval in the Mayenne, or two communes; « Laval, Changé, Mayenne » is
    three.
    """
    pairs = _names_departments(re.split(r"[;,\n•|/](?![^()]*\))", text)) or ()
    return next((name for name in pairs if spelling(name) in NAMES_OF_COMMUNES), "")


def _names_departments(parts: Sequence[str]) -> Sequence[str] | None:
    """Give every second part when all of them are names of departments, else None."""
    every_second = [part.strip(" .\t-") for part in parts[1::2]]
    if len(parts) % 2 or not every_second:
        return None
    return every_second if all(spelling(part) in NAMES for part in every_second) else None
