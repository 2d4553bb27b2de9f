"""A commune becomes a city of several units, and its holders those of its parts; and back."""

from collections.abc import Sequence
from datetime import date

from app.cpts.claims.service import RegistryChange, Signatory
from app.cpts.division import repository
from app.database.sessions import WritingSession
from app.failures import Failure
from app.geography.division.repository import delete_parts, divisions, make_city, units_changed
from app.geography.division.rules import DrawnPart
from app.geography.division.service import DivisionPlan, plan_division, write_parts


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
    """Divide a commune: from a day on its parts are units, held by whoever held it.

    Parameters: `drawn`, the parts in degrees (EPSG:4326); `source`, the name of their file;
    `population_column`, of that file, by which their weights are told, None without.

    Raises:
        Failure: it is no commune that can be divided, or the parts do not fill it.
    """
    change = RegistryChange.by(session, signatory)
    plan = plan_division(session, code, drawn, day)
    change.watch(repository.holders(session, code), "territory", _reason(plan))
    make_city(session, code)
    division = repository.insert_division(
        session,
        city=code,
        day=day,
        actor=signatory.name,
        source=source,
        population_column=population_column if plan.by_column else None,
    )
    repository.end_claims(session, code, day)
    write_parts(session, plan, division)
    repository.pass_claims(session, division)
    change.record()
    return plan


def undivide(session: WritingSession, code: str, *, signatory: Signatory) -> None:
    """Undo the division of a city: its commune is the unit, as though never divided.

    Raises:
        Failure: it is not divided, or a CPTS holds, or held, some parts and not the others.
    """
    change = RegistryChange.by(session, signatory)
    found = divisions(session, code)
    if not found:
        raise Failure(f"{code} n'est pas le code d'une ville divisée.")
    division = found[-1]
    shared = repository.shared_parts(session, division.id)
    if shared:
        raise Failure(
            "La division reste, rien n'a changé : des CPTS tiennent, ou ont tenu, des "
            "quartiers sans les autres. "
            + " ; ".join(f"{each.cpts} : {', '.join(each.parts)}" for each in shared)
            + "."
        )
    holders = repository.holders(session, code)
    change.watch(holders, "territory", "La division de la commune est annulée")
    repository.gather_claims(session, code, division.id)
    delete_parts(session, code, division.id)
    repository.put_gathered_claims(session, code)
    units_changed(session)
    change.record()


def _reason(plan: DivisionPlan) -> str:
    return f"{plan.commune.name} est divisée en {len(plan.parts)} quartiers"
