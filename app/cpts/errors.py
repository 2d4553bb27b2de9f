"""What can go wrong with the registry, in the words of the public contract."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.problems import ConstraintProblems, Invalid, Problem


class TerritoryOverlap(Problem):
    """A commune is already held. `conflicts` lists every one, and nothing is written."""

    status, code, title = 409, "territory-overlap", "Territoires en conflit"

    def __init__(self, conflicts: Sequence[Mapping[str, Any]] = ()) -> None:
        count = len({conflict["commune"]["code"] for conflict in conflicts})
        if count == 1:
            detail = "Une commune demandée est déjà rattachée à une autre CPTS."
        elif count:
            detail = f"{count} communes demandées sont déjà rattachées à d'autres CPTS."
        else:
            detail = "Une commune demandée vient d'être rattachée à une autre CPTS."
        super().__init__(detail, conflicts=list(conflicts))


class StageRegression(Problem):
    """A stage may only advance; an administrator may correct it, with a reason."""

    status, code, title = 409, "stage-regression", "Retour à un stade antérieur"


def _finess_taken() -> Problem:
    return Invalid.at(
        "body", "finess", message="Ce numéro FINESS est déjà celui d'une autre CPTS."
    )


CONSTRAINTS: ConstraintProblems = {
    "claim_commune_held_once": TerritoryOverlap,
    "cpts_finess_idx": _finess_taken,
}
