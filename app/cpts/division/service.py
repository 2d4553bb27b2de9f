"""A commune becomes a city of several units, and its holders those of its parts; and back."""

from collections.abc import Mapping, Sequence
from datetime import date

from app.cpts.claims.service import RegistryChange, Signatory
from app.cpts.division import repository
from app.cpts.division.repository import Apart, Recorded
from app.database.sessions import WritingSession
from app.failures import Failure
from app.geography.division.repository import (
    Division,
    divisions,
    make_cities,
    take_back,
    units_changed,
)
from app.geography.division.rules import DrawnPart
from app.geography.division.service import DivisionPlan, plan_divisions, write_parts
from app.geography.kept import KeptGeography


def divide(
    session: WritingSession,
    code: str,
    drawn: Sequence[DrawnPart],
    day: date,
    *,
    source: str,
    signatory: Signatory,
    population_column: str | None = None,
) -> DivisionPlan:
    """Divide a commune, or a city further: from a day on its parts are units.

    Whoever held the commune holds all its parts; what is planned, refused and asked for of it
    is so of each of them.

    Parameters: `drawn`, the parts in degrees (EPSG:4326); `source`, the name of their file;
    `population_column`, of that file, by which their weights are told, None without.

    Raises:
        Failure: it cannot be divided from that day on, or the parts do not fill it.
    """
    [plan] = divide_all(
        session,
        {code: drawn},
        day,
        source=source,
        signatory=signatory,
        population_column=population_column,
    )
    return plan


def divide_all(
    session: WritingSession,
    drawn: Mapping[str, Sequence[DrawnPart]],
    day: date,
    *,
    source: str,
    signatory: Signatory,
    population_column: str | None = None,
) -> list[DivisionPlan]:
    """Divide communes by their codes as one change, each as `divide` does.

    They are worked out before the registry's lock is taken, since that lasts; when the
    reference data is no longer what was looked at, anew under the lock.
    """
    looked_at = KeptGeography.of(session).mark
    plans = plan_divisions(session, drawn, day)
    change = RegistryChange.by(session, signatory)
    if KeptGeography.of(session).mark != looked_at:
        plans = plan_divisions(session, drawn, day)
    units = [unit for plan in plans for unit in plan.units]
    change.watch(
        repository.holders(session, units), "territory", "Division en quartiers d'une commune"
    )
    make_cities(session, [plan.commune.code for plan in plans])
    recorded = repository.insert_divisions(
        session,
        [Recorded(plan.commune.code, plan.units, plan.by_column) for plan in plans],
        day=day,
        actor=signatory.name,
        source=source,
        population_column=population_column,
    )
    repository.end_claims(session, units, day)
    write_parts(session, plans, recorded)
    repository.pass_on(session, list(recorded.values()))
    change.record()
    return plans


def undivide(session: WritingSession, code: str, *, signatory: Signatory) -> Division:
    """Take the latest division of a city back: what it divided is as though it had not.

    Raises:
        Failure: it is not divided; a CPTS holds, or held, some of its parts and not the
            others, or a letter names some of them.
    """
    change = RegistryChange.by(session, signatory)
    found = divisions(session, code)
    if not found:
        raise Failure(f"{code} n'est pas le code d'une commune divisée.")
    division = found[-1]
    _refuse(
        repository.held_apart(session, division.id),
        "des CPTS tiennent, ou ont tenu, des quartiers sans les autres",
    )
    _refuse(
        repository.asked_apart(session, division.id),
        "des lettres nomment des quartiers sans les autres",
    )
    change.watch(
        repository.holders(session, [*division.units, *division.parts]),
        "territory",
        "Division en quartiers annulée",
    )
    repository.gather(session, division.id)
    take_back(session, division)
    repository.put_gathered(session)
    units_changed(session)
    change.record()
    return division


def _refuse(apart: Sequence[Apart], why: str) -> None:
    if apart:
        told = " ; ".join(f"{each.name} ({', '.join(each.parts)})" for each in apart)
        raise Failure(f"La division reste, rien n'a changé : {why} : {told}.")
