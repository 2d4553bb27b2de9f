"""What a map may be about besides its filters: one CPTS, or the commune it was opened from."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Query

from app.cpts.communes.service import single_commune
from app.cpts.communes.units import units_of
from app.cpts.reading.service import cpts_item
from app.database.sessions import ReadingSession
from app.http.parameters import MAXIMUM_TEXT, RowId
from app.maps import repository
from app.maps.repository import Bounds
from app.maps.rules import padded_box
from app.problems import Invalid

NAMES = ("cpts", "commune")
# Of the window around a commune, in degrees: about the fourteen kilometres of its drawing.
LEAST_SIDE = 0.13


@dataclass(frozen=True, slots=True)
class AskedSubject:
    """What the address names: the id of a CPTS, or an INSEE code; at most one of them."""

    cpts: int | None = None
    commune: str | None = None

    def pairs(self) -> list[tuple[str, str]]:
        """Write it as a parameter again."""
        given = (("cpts", self.cpts), ("commune", self.commune))
        return [(name, str(value)) for name, value in given if value is not None]


@dataclass(frozen=True, slots=True)
class Subject:
    """A CPTS (`cpts`, its id) or a commune (None) with the codes of its units.

    `bounds` of them, west, south, east, north (WGS 84); None for a CPTS without communes.
    """

    name: str
    codes: tuple[str, ...]
    bounds: Bounds | None
    cpts: int | None = None


def asked_subject(
    cpts: Annotated[
        RowId | None,
        Query(
            description="La CPTS dont la carte est celle : ses communes sont dessinées, les "
            "autres CPTS restent en retrait.",
            examples=[1],
        ),
    ] = None,
    commune: Annotated[
        str | None,
        Query(
            max_length=MAXIMUM_TEXT,
            description="Code INSEE de la commune à marquer.",
            examples=["05061"],
        ),
    ] = None,
) -> AskedSubject:
    """Read what a map is about; raises `Invalid` when it would be two things."""
    if cpts is not None and commune is not None:
        message = "Une carte est celle d’une CPTS ou d’une commune."
        raise Invalid(
            [
                {"loc": ["query", name], "message": message, "accepted": ["l’un des deux"]}
                for name in NAMES
            ],
            detail=message,
        )
    return AskedSubject(cpts, commune)


RequestedSubject = Annotated[AskedSubject, Depends(asked_subject)]


def found_subject(
    session: ReadingSession, asked: AskedSubject, day: date | None
) -> Subject | None:
    """Find what the address names, as of a day (today when None).

    A former code gives the commune of today, that of a city its units. None when
    nothing is named; raises `NotFound`.
    """
    if asked.cpts is not None:
        item = cpts_item(session, asked.cpts, day)
        name, communes = item["name"], item["communes"]
    elif asked.commune is not None:
        item = single_commune(session, asked.commune, day)
        name, communes = item["name"], units_of(item)
    else:
        return None
    codes = tuple(each["code"] for each in communes)
    return Subject(name, codes, repository.bounds_of_communes(session, codes), cpts=asked.cpts)


def window(about: Subject) -> Bounds | None:
    """Give the box that a map about it shows first: a CPTS whole, a commune among others."""
    if about.bounds is None:
        return None
    if about.cpts is not None:
        return padded_box(about.bounds, 0.06)
    west, south, east, north = padded_box(about.bounds, 0.8)
    aside = max(0.0, LEAST_SIDE - (east - west)) / 2
    above = max(0.0, LEAST_SIDE - (north - south)) / 2
    return west - aside, south - above, east + aside, north + above
