"""Sessions of requests: one request, one transaction.

`ReadSession` and `WriteSession` are annotations for endpoints: FastAPI makes and ends the
session.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from anyio import CancelScope, fail_after, to_thread
from fastapi import Depends, Request

from app.database.sessions import ReadingSession, Sessions, WritingSession
from app.database.waiting import allowed, place_in, waited
from app.http.revisions import Revisions, RevisionUnknown

Result = TypeVar("Result")


async def reading_session(request: Request) -> AsyncIterator[ReadingSession]:
    """Give the request a session on one snapshot of the database."""
    sessions: Sessions = request.app.state.sessions
    async with place_in(sessions.readers, sessions.limits.place):
        session = await _on_replica(request, sessions) or sessions.read()
        try:
            yield session
        finally:
            with CancelScope(shield=True):
                await to_thread.run_sync(session.close)


async def _on_replica(request: Request, sessions: Sessions) -> ReadingSession | None:
    """Give a session on the replica that shows all that anybody has seen committed so far.

    The position is asked of the primary after the request has arrived, so that it covers
    whatever this client, or another that told it, has been shown or has written anywhere.
    """
    replica = sessions.replica
    if replica is None or replica.is_avoided():
        return None
    revisions: Revisions = request.app.state.revisions
    try:
        with waited(), fail_after(allowed(None)):
            state = await revisions.current()
    except (RevisionUnknown, TimeoutError):
        # The primary says so itself, and better.
        return None
    return await to_thread.run_sync(replica.session_at, state.position)


async def read_in_session(request: Request, read: Callable[[ReadingSession], Result]) -> Result:
    """Give what `read` reads in a session that ends with it.

    For endpoints that do something long afterwards, which must not hold a connection.
    """
    async with asynccontextmanager(reading_session)(request) as session:
        return await to_thread.run_sync(read, session)


async def writing_session(request: Request) -> AsyncIterator[WritingSession]:
    """Give the request a session that is committed unless the endpoint raises."""
    sessions: Sessions = request.app.state.sessions
    async with place_in(sessions.writers, sessions.limits.place):
        session = sessions.write()
        try:
            with sessions.recording.attempted():
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
