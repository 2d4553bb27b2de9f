"""Declaring departments complete, and telling which are."""

from collections.abc import Collection, Sequence
from datetime import date

from app.cpts.claims.repository import lock_registry
from app.cpts.completeness import repository
from app.cpts.completeness.repository import DepartmentState
from app.database.calendar import today
from app.database.sessions import ReadingSession, WritingSession
from app.failures import Failure
from app.french import short_date


def completeness(session: ReadingSession, at: date | None) -> list[DepartmentState]:
    """Tell of every department whether it is declared complete.

    Parameters: `at`, the day asked about, today when None.
    """
    return repository.states(session, at or today())


def declare_complete(session: WritingSession, codes: Sequence[str], day: date) -> None:
    """Declare that the registry holds every CPTS of these departments from a day on.

    Raises:
        Failure: an unknown department, or a day to come (exit status 2).
    """
    check_departments(session, codes, day)
    lock_registry(session)
    repository.begin(session, codes, day)


def declare_incomplete(session: WritingSession, codes: Sequence[str], day: date) -> None:
    """Take such a declaration back from a day on; what was said of earlier days stays.

    Raises:
        Failure: as for `declare_complete`.
    """
    check_departments(session, codes, day)
    lock_registry(session)
    repository.end(session, codes, day)


def check_departments(session: ReadingSession, codes: Collection[str], day: date) -> None:
    """Refuse what cannot be declared.

    Raises:
        Failure: no department is given, some are unknown (they are named), or the day is
            to come (exit status 2).
    """
    known = {state.department for state in repository.states(session, today())}
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise Failure(f"Départements inconnus : {', '.join(unknown)[:200]}.", exit_status=2)
    if not codes:
        raise Failure("Aucun département n'est donné.", exit_status=2)
    if day > today():
        raise Failure(
            f"Le {short_date(day)} est à venir : on ne déclare que ce qui est.", exit_status=2
        )
