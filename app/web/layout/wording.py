"""Sentences that pages and documents say in the same words."""

from collections.abc import Mapping
from typing import Any

from app.french import day, percent

COVERED = (
    "Est couverte une commune, ou un arrondissement de Paris, Lyon ou Marseille, rattachée "
    "au jour du bilan à une CPTS dont la lettre d’intention au moins est validée. La part "
    "couverte est celle de la population municipale (INSEE) en vigueur ce jour-là. Une commune "
    "divisée en quartiers compte une fois, comme couverte quand tous le sont ; ses habitants "
    "comptent par quartier. Une CPTS à cheval sur plusieurs territoires compte dans chacun. Un "
    "stade dont la date n’est pas connue compte depuis le jour où le registre le connaît."
)


def coverage_base(base: Mapping[str, Any]) -> str:
    """Say what figures of a territory rest on.

    Parameters: `base`, an item of the coverage.
    """
    total, complete = base["departments_total"], base["departments_complete"]
    if base["complete"]:
        where = "tous les départements" if total > 1 else "ce département"
        since = f" depuis le {day(base['completed_on'])}" if base["completed_on"] else ""
        return f"Le registre est déclaré complet pour {where}{since}."
    known = "département renseigné" if complete < 2 else "départements renseignés"
    share = base["population_complete"] / base["population"] if base["population"] else 0
    return (
        f"Ces chiffres reposent sur {complete} {known} sur {total}, soit {percent(share)} de "
        "la population ; ailleurs, le territoire est non renseigné."
    )
