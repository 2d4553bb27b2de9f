"""What a commune stands for; no database here."""

from collections.abc import Mapping
from typing import Any


def units_of(commune: Mapping[str, Any]) -> list[Any]:
    """Give the units that a commune stands for: arrondissements, parts, or itself alone.

    Parameters: `commune`, as `app.cpts.communes.service.single_commune` tells it.
    """
    return commune.get("arrondissements") or commune.get("parts") or [commune]
