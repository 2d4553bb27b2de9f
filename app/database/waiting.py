"""How long anything waits for the database.

A request has a certain patience for all its waits together: for a place, a connection, a
lock, an answer. Commands have none of these bounds: they wait for as long as it takes, and
only notice that a connection is dead.
"""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from threading import Lock

from anyio import CapacityLimiter, fail_after
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# What whoever has used up their patience is still given, to end in good order.
_GRACE_S = 0.5
_LOCK_SHARE = 0.4


@dataclass(frozen=True)
class WaitLimits:
    """The most that is waited for each thing, in seconds; None for as long as it takes.

    `answer` bounds on this side what `statement` bounds in the server, which may be frozen
    or out of reach; `first_answer` is for a connection taken from the pool, which may have
    died there; `place` for a session's turn, or a connection of the pool.
    """

    connect: float = 5
    place: float = 30
    statement: float | None = None
    lock: float | None = None
    idle_in_transaction: float | None = None
    answer: float | None = None
    first_answer: float | None = None

    @classmethod
    def of_requests(cls, patience_s: float) -> "WaitLimits":
        """Give the limits of what answers requests.

        Parameters: `patience_s`, of a request, in seconds; every limit is a share of it.
        Whoever waited long for a place waits less for a lock (`lock_limit_ms`), so that
        "busy" is told as such.
        """
        return cls(
            connect=patience_s / 3,
            place=0.8 * patience_s,
            statement=0.8 * patience_s,
            lock=_LOCK_SHARE * patience_s,
            idle_in_transaction=4 * patience_s,
            answer=0.9 * patience_s,
            first_answer=patience_s / 4,
        )

    def hasty(self) -> "WaitLimits":
        """Give the limits where somebody else can be asked instead."""
        soon = 1.0
        return replace(
            self,
            connect=min(self.connect, soon),
            first_answer=min(self.first_answer or soon, soon),
            place=min(self.place, soon),
        )


COMMAND_WAITS = WaitLimits()


class _Patience:
    def __init__(self, seconds: float) -> None:
        self.whole_s = self.left_s = seconds


_patience: ContextVar[_Patience | None] = ContextVar("cpts_patience", default=None)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Bound all waits of the block together, those in threads it starts included."""
    token = _patience.set(_Patience(seconds))
    try:
        yield
    finally:
        _patience.reset(token)


def allowed(limit_s: float | None) -> float | None:
    """Give how long a wait may take now: its own limit, and what patience is left."""
    own = _patience.get()
    if own is None:
        return limit_s
    left = max(own.left_s, _GRACE_S)
    return left if limit_s is None else min(limit_s, left)


def lock_limit_ms() -> int | None:
    """Give how long a lock may be waited for now, None when nobody's patience is at stake.

    Less than what is left of it: the server shall say that the lock is taken before this
    side gives the connection up.
    """
    own = _patience.get()
    if own is None:
        return None
    return max(1, round(1000 * min(_LOCK_SHARE * own.whole_s, 0.8 * own.left_s)))


@contextmanager
def waited() -> Iterator[None]:
    """Take the time of the block off the patience that is left."""
    own = _patience.get()
    began = time.monotonic()
    try:
        yield
    finally:
        if own is not None:
            own.left_s -= time.monotonic() - began


@contextmanager
def held(lock: Lock) -> Iterator[None]:
    """Hold what only one thread of this process may, such as to read something for all.

    Raises SQLAlchemy's `TimeoutError` when it does not come free within the patience left.
    """
    limit_s = allowed(None)
    with waited():
        if not lock.acquire(timeout=-1 if limit_s is None else limit_s):
            raise PoolTimeoutError("what another thread does did not end in time")
    try:
        yield
    finally:
        lock.release()


@asynccontextmanager
async def place_in(limiter: CapacityLimiter, limit_s: float) -> AsyncIterator[None]:
    """Hold one of a limiter's places; raises SQLAlchemy's `TimeoutError` when none comes free.

    Parameters: `limit_s`, the most to wait, in seconds.
    """
    borrower = object()
    with waited():
        try:
            with fail_after(allowed(limit_s)):
                await limiter.acquire_on_behalf_of(borrower)
        except TimeoutError:
            raise PoolTimeoutError("no session came free in time") from None
    try:
        yield
    finally:
        limiter.release_on_behalf_of(borrower)
