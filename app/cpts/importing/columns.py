"""Recognising what the columns of a listing hold, wherever its header stands.

Columns of persons are told first, so that « Mail président » is one of them: they are
read past and reach nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.files.sources import unusable
from app.files.tables import Row
from app.files.words import words_of

# A header stands near the top; further down, a row that looks like one is data.
HEADER_WITHIN = 60


class Role(StrEnum):
    """What a column holds; the value is the name that `--column` takes."""

    NAME = "name"
    ACRONYM = "acronym"
    FINESS = "finess"
    COMMUNE = "commune"
    CODE = "code"
    DEPARTMENT = "department"
    POSTCODE = "postcode"
    DISTRICT = "district"
    EPCI = "epci"
    STAGE = "stage"
    SINCE = "since"
    WEBSITE = "website"
    EMAIL = "email"
    PHONE = "phone"
    THEMES = "themes"


_FRENCH_ROLES = {
    "nom": Role.NAME, "cpts": Role.NAME, "sigle": Role.ACRONYM, "territoire": Role.COMMUNE,
    "communes": Role.COMMUNE, "insee": Role.CODE, "code postal": Role.POSTCODE,
    "arrondissement": Role.DISTRICT, "intercommunalite": Role.EPCI,
    "departement": Role.DEPARTMENT,
    "dpt": Role.DEPARTMENT, "stade": Role.STAGE, "date": Role.SINCE, "site": Role.WEBSITE,
    "mail": Role.EMAIL, "courriel": Role.EMAIL, "contact": Role.EMAIL,
    "telephone": Role.PHONE, "themes": Role.THEMES, "thematiques": Role.THEMES,
}  # fmt: skip

_PERSON = re.compile(
    r"\b(presiden\w*|coordonn?at(eur|rice|ric|ors?)\w*|coordinat(eur|rice|ors?)\w*|coord|prenoms?"
    r"|tresori\w*|secretaires?|referent\w*|directeurs?|directrices?|interlocut\w*"
    r"|responsables?|charge e?|animat(eur|rice)\w*|leaders?|porteurs?|portable|mobile)\b"
)
# Numbers about a territory, not its name.
_FIGURE = re.compile(
    r"\b(nb|nbre|nombre|population|pop|habitants|surface|superficie|taille|tranche|part"
    r"|postale?s?|cp|epci|siren|siret|region|canton|iris|qpv|longueur|area|perimetre)\b"
)

# From the surest wording to the least sure: the first pattern that a header matches
# gives its role, and of two headers of one role the surer is kept.
_WORDINGS: tuple[tuple[Role, str], ...] = (
    (Role.POSTCODE, r"(codes?|cod) ?(postal|postaux)( (de la )?commune)?|cp|cod ?post"),
    (Role.DISTRICT, r"(numero (d |de l )?)?(arrondissement|arrdt)( municipal)?"),
    (
        Role.EPCI,
        (
            r"(code |nom |libelle |lib |siren )?(de l )?(epci|intercommunalite)"
            r"( nom| code| siren)?"
        ),
    ),
    (Role.FINESS, r".*\bfiness\b.*|finess(ej|et|geo)?"),
    (
        Role.CODE,
        (
            r"(code |cod |num |numero |n )?(commune )?(insee|cog|depcom|codgeo|codcom)"
            r"( (com|commune|communes|de la commune))?"
        ),
    ),
    (
        Role.CODE,
        (
            r"(code|codes|cod|num|numero|n) (insee |officiel )?(de la |de |des )?"
            r"(com|commune|communes|geo|geographique)( insee)?|com code|com insee"
            r"|insee (com|commune)|code officiel geographique|(com|commune|communes) code"
        ),
    ),
    (
        Role.DEPARTMENT,
        (
            r"(code |num |numero |n )?(de )?(departements?|dept|dpts?|dep)"
            r"( (code|insee|num))?"
        ),
    ),
    (
        Role.DEPARTMENT,
        (
            r"(nom |libelle |lib )?(du )?(departement|dept|dpt|dep|de departement)"
            r"( (nom|lib))?|departement\w* principal"
        ),
    ),
    (
        Role.NAME,
        (
            r"cpts|(nom|lib|libelle|intitule|denomination|designation)( de)?( la| des| du)?"
            r"( projet( de)?)? ?cpts|cpts (nom|name|lib|libelle|intitule)|nom ?cpts"
            r"|nom du projet|projet( de)? cpts|cpts et projets( de cpts)?"
        ),
    ),
    (
        Role.COMMUNE,
        (
            r"(nom |libelle |lib |liste )?(de la |de |des |du )?(commune|communes)"
            r"( (nom|name|lib|libelle|concernees?|couvertes?|de la cpts|du territoire"
            r"|membres|cpts))?|nom com|lib ?com|libgeo|com nom|villes?"
        ),
    ),
    (
        Role.STAGE,
        (
            r"(stade|avancement|statut|etat|etape|maturite|phase)( (?!jurid).*)?"
            r"|niveau (d |de )?(avancement|maturite)|(.* )?(avancement|stade)"
        ),
    ),
    (
        Role.SINCE,
        (
            r"date|date (de |du |d |de l )?(stade|statut|etape|avancement|effet|etat)"
            r"|depuis( le)?|stade date|statut date"
        ),
    ),
    (
        Role.EMAIL,
        (
            r"(adresse )?(e ?mail|mail|mel|courriel|bal|messagerie)s?( .*)?|adresse "
            r"(electronique|de messagerie)|boite (mail|generique).*|.* (mail|courriel)"
        ),
    ),
    (
        Role.WEBSITE,
        (
            r"site|sites|site (internet|web|www).*|site inter.*|url.*|web|www|website"
            r"|adresse (internet|web)|lien( .*)?|page web"
        ),
    ),
    (Role.EMAIL, r"contacts?( .*)?"),
    (Role.PHONE, r"(numero (de )?)?(tel|telephone|standard|phone)( (de la )?cpts| fixe)?"),
    (Role.THEMES, r"(thematiques?|themes?)( .*)?"),
    (Role.ACRONYM, r"sigle|acronyme|sigle cpts|nom court"),
    (Role.COMMUNE, r"territoires?( .*)?|composition( .*)?|perimetre communal"),
    (
        Role.NAME,
        (
            r"nom|name|denomination|raison sociale|intitule|libelle|label|designation"
            r"|nom (de la )?(structure|association)|nom long|nom complet"
        ),
    ),
)
# What is told by a number, whose header may say so.
_BY_NUMBER = (Role.FINESS, Role.POSTCODE, Role.EPCI)
# Beside an address, a postal code is that of the seat.
_ADDRESS = re.compile(r"\b(adresse|siege|rue|voie)\b")
_PATTERNS = tuple((role, re.compile(wording)) for role, wording in _WORDINGS)


@dataclass(frozen=True)
class Columns:
    """Where each role stands in the rows.

    `positions` gives the index of each role's column, `headers` the texts of the header,
    `persons` those of persons, read past; `others` those that nothing is read from.
    """

    positions: Mapping[Role, int]
    headers: tuple[str, ...]
    persons: tuple[str, ...]
    others: tuple[str, ...]

    def cell(self, cells: Sequence[str], role: Role) -> str:
        """Give the text of a role in a row, "" when it has none."""
        position = self.positions.get(role)
        return cells[position] if position is not None and position < len(cells) else ""

    def described(self) -> str:
        """Say in French which column was taken for what."""
        taken = ", ".join(
            f"{role} ← « {_one_line(self.headers[position])} »"
            for role, position in self.positions.items()
        )
        unread = ", ".join(_one_line(header) for header in (*self.persons, *self.others))
        return taken + (f" ; non lues : {unread}" if unread else "")


def parse_column_options(options: Sequence[str]) -> dict[Role, str]:
    """Read what `--column` was given: `role=header`, several times.

    Raises `Failure` (exit status 2) on an unknown role or a missing header.
    """
    chosen: dict[Role, str] = {}
    for option in options:
        left, equals, header = option.partition("=")
        word = words_of(left)
        role = _FRENCH_ROLES.get(word) or next((r for r in Role if r == word), None)
        if not equals or not header.strip() or role is None:
            raise unusable(
                f"--column {option} : « rôle=en-tête » est attendu, avec un rôle parmi "
                f"{', '.join(Role)}."
            )
        chosen[role] = header.strip()
    return chosen


def recognise(headers: Sequence[str], chosen: Mapping[Role, str] | None = None) -> Columns:
    """Give each header its role; what the user chose stands before what is recognised.

    Parameters: `headers`, the texts of the header; `chosen`, the header that the user
    names for a role, compared without accents, case or punctuation. Raises `KeyError`
    with the header when a chosen one is not among them.
    """
    keys = [words_of(header) for header in headers]
    positions: dict[Role, int] = {}
    for role, header in (chosen or {}).items():
        positions[role] = keys.index(words_of(header)) if words_of(header) in keys else -1
        if positions[role] < 0:
            raise KeyError(header)
    persons = [index for index, key in enumerate(keys) if _is_person(key, keys)]
    sureness: dict[Role, int] = {}
    for index, key in enumerate(keys):
        if index in positions.values() or index in persons:
            continue
        found = _role_of(key)
        if found is None or found[0] in (chosen or {}):
            continue
        role, rank = found
        if role is Role.POSTCODE and any(_ADDRESS.search(other) for other in keys):
            continue
        if role not in positions or rank < sureness[role]:
            positions[role], sureness[role] = index, rank
    taken = set(positions.values())
    return Columns(
        positions={role: positions[role] for role in Role if role in positions},
        headers=tuple(headers),
        persons=tuple(headers[i] for i in persons if i not in taken),
        others=tuple(
            header
            for i, header in enumerate(headers)
            if header and i not in taken and i not in persons
        ),
    )


def find_header(
    rows: Sequence[Row], chosen: Mapping[Role, str] | None = None, *, with_name: bool = True
) -> tuple[int, Columns] | None:
    """Find the header among the first rows of a table, below any title.

    Parameters: `rows`, those of one sheet; `chosen` as for `recognise`; `with_name`, a
    header has a column for the CPTS's name besides one of communes (or their codes).
    Returns the header's index in `rows` and its columns, None when there is none.
    """
    for index, row in enumerate(rows[:HEADER_WITHIN]):
        try:
            columns = recognise(row.cells, chosen)
        except KeyError:
            continue
        has_communes = Role.COMMUNE in columns.positions or Role.CODE in columns.positions
        if has_communes and (Role.NAME in columns.positions or not with_name):
            return index, columns
    return None


def _role_of(key: str) -> tuple[Role, int] | None:
    if not key or len(key) > 60:
        return None
    for rank, (role, pattern) in enumerate(_PATTERNS):
        if pattern.fullmatch(key):
            return None if _FIGURE.search(key) and role not in _BY_NUMBER else (role, rank)
    return None


def _is_person(key: str, keys: Sequence[str]) -> bool:
    if _PERSON.search(key):
        return True
    # Beside a first name, « Nom » is a person's.
    return key in ("nom", "nom de famille") and any("prenom" in other for other in keys)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:60]
