"""Passwords as they are stored: argon2id, with its own salt and parameters."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from argon2.profiles import RFC_9106_LOW_MEMORY

from app.accounts.people.rules import password_spelled

# RFC 9106's second recommendation, for a server that does other things too: 64 MiB.
PARAMETERS = RFC_9106_LOW_MEMORY
_HASHER = PasswordHasher.from_parameters(PARAMETERS)


def hashed(password: str) -> str:
    """Give what is stored of a password."""
    return _HASHER.hash(password_spelled(password))


def matches(stored: str | None, password: str) -> bool:
    """Tell whether a password is the one stored, at the same cost when none is stored."""
    nobodys = _nobodys()
    try:
        return _HASHER.verify(stored or nobodys, password_spelled(password)) and bool(stored)
    except (VerifyMismatchError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Tell whether a stored password was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


@cache
def _nobodys() -> str:
    return hashed("le mot de passe de personne")
