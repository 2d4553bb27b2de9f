"""Sessions: one request, one transaction.

`ReadSession` and `WriteSession` are annotations for endpoints (FastAPI makes and ends
the session) and for services (which take it as an argument). A service that reads
takes a `ReadSession`, and may be called with a `WriteSession`; never the reverse.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from anyio import CancelScope, CapacityLimiter, to_thread
from fastapi import Depends, Request
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

_Given = TypeVar("_Given")


class ReadingSession(Session):
    """A session that is read from; from the pool of readers, it refuses to write."""


class WritingSession(ReadingSession):
    """A session that may write. Services flush; only the request's end commits."""


@dataclass(frozen=True)
class Sessions:
    """What makes the sessions of one process; kept as `app.state.sessions`.

    `read` makes sessions that see one snapshot and cannot write (REPEATABLE READ,
    READ ONLY), `write` those that may (READ COMMITTED). `requests` bounds the sessions
    open in requests at once below the size of the pool: requests queue in the event
    loop, so that a thread never waits for a connection that is held by a request
    which in turn waits for a thread.
    """

    read: sessionmaker[ReadingSession]
    write: sessionmaker[WritingSession]
    requests: CapacityLimiter = field(repr=False)

    @classmethod
    def on(cls, engine: Engine, *, connections: int = 20) -> "Sessions":
        """Bind to an engine whose pool holds at most `connections`.

        A fifth of them, at least one, stays for look-ups outside a request's session
        (readiness, revision, token), which take a connection and give it back at once.
        """
        snapshot = engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        return cls(
            read=sessionmaker(
                snapshot, class_=ReadingSession, autoflush=False, expire_on_commit=False
            ),
            write=sessionmaker(engine, class_=WritingSession, expire_on_commit=False),
            requests=CapacityLimiter(max(1, connections - max(1, connections // 5))),
        )


async def reading_session(request: Request) -> AsyncIterator[ReadingSession]:
    """Give the request a session on one snapshot of the database."""
    sessions: Sessions = request.app.state.sessions
    async with sessions.requests:
        session = sessions.read()
        try:
            yield session
        finally:
            with CancelScope(shield=True):
                await to_thread.run_sync(session.close)


async def read_in_session(request: Request, read: Callable[[ReadingSession], _Given]) -> _Given:
    """Give what `read` reads in a session that ends with it.

    For endpoints that do something long afterwards, which must not hold a connection.
    """
    async with asynccontextmanager(reading_session)(request) as session:
        return await to_thread.run_sync(read, session)


async def writing_session(request: Request) -> AsyncIterator[WritingSession]:
    """Give the request a session that is committed unless the endpoint raises."""
    sessions: Sessions = request.app.state.sessions
    async with sessions.requests:
        session = sessions.write()
        try:
            yield session
            with CancelScope(shield=True):
                await to_thread.run_sync(session.commit)
        finally:
            # Rolls back what was not committed.
            with CancelScope(shield=True):
                await to_thread.run_sync(session.close)


# Of the function's scope: what they do at their end is done, and may still fail,
# before the first byte of the answer leaves.
ReadSession = Annotated[ReadingSession, Depends(reading_session, scope="function")]
WriteSession = Annotated[WritingSession, Depends(writing_session, scope="function")]


@contextmanager
def session_scope(engine: Engine) -> Iterator[WritingSession]:
    """Give a command one session, committed at the end unless the block raises."""
    with WritingSession(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def snapshot_scope(engine: Engine) -> Iterator[ReadingSession]:
    """Give a command one session that reads a single snapshot and cannot write."""
    snapshot = engine.execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )
    with ReadingSession(snapshot, autoflush=False, expire_on_commit=False) as session:
        yield session
