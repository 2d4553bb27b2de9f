"""Work that ends with its request: nobody waits for an answer after the client has left."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
from fastapi import Request

from app.problems import Problem

_Given = TypeVar("_Given")


class ClientLeft(Problem):
    """The client has closed the connection: whatever is answered reaches nobody."""

    # As nginx writes it in its logs; no client ever sees it.
    status, code, title = 499, "client-left", "Client parti"


async def while_client_waits(request: Request, work: Callable[[], Awaitable[_Given]]) -> _Given:
    """Give what `work` gives; cancel it when the client leaves first.

    The request's body must have been read. Raises `ClientLeft`, and what `work` raises.
    """
    done: list[_Given] = []
    failed: list[Exception] = []
    async with anyio.create_task_group() as tasks:

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                continue
            tasks.cancel_scope.cancel()

        tasks.start_soon(watch)
        try:
            done.append(await work())
        except Exception as error:
            # Raised below: a task group would wrap it in a group of errors.
            failed.append(error)
        tasks.cancel_scope.cancel()
    if failed:
        raise failed[0]
    if not done:
        raise ClientLeft
    return done[0]
