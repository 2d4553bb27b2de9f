"""French territories that the registry leaves out, and why. Plain Python."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from app.geography.naming import spelling

_COLLECTIVITY = (
    "{name} est une collectivité d’outre-mer, qui n’est ni un département ni une région : son "
    "organisation des soins est la sienne, et ce registre, qui couvre les 101 départements, ne "
    "la contient pas."
)
# By the number that their communes' codes and postal codes begin with (INSEE, code officiel
# géographique 2026; La Poste).
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "975": "Saint-Pierre-et-Miquelon",
        "977": "Saint-Barthélemy",
        "978": "Saint-Martin",
        "986": "Wallis-et-Futuna",
        "987": "Polynésie française",
        "988": "Nouvelle-Calédonie",
    }
)
_POSTCODES: Mapping[str, str] = MappingProxyType({"97133": "977", "97150": "978"})
_BY_SPELLING: Mapping[str, str] = MappingProxyType(
    {
        **{spelling(name): number for number, name in _NAMES.items()},
        "st pierre et miquelon": "975",
        "saint barth": "977",
        "wallis": "986",
        "polynesie": "987",
        "tahiti": "987",
        "papeete": "987",
        "noumea": "988",
    }
)


def outside_of_registry(q: str) -> str | None:
    """Tell of a text that names such a territory why it has no page, None for another.

    Parameters: `q`, a name or a postal code as typed.
    """
    digits = re.sub(r"\s", "", q)
    number = _BY_SPELLING.get(spelling(q), "")
    if re.fullmatch(r"\d{5}", digits, re.ASCII):
        number = _POSTCODES.get(digits, digits[:3])
    return _COLLECTIVITY.format(name=_NAMES[number]) if number in _NAMES else None
