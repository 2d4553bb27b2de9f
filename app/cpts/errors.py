"""What can go wrong with the registry, in the words of the public contract."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.french import short_date
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


class PlannedChangeDropped(Problem):
    """The change would drop what a validated letter has planned; `planned` tells what."""

    status, code, title = 409, "planned-change", "Changement déjà prévu"

    def __init__(self, planned: Sequence[Mapping[str, Any]]) -> None:
        numbers = sorted({change["letter"] for change in planned})
        days = sorted({date.fromisoformat(change["effective_on"]) for change in planned})
        super().__init__(
            f"{_letters(numbers)} {'prévoit' if len(numbers) == 1 else 'prévoient'} pour le "
            + ", le ".join(map(short_date, days))
            + " ce que cette modification déferait.",
            planned=list(planned),
        )


class HeldWithoutStage(Problem):
    """A CPTS would hold communes on a day before its first stage."""

    status, code, title = 422, "invalid", "Requête invalide"

    def __init__(self) -> None:
        message = "La CPTS tiendrait des communes avant d'avoir un stade."
        super().__init__(message, errors=[{"loc": ["body", "stage_since"], "message": message}])


def _letters(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"La lettre n° {numbers[0]}"
    return "Les lettres n° " + ", ".join(str(number) for number in numbers)


def _finess_taken() -> Problem:
    return Invalid.at(
        "body", "finess", message="Ce numéro FINESS est déjà celui d'une autre CPTS."
    )


def _no_unit_then() -> Problem:
    return Invalid.at(
        "body",
        "communes",
        message="Une commune divisée se tient par quartiers depuis le jour de sa division, et "
        "non avant : nommez ses quartiers, et une date d'effet qui ne précède pas ce jour.",
    )


CONSTRAINTS: ConstraintProblems = {
    "claim_in_force": _no_unit_then,
    "claim_commune_held_once": TerritoryOverlap,
    "claim_has_stage": HeldWithoutStage,
    "cpts_finess_idx": _finess_taken,
}
