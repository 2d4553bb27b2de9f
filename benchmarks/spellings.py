"""How people write the name of a place, and what wrong decodings make of it."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.geography import naming
from app.geography.resolution import Given


@dataclass(frozen=True)
class Place:
    """A name, of today or before, with what a row can say of it.

    `codes` are the units that it rightly means; `own_code` its INSEE code of today or of
    its time, None when that one leads elsewhere too; `postcode` one that serves it.
    """

    name: str
    department: str
    department_name: str
    codes: frozenset[str]
    own_code: str | None
    postcode: str | None
    # A letter for letter the name of another commune of the department.
    others: Mapping[str, str]


Way = Callable[[Place], Given | None]

_ARTICLE = re.compile(r"(?:(?P<article>Les|Las|Los|Aux|Le|La) |(?P<elided>L'))(?P<rest>\S.*)")


def _plain(text: str) -> str:
    text = text.replace("œ", "oe").replace("Œ", "OE")
    return "".join(
        c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)
    )


def _written(change: Callable[[str], str | None]) -> Way:
    """Write the name another way beside the department's number; None when it is the same."""

    def way(place: Place) -> Given | None:
        text = change(place.name)
        return None if text is None else Given(text, place.department)

    return way


def _changed(change: Callable[[str], str]) -> Way:
    return _written(lambda name: text if (text := change(name)) != name else None)


def _abbreviated(name: str) -> str:
    return re.sub(r"\bSaint(e?)(?=[- ])", r"St\1", name)


def _article(pattern: str) -> Callable[[str], str | None]:
    def change(name: str) -> str | None:
        found = _ARTICLE.fullmatch(name)
        if not found:
            return None
        return pattern.format(article=found["article"] or found["elided"], rest=found["rest"])

    return change


def _of(name: str) -> str:
    found = _ARTICLE.fullmatch(name)
    if found and found["article"] in ("Le", "Les"):
        return f"Commune {'du' if found['article'] == 'Le' else 'des'} {found['rest']}"
    vowel = _plain(name)[0].lower() in "aeiouyh"
    return f"Commune {'d’' if vowel else 'de '}{name}"


def _les(name: str) -> str:
    swapped = {"lès": "lez", "lez": "lès", "les": "lès"}
    return re.sub(r"(?<=-)(lès|lez|les)(?=-)", lambda found: swapped[found[1]], name)


def _with(text: str) -> Way:
    return lambda place: Given(text.format(**vars(place)))


SPELLINGS: Mapping[str, Way] = {
    "tel quel, département par son numéro": _written(lambda name: name),
    "tel quel, département par son nom": lambda p: Given(p.name, p.department_name),
    "tel quel, deux départements": lambda p: Given(p.name, f"{p.department} / 2A"),
    "capitales": _changed(str.upper),
    "minuscules": _changed(str.lower),
    "sans accents": _changed(_plain),
    "capitales sans accents": _written(lambda name: _plain(name).upper()),
    "espaces pour traits d'union": _changed(lambda name: name.replace("-", " ")),
    "apostrophe typographique": _changed(lambda name: name.replace("'", "’")),
    "espace pour apostrophe": _changed(lambda name: name.replace("'", " ")),
    "St, Ste": _changed(_abbreviated),
    "ST, STE sans accents": _written(
        lambda name: _plain(short).upper() if (short := _abbreviated(name)) != name else None
    ),
    "article derrière, entre parenthèses": _written(_article("{rest} ({article})")),
    "article derrière, après virgule": _written(_article("{rest}, {article}")),
    "sans article": _written(_article("{rest}")),
    "commune de": _written(_of),
    "s/ pour sur": _changed(lambda name: re.sub(r"-sur-", " s/", name)),
    "barre pour sur": _changed(lambda name: re.sub(r"-sur-", " / ", name)),
    "lès, lez, les": _changed(_les),
    "numéro entre parenthèses": _with("{name} ({department})"),
    "nom du département entre parenthèses": _with("{name} ({department_name})"),
    "nom du département après virgule": _with("{name}, {department_name}"),
    "numéro devant": _with("{department} - {name}"),
    "code postal devant": lambda p: (
        Given(f"{p.postcode} {p.name.upper()}", p.department) if p.postcode else None
    ),
    "code postal à côté": lambda p: (
        Given(p.name, p.department, postcode=p.postcode) if p.postcode else None
    ),
    "code INSEE à côté": lambda p: Given(p.name, code=p.own_code) if p.own_code else None,
    "code INSEE devant": lambda p: Given(f"{p.own_code} - {p.name}") if p.own_code else None,
    "appel de note": lambda p: Given(f"{p.name} (1)", p.department),
    "astérisque": lambda p: Given(f"{p.name}*", p.department),
    "espaces insécables": _changed(lambda name: f" {name} ".replace(" ", "\u00a0\u00a0")),
    "mots collés": _changed(lambda name: re.sub(r"[-' ]", "", name)),
}


def _decoded(written: str, read: str) -> Callable[[str], str | None]:
    """Give what a name becomes whose bytes are written in one encoding and read in another."""

    def change(name: str) -> str | None:
        try:
            text = name.encode(written).decode(read, errors="replace")
        except UnicodeEncodeError:
            return None
        return text if text != name else None

    return change


def _each_accent(sign: str) -> Callable[[str], str | None]:
    return lambda name: None if name.isascii() else re.sub(r"[^\x00-\x7f]", sign, name)


DAMAGES: Mapping[str, Way] = {
    "marque de lettre perdue": _written(_each_accent("\ufffd")),
    "point d'interrogation": _written(_each_accent("?")),
    "lettre perdue sans trace": _written(_each_accent("")),
    "capitales, marque de lettre perdue": _written(
        lambda name: None if name.isascii() else re.sub(r"[^\x00-\x7f]", "\ufffd", name).upper()
    ),
    "Mac lu Windows": _written(_decoded("mac_roman", "cp1252")),
    "Mac lu latin-1": _written(_decoded("mac_roman", "latin-1")),
    "CP850 lu Windows": _written(_decoded("cp850", "cp1252")),
    "CP850 lu latin-1": _written(_decoded("cp850", "latin-1")),
    "Windows lu Mac": _written(_decoded("cp1252", "mac_roman")),
    "Windows lu CP850": _written(_decoded("cp1252", "cp850")),
    "Windows lu UTF-8": _written(_decoded("cp1252", "utf-8")),
    "UTF-8 lu Windows": _written(_decoded("utf-8", "cp1252")),
    "UTF-8 lu latin-1": _written(_decoded("utf-8", "latin-1")),
    "UTF-8 lu Mac": _written(_decoded("utf-8", "mac_roman")),
    "UTF-8 lu CP850": _written(_decoded("utf-8", "cp850")),
    "UTF-8 lu ASCII": _written(_decoded("utf-8", "ascii")),
}


def says_another(place: Place, given: Given) -> bool:
    """Whether what is written is, letter for letter, the name of another commune."""
    other = place.others.get(naming.spelling(given.text))
    return other is not None and other not in place.codes


def is_inherent(place: Place) -> bool:
    """Whether a name cannot be told from another one: Vergné and La Vergne.

    Without its accent the one is written as the other without its article.
    """
    return place.department == "17" and naming.bare_key(naming.name_key(place.name)) == "vergne"
