"""On which days a CPTS of a listing holds its communes, beside what is planned for it."""

from collections.abc import Collection, Mapping
from datetime import date

from app.cpts.claims.rules import Period, periods_as_planned
from app.cpts.importing.grouping import ListedCpts
from app.cpts.importing.material import Material
from app.cpts.importing.repository import RegisteredCpts


def days_stated(material: Material, cpts: ListedCpts) -> dict[str, Period]:
    """Give the days that a published file says of each commune, nothing for other files."""
    return {
        code: held
        for code, row in material.communes[cpts.position].items()
        if (held := material.entries[row].held) is not None
    }


def first_periods(
    material: Material, cpts: ListedCpts, granted: Collection[str], as_of: date
) -> dict[str, list[Period]]:
    """Give the periods of the communes that a new CPTS is granted."""
    stated = days_stated(material, cpts)
    return {code: [stated.get(code, (as_of, None))] for code in granted}


def later_periods(
    material: Material,
    cpts: ListedCpts,
    found: RegisteredCpts,
    communes: Collection[str],
    day: date,
) -> dict[str, list[Period]]:
    """Merge the territory that the file gives from a day on with what letters have planned.

    A published file shows one day: of what the registry knows of later ones it says nothing
    but the ends that are settled.
    """
    planned = material.planned.get(found.id, {})
    held = material.held.get(found.id, {})
    concerned = {*communes, *held, *planned}
    periods: dict[str, list[Period]] = periods_as_planned(
        {code: code in communes for code in concerned}, day, planned
    )
    if cpts.published is None:
        return periods
    stated = days_stated(material, cpts)
    for code in concerned - planned.keys():
        present = next((period for period in held.get(code, ()) if period[0] == day), None)
        end = stated[code][1] if code in stated else None
        as_shown = (day, end) if code in communes else None
        if present == as_shown:
            periods[code] = held.get(code, [])
        elif as_shown is not None:
            periods[code] = [as_shown]
    return periods


def candidate_days(
    material: Material, cpts: ListedCpts, found: RegisteredCpts | None, as_of: date
) -> tuple[Mapping[str, date], Mapping[str, date]]:
    """Give the days from which, and until which, a CPTS asks for its communes.

    A commune that is in neither is asked for from the import's day on, for ever.
    """
    until = {
        code: changes[-1].effective_on
        for code, changes in (material.planned.get(found.id, {}) if found else {}).items()
        if not changes[-1].adds
    }
    stated = days_stated(material, cpts)
    since = {code: as_of if found else first for code, (first, _) in stated.items()}
    until |= {code: last for code, (_, last) in stated.items() if last is not None}
    return since, until
