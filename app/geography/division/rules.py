"""What parts of a commune are called, and how its inhabitants are shared out among them."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from app.geography.naming import spelling
from app.http.texts import refusal_of_line

IRIS_CODE = re.compile(r"\d[\dAB]\d{7}")
# Signs of the name of a part; names of communes have 45 at most.
LONGEST_NAME = 200


@dataclass(frozen=True)
class DrawnPart:
    """A part as a file draws it.

    `polygon` is a shapely surface in degrees (EPSG:4326); `code` is an IRIS code or None;
    `weight` is what the file says of its inhabitants, None when it says nothing.
    """

    name: str
    polygon: Any
    code: str | None = None
    weight: float | None = None


@dataclass(frozen=True)
class Part:
    """A part as it will stand: `name` is told alone, `quarter` within its city.

    `weight` is its share of the commune's inhabitants, in any measure that is one for all
    parts; `unit` the code of what it comes out of, the commune or a part of it.
    """

    code: str
    name: str
    quarter: str
    weight: float
    unit: str


def refusal_of_name(name: str) -> str | None:
    """Say in French why a text cannot be what a part is called; None when it can."""
    if len(name) > LONGEST_NAME:
        return f"Le nom a {len(name)} signes, pour {LONGEST_NAME} au plus."
    return refusal_of_line(name) if name.strip() else "Le nom est vide."


def full_name(city: str, quarter: str) -> str:
    """Give the name by which a part is told alone: « Nice – Cimiez ».

    A name that begins with the city's is told as it is.
    """
    if f"{spelling(quarter)} ".startswith(f"{spelling(city)} "):
        return quarter
    return f"{city} – {quarter}"


def part_codes(city: str, drawn: Sequence[DrawnPart], taken: Collection[str] = ()) -> list[str]:
    """Give the code of each part: the nine digits of its IRIS, else the city's with a number.

    Parameters: `city`, the commune's code; `taken`, codes that other parts of it have, or had:
    none is given twice.
    """
    used = set(taken)
    numbers = iter(range(1, len(drawn) + len(taken) + 1))
    codes = []
    for part in drawn:
        code = part.code
        while code is None or code in used:
            code = f"{city}-{next(numbers):02}"
        used.add(code)
        codes.append(code)
    return codes


def shared_out(total: int, weights: Sequence[float]) -> list[int]:
    """Share out a number of inhabitants by weight, by the largest remainder: the sum is exact.

    Without any weight everybody counts the same. Of equal remainders the first comes first.
    """
    if not any(weights):
        weights = [1.0] * len(weights)
    whole = sum(weights)
    exact = [total * weight / whole for weight in weights]
    shares = [int(each) for each in exact]
    by_remainder = sorted(
        range(len(weights)), key=lambda place: (shares[place] - exact[place], place)
    )
    for place in by_remainder[: total - sum(shares)]:
        shares[place] += 1
    return shares
