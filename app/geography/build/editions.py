"""The yearly editions of the list of communes, whoever published them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.failures import Failure

AttachedKind = Literal["delegated", "associated"]

# Collectivités that the reference geography leaves out: Saint-Pierre-et-Miquelon,
# Saint-Barthélemy, Saint-Martin, the southern lands and the Pacific (zone "com" of the COG).
OUT_OF_SCOPE_PREFIXES = ("975", "977", "978", "98")


class GeographyBuildError(Failure):
    """An input is missing, damaged or contradicts another."""


@dataclass(frozen=True)
class Commune:
    """A commune (or a municipal arrondissement when ``city`` is set) in one edition."""

    code: str
    name: str
    department: str
    region: str
    population: int | None
    postcodes: tuple[str, ...] = ()
    former_codes: tuple[str, ...] = ()
    city: str | None = None


@dataclass(frozen=True)
class Attached:
    """A commune déléguée or associée; ``chief`` is the code of its commune."""

    code: str
    name: str
    kind: AttachedKind
    chief: str


@dataclass(frozen=True)
class Edition:
    """The communes in force on 1 January of ``year``, by INSEE code."""

    year: int
    communes: Mapping[str, Commune]
    districts: Mapping[str, Commune]
    attached: Mapping[str, Attached]
    # Codes that received the territory of a code since the previous edition (INSEE movements);
    # empty where the edition only tells by its former codes and its attached communes.
    successors: Mapping[str, frozenset[str]] = field(default_factory=dict)


def in_scope(code: str) -> bool:
    """Tell whether an INSEE commune code belongs to the regions covered by the service."""
    return not code.startswith(OUT_OF_SCOPE_PREFIXES)


def same_name_key(name: str) -> str:
    """Reduce a name to its letters and digits: two spellings of one name share their key."""
    spelled = name.lower().replace("œ", "oe").replace("æ", "ae")
    plain = unicodedata.normalize("NFKD", spelled)
    return "".join(letter for letter in plain if letter.isalnum())


def cities_of(edition: Edition) -> set[str]:
    """Return the codes of the communes that stand for their arrondissements."""
    return {district.city for district in edition.districts.values() if district.city}
