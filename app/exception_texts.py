"""What may be written of an exception where anybody reads it: never what it quotes.

The text of an error may hold the value that it is about (a name, an address, a token). Its
type, its place in the program and the codes of PostgreSQL and of the system do not.
"""

import errno
import traceback
from pathlib import Path

from app.failures import Failure

_ROOT = Path(__file__).resolve().parents[1]
_MOST_CAUSES = 5


def place_of(error: BaseException) -> str:
    """Give the innermost place in this program that an error passed, such as `, app/x.py:3`.

    Empty when it passed none.
    """
    places = places_of(error)
    return f", {places[-1]}" if places else ""


def places_of(error: BaseException) -> list[str]:
    """Give the places in this program that an error passed, from the outermost inwards."""
    found = []
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT / "app"):
            found.append(f"{path.relative_to(_ROOT)}:{frame.lineno}")
    return found


def safe_text(error: BaseException) -> str:
    """Give the types and codes of an error and of its causes, and no text that quotes.

    Only a `Failure` is given with its message, which is written for the public.
    """
    parts: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(parts) < _MOST_CAUSES:
        parts.append(_one(seen))
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return " ← ".join(dict.fromkeys(parts))


def traced(error: BaseException) -> str:
    """Tell in one line which errors met and by which places of this program.

    For the message of a log itself, so that no handler has the error to print.
    """
    places = places_of(error)
    return safe_text(error) + (f" at {' > '.join(places[-8:])}" if places else "")


def _one(error: BaseException) -> str:
    name = type(error).__name__
    if isinstance(error, Failure):
        return f"{name}: {error.message}"
    if isinstance(error, BaseExceptionGroup):
        return f"{name} ({'; '.join(safe_text(inner) for inner in error.exceptions)})"
    codes = []
    # Of psycopg, and of SQLAlchemy's wrapping of it.
    origin = getattr(error, "orig", None) or error
    if origin is not error:
        codes.append(type(origin).__name__)
    state = getattr(origin, "sqlstate", None)
    if state:
        codes.append(f"SQLSTATE {state}")
    constraint = getattr(getattr(origin, "diag", None), "constraint_name", None)
    if constraint:
        codes.append(f"constraint {constraint}")
    elif _is_about_the_connection(origin):
        # Why it is not there, before or after there was an answer.
        codes.append(" ".join(str(origin).split()))
    if isinstance(error, OSError) and error.errno is not None:
        codes.append(errno.errorcode.get(error.errno, str(error.errno)))
    return f"{name} ({', '.join(codes)})" if codes else name


def _is_about_the_connection(error: BaseException) -> bool:
    # By its name: commands that need no database load no driver.
    kind = type(error)
    return kind.__name__ == "OperationalError" and kind.__module__.startswith("psycopg")
