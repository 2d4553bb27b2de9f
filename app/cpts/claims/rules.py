"""The rules of holding communes, in plain Python: conflicts, size, days, who gives way."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.problems import Invalid

FIRST_STAGE = "dynamique_identifiee"


@dataclass(frozen=True)
class ClaimConflict:
    """A claim that stands in the way of another on the same commune.

    `held_until` is the first day on which the commune is no longer held, None for
    a claim without end. `stage` and `rank` are those of the holder.
    """

    commune_code: str
    commune_name: str
    cpts_id: int
    cpts_name: str
    stage: str
    rank: int
    demonstration: bool
    held_from: date
    held_until: date | None

    def public(self) -> dict[str, Any]:
        """Give the conflict in the shape of the contract."""
        return {
            "commune": {"code": self.commune_code, "name": self.commune_name},
            "cpts": {
                "id": self.cpts_id,
                "name": self.cpts_name,
                "stage": self.stage,
                "demonstration": self.demonstration,
            },
            "held_from": self.held_from.isoformat(),
            "held_until": self.held_until.isoformat() if self.held_until else None,
        }


def check_territory_size(stage: str, communes: Collection[str]) -> None:
    """A territory may be empty only at the first stage (contract).

    Raises:
        Invalid: no commune at a later stage.
    """
    if not communes and stage != FIRST_STAGE:
        raise Invalid.at(
            "body",
            "communes",
            message="Au-delà du stade « Dynamique identifiée », il faut au moins une commune.",
        )


def check_effective_date(effective_on: date, started_on: date) -> None:
    """A territory never begins before its CPTS.

    Raises:
        Invalid: the date is before the CPTS's first day.
    """
    if effective_on < started_on:
        raise Invalid.at(
            "body",
            "effective_on",
            message=f"La CPTS n'existe que depuis le {started_on:%d/%m/%Y}.",
        )


def split_superseded(
    conflicts: Sequence[ClaimConflict],
    *,
    rank: int,
    superseded: Collection[int],
) -> tuple[list[ClaimConflict], list[ClaimConflict]]:
    """Part conflicts into those that a write may end and those that stand in its way.

    Communes held at the first stage may be taken by a CPTS at a later one that names the
    holder; every other claim is exclusive (contract, "Claims are exclusive at every stage").

    Parameters: `rank`, of the writing CPTS's stage; `superseded`, ids that the write names.
    """
    ended = [
        conflict
        for conflict in conflicts
        if rank > 1 and conflict.rank == 1 and conflict.cpts_id in superseded
    ]
    return ended, [conflict for conflict in conflicts if conflict not in ended]
