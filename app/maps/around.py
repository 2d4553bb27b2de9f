"""The CPTS around what a map is about: drawn muted, so that their land does not look empty."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.cpts.reading.filtering import Filter, Filters
from app.cpts.reading.filters import BBOX, DEPARTMENT, REGION
from app.cpts.reading.repository import matching
from app.cpts.reading.schemas import Detail
from app.cpts.reading.service import check_filters
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.http.parameters import Bbox
from app.maps import repository
from app.maps.addresses import AROUND_ADDRESS, address, is_one_page
from app.maps.rules import coarser_detail, names_a_place
from app.maps.subjects import Subject


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """The place or the CPTS that a map is about, beyond which others lie.

    Codes of regions and departments, of which both must hold where both are given; `within`,
    a box (WGS 84); `cpts`, an id.
    """

    regions: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    within: Bbox | None = None
    cpts: int | None = None

    def filters(self, day: date | None) -> Filters:
        """Give the filters of the CPTS that have something in the place, none for a CPTS."""
        asked: dict[Filter[Any], Any] = {
            REGION: self.regions,
            DEPARTMENT: self.departments,
            BBOX: self.within,
        }
        return Filters({key: value for key, value in asked.items() if value}, at=day)

    def pairs(self) -> list[tuple[str, str]]:
        """Write it as parameters."""
        places = Filters({REGION: self.regions, DEPARTMENT: self.departments}).short_pairs()
        box = [("within", BBOX.write(self.within))] if self.within else []
        own = [("cpts", str(self.cpts))] if self.cpts is not None else []
        return [pair for pair in (*places, *box, *own) if pair[1]]


def cpts_around(
    session: ReadingSession,
    shown: ShownPlace,
    box: Bbox | None,
    detail: Detail,
    day: date | None,
) -> bytes:
    """Give the CPTS that lie in a box and not in what a map shows, as GeoJSON bytes.

    What is inside and not shown does not answer to the filter of the map, so that it is no
    surroundings. Parameters: `box`, None for everywhere; `detail`, of the outlines; `day`,
    today when None. Raises `Invalid` for unknown codes.
    """
    inside = shown.filters(day)
    check_filters(session, inside)
    on = day or today()
    seen = Filters({BBOX: box} if box else {}, at=day)
    shown_ids = matching(session, inside, on) if inside.asked else []
    left_out = {shown.cpts, *shown_ids}
    around = [each for each in matching(session, seen, on) if each not in left_out]
    return repository.muted_cpts(session, around, on, detail)


def around_data(
    filters: Filters,
    detail: Detail,
    parameters: Sequence[tuple[str, str]],
    about: Subject | None,
    *,
    whole: bool,
) -> dict[str, Any]:
    """Say where the CPTS around a place or a CPTS come from, a scale coarser than its own.

    The map asks for those in its view. Parameters: `detail`, which suits the map; `whole`,
    whether it shows the registry itself, which knows of others too.
    """
    coarser = coarser_detail(detail)
    around = None
    meant = about.cpts is not None if about else names_a_place(filters)
    if meant and whole and not is_one_page(parameters):
        place = (
            ShownPlace(cpts=about.cpts)
            if about
            else ShownPlace(filters[REGION], filters[DEPARTMENT], filters[BBOX])
        )
        at = [("at", filters.at.isoformat())] if filters.at else []
        around = address(AROUND_ADDRESS, [*place.pairs(), *at, ("detail", coarser)])
    return {"around": around, "aroundDetail": coarser}


def around_label(about: Subject | None) -> str:
    """Name in the legend the CPTS that the map shows without being about them."""
    return "Autres CPTS" if about else "Autres CPTS, hors du territoire choisi"
