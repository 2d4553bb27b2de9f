"""What an error of the database means; `app.exception_texts` tells of it in the log."""

from enum import Enum, auto

import psycopg
from sqlalchemy.exc import DBAPIError, InternalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class Trouble(Enum):
    """Why the database does not do what it was asked, through no fault of the asker."""

    UNREACHABLE = auto()
    BUSY = auto()
    SLOW = auto()
    OVERLOADED = auto()
    FULL = auto()
    READ_ONLY = auto()


# Those after which reading goes on, and recording does not.
CANNOT_RECORD = frozenset((Trouble.FULL, Trouble.READ_ONLY))

# SQLSTATE (PostgreSQL, appendix A), whole or by its class of two characters.
_TROUBLES: dict[str, Trouble] = {
    "08": Trouble.UNREACHABLE,
    "28": Trouble.UNREACHABLE,
    "3D000": Trouble.UNREACHABLE,
    "57P": Trouble.UNREACHABLE,
    # The session was ended because its transaction, or it itself, stood idle for too long.
    "25P03": Trouble.UNREACHABLE,
    "25P04": Trouble.UNREACHABLE,
    "25006": Trouble.READ_ONLY,
    "40001": Trouble.BUSY,
    "40P01": Trouble.BUSY,
    "55P03": Trouble.BUSY,
    "57014": Trouble.SLOW,
    "53": Trouble.OVERLOADED,
    "53100": Trouble.FULL,
    # An input or output error of the disk, among them one that is full.
    "58030": Trouble.FULL,
}


class AnswerTimeout(psycopg.OperationalError):
    """The server said nothing for longer than this process waits; the connection is closed."""


class WriteInReadingSession(InternalError):
    """The program wrote in a session for reading: its own fault, not the database's."""


def trouble_of(error: BaseException) -> Trouble | None:
    """Tell what kept the database from answering, None when it is something else.

    Parameters: `error`, as SQLAlchemy or psycopg raises it.
    """
    if isinstance(error, PoolTimeoutError):
        return Trouble.OVERLOADED
    if isinstance(error, WriteInReadingSession):
        return None
    origin = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(origin, "sqlstate", None)
    if state:
        known = (_TROUBLES.get(state[:length]) for length in (5, 3, 2))
        return next((trouble for trouble in known if trouble), None)
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    if lost or isinstance(origin, (psycopg.OperationalError, psycopg.InterfaceError)):
        # Refused, cut, silent, or already closed: there is nobody to give a state.
        return Trouble.UNREACHABLE
    return None
