"""What errors of the database are called, by their SQLSTATE alone, and told without values."""

import psycopg
import pytest
from psycopg import errors
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.database.failures import (
    AnswerTimeout,
    Trouble,
    WriteInReadingSession,
    trouble_of,
)
from app.exception_texts import safe_text, traced
from app.http.problem_answers import problem_of_database_error

PERSON = "Zélie Planté-Témoin <zelie@example.org>"


def raised(origin: psycopg.Error) -> DBAPIError:
    """Wrap as SQLAlchemy does."""
    kind = OperationalError if isinstance(origin, psycopg.OperationalError) else DBAPIError
    return kind("INSERT INTO letter …", {"contact": PERSON}, origin)


@pytest.mark.parametrize(
    ("kind", "trouble"),
    [
        (errors.AdminShutdown, Trouble.UNREACHABLE),
        (errors.CrashShutdown, Trouble.UNREACHABLE),
        (errors.CannotConnectNow, Trouble.UNREACHABLE),
        (errors.IdleInTransactionSessionTimeout, Trouble.UNREACHABLE),
        (errors.ConnectionFailure, Trouble.UNREACHABLE),
        (errors.InvalidPassword, Trouble.UNREACHABLE),
        (errors.InvalidCatalogName, Trouble.UNREACHABLE),
        (errors.QueryCanceled, Trouble.SLOW),
        (errors.LockNotAvailable, Trouble.BUSY),
        (errors.DeadlockDetected, Trouble.BUSY),
        (errors.SerializationFailure, Trouble.BUSY),
        (errors.TooManyConnections, Trouble.OVERLOADED),
        (errors.OutOfMemory, Trouble.OVERLOADED),
        (errors.DiskFull, Trouble.FULL),
        (errors.IoError, Trouble.FULL),
        (errors.ReadOnlySqlTransaction, Trouble.READ_ONLY),
        (AnswerTimeout, Trouble.UNREACHABLE),
        (psycopg.OperationalError, Trouble.UNREACHABLE),
        (psycopg.InterfaceError, Trouble.UNREACHABLE),
        (errors.UniqueViolation, None),
        (errors.SyntaxError, None),
        (errors.UndefinedTable, None),
        (errors.InvalidTextRepresentation, None),
        (psycopg.DataError, None),
    ],
)
def test_an_error_is_what_its_state_says_raw_or_wrapped_whatever_its_text(
    kind: type[psycopg.Error], trouble: Trouble | None
) -> None:
    for message in ("", "disk full deadlock timeout read-only", PERSON):
        assert trouble_of(kind(message)) is trouble
        assert trouble_of(raised(kind(message))) is trouble
    problem = problem_of_database_error(raised(kind(PERSON)), {})
    assert (problem is None) == (trouble is None)
    if problem is not None:
        assert (problem.status, problem.code) == (503, "database-unavailable")
        assert problem.headers["Retry-After"]
        assert PERSON not in problem.detail


def test_a_pool_without_a_free_connection_is_an_overload() -> None:
    assert trouble_of(PoolTimeoutError("full")) is Trouble.OVERLOADED


def test_a_write_in_a_session_for_reading_is_the_programs_own_fault() -> None:
    origin = errors.ReadOnlySqlTransaction("cannot execute INSERT in a read-only transaction")
    assert trouble_of(WriteInReadingSession(None, None, origin)) is None


def test_a_taken_lock_is_told_apart_from_a_database_that_is_away() -> None:
    busy = problem_of_database_error(raised(errors.LockNotAvailable()), {})
    away = problem_of_database_error(raised(errors.AdminShutdown()), {})
    assert busy is not None
    assert away is not None
    assert busy.detail == "La base de données est occupée, réessayez."
    assert away.detail == "La base de données ne répond pas, réessayez."


class Contact(BaseModel):
    name: int


def fail_with(kind: str) -> None:
    if kind == "validation":
        Contact(name=PERSON)
    if kind == "chained":
        try:
            raise KeyError(PERSON)
        except KeyError as missing:
            raise RuntimeError(PERSON) from missing
    if kind == "during":
        try:
            raise ValueError(PERSON)
        finally:
            raise IntegrityError("INSERT", {"name": PERSON}, errors.UniqueViolation(PERSON))
    if kind == "group":
        raise ExceptionGroup(PERSON, [ValueError(PERSON), RuntimeError(PERSON)])
    raise ValueError(PERSON)


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("plain", "ValueError"),
        ("validation", "ValidationError"),
        ("chained", "KeyError"),
        ("during", "UniqueViolation, SQLSTATE 23505"),
        ("group", "RuntimeError"),
    ],
)
def test_what_is_told_of_an_error_says_where_and_which_and_no_value(
    kind: str, named: str
) -> None:
    with pytest.raises((Exception, ExceptionGroup)) as found:
        fail_with(kind)
    text = traced(found.value)
    assert named in text
    for told in (text, safe_text(found.value)):
        assert PERSON not in told
        assert "zelie" not in told


def test_of_a_connection_that_fails_the_reason_is_told() -> None:
    error = raised(psycopg.OperationalError("connection failed:\n  Connection refused"))
    assert "Connection refused" in safe_text(error)
    assert "\n" not in safe_text(error)


def test_pydantic_would_have_told() -> None:
    with pytest.raises(ValidationError, match="Zélie"):
        fail_with("validation")
