"""Declaring departments complete, and telling which are."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from app.acts.repository import Signatory, record_act
from app.cpts.completeness import repository
from app.cpts.completeness.repository import DepartmentState
from app.database.calendar import today
from app.database.sessions import ReadingSession, WritingSession
from app.failures import Failure
from app.french import short_date
from app.http.repository import lock_registry


def completeness(session: ReadingSession, at: date | None) -> list[DepartmentState]:
    """Tell of every department whether it is declared complete.

    Parameters: `at`, the day asked about, today when None.
    """
    return repository.states(session, at or today())


class _Command:
    """Whoever may run commands."""

    token_id = None
    name = "commande"


_COMMAND = _Command()


def declare_complete(
    session: WritingSession, codes: Sequence[str], day: date, by: Signatory = _COMMAND
) -> None:
    """Declare that the registry holds every CPTS of these departments from a day on.

    Parameters: `by`, in whose name the journal tells of it.

    Raises:
        Failure: an unknown department, or a day to come (exit status 2).
    """
    check_departments(session, codes, day)
    lock_registry(session)
    before = _since(session, codes, day)
    repository.begin(session, codes, day)
    _record(session, "completeness-declared", codes, day, before=before, by=by)


def declare_incomplete(
    session: WritingSession, codes: Sequence[str], day: date, by: Signatory = _COMMAND
) -> None:
    """Take such a declaration back from a day on; what was said of earlier days stays.

    Raises:
        Failure: as for `declare_complete`.
    """
    check_departments(session, codes, day)
    lock_registry(session)
    before = _since(session, codes, day)
    repository.end(session, codes, day)
    _record(session, "completeness-withdrawn", codes, day, before=before, by=by)


def _since(session: ReadingSession, codes: Sequence[str], day: date) -> dict[str, date | None]:
    states = repository.states(session, day)
    return {each.department: each.completed_on for each in states if each.department in codes}


def _record(
    session: WritingSession,
    kind: str,
    codes: Sequence[str],
    day: date,
    *,
    before: Mapping[str, date | None],
    by: Signatory,
) -> None:
    after = _since(session, codes, day)
    regions = repository.regions_of(session, codes)
    for code in codes:
        if before[code] != after[code]:
            record_act(
                session,
                kind,
                by,
                subject=code,
                regions=[regions[code]],
                details={
                    "on": day.isoformat(),
                    "before": str(before[code] or ""),
                    "after": str(after[code] or ""),
                },
            )


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
