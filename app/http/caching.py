"""Answers kept until what they depend on, or the day, changes (raw ASGI).

An endpoint that answers everyone alike calls `keep_until_change` with what the snapshot that
it read shows of all that the answer depends on. The body is then compressed once and kept;
the next request for it costs one look-up of the revision and enters neither FastAPI nor a
thread. A kept body is sent only while that, and the day in Paris, are still what it was built
from, so that there is no time-to-live and nothing stale.
"""

import asyncio
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from anyio import fail_after
from cachetools import LRUCache
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.database.calendar import today
from app.database.failures import Trouble
from app.database.waiting import allowed, waited
from app.http.addresses import outside_address
from app.http.compression import coding_at, encoded
from app.http.credentials import bears_credential
from app.http.entity_tags import entity_tag, names
from app.http.problem_answers import problem_response, unavailable
from app.http.questions import Questions
from app.http.repository import Revision, Standing, State
from app.http.revisions import Revisions, RevisionUnknown
from app.instruments import KEPT_BYTES, KEPT_ENTRIES, KEPT_HITS, KEPT_MISSES, KEPT_STALE

_SCOPE_KEY = "cpts.kept"
# Compressing more than this stops the event loop for too long; it goes to a thread.
_INLINE_BYTES = 20_000
# Of an entry in the tables that hold it, and of what the allocator rounds up (measured).
_PLACE_BYTES = 700
# While the database is known to be away, how long it is waited for where there is something
# to be sent without it.
_AWAY_S = 1.0

Header = tuple[bytes, bytes]
Key = tuple[str, bytes, str]

_PUBLIC: tuple[Header, ...] = (
    (b"cache-control", b"public, no-cache"),
    (b"vary", b"Accept-Encoding"),
)
# Its own reader may keep it and ask again; nobody else may.
_PRIVATE: tuple[Header, ...] = (
    (b"cache-control", b"private, no-cache"),
    (b"vary", b"Accept-Encoding, Authorization, Cookie"),
)


@dataclass(slots=True)
class _Wish:
    """What an endpoint says of its answer, through the request's scope."""

    day: date
    standing: Standing | None = None
    tag: bool = False
    keep: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    """An answer as sent, and the state of the registry that it was built from.

    `standing` is None when the answer depends on nothing but the program.
    """

    standing: Standing | None
    day: date
    tag: str
    body: bytes
    start: Message
    not_modified: Message
    weight: int = 0


@dataclass(slots=True, eq=False)
class _Flight:
    """An answer that is being built; without an entry at its end, it is not to be kept."""

    began: int
    landed: asyncio.Event = field(default_factory=asyncio.Event)
    entry: _Entry | None = None


def keep_until_change(request: Request, standing: Standing | Revision) -> None:
    """Let an answer be tagged, compressed and kept until the registry or the day changes.

    Parameters: `standing`, what the answer depends on, of the very snapshot that the body is
    built from (`app.http.dependence.standing_of` in the endpoint's `ReadSession`, or
    `app.http.repository.current_revision` where it is the whole registry). To be called only
    when the answer is the same for every caller.
    """
    wish = request.scope.get(_SCOPE_KEY)
    if isinstance(wish, _Wish):
        wish.standing = Standing(standing) if isinstance(standing, Revision) else standing
        wish.tag = wish.keep = True


def keep_where_settled(request: Request, standing: Standing | Revision) -> None:
    """Do what `keep_until_change` does for an answer that holds whole addresses.

    Without `CPTS_PUBLIC_URL` they are those of whoever asks: the answer is then tagged and
    compressed, but built anew for everyone.
    """
    if outside_address(request).is_settled:
        keep_until_change(request, standing)
        return
    wish = request.scope.get(_SCOPE_KEY)
    if isinstance(wish, _Wish):
        wish.tag = True


def keep_for_good(request: Request) -> None:
    """Let an answer be tagged, compressed and kept as long as the process lives.

    For what depends on the program alone, such as its documentation.
    """
    wish = request.scope.get(_SCOPE_KEY)
    if isinstance(wish, _Wish):
        wish.standing, wish.tag, wish.keep = None, True, True


class Caching:
    """Tags, compresses and keeps the answers whose endpoints allow it, each as far as it does.

    Parameters: `revisions`, to ask for the state of the registry; `capacity`, in bytes,
    of all that is kept: questions, headers and bodies; `questions`, how a question is
    spelled; `stale_s`, for how long after the last look-up that was answered what was true then
    is sent though the database is away, in seconds, with a `Warning` and its `Age`. Requests
    that bear a credential are tagged and compressed, but never answered from what is kept nor
    kept.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        revisions: Revisions,
        capacity: int,
        questions: Questions | None = None,
        stale_s: float = 0,
    ) -> None:
        self.app = app
        self.stale_s = stale_s
        self.revisions = revisions
        self.questions = questions or Questions()
        self._entries: LRUCache[Key, _Entry] = LRUCache(
            maxsize=capacity, getsizeof=lambda entry: entry.weight
        )
        self._flights: dict[Key, _Flight] = {}
        # Orders arrivals and beginnings of flights.
        self._clock = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, self._forgetting(send))
            return
        accepted = asked = b""
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                accepted = accepted + b"," + value if accepted else value
            elif name == b"if-none-match":
                asked = asked + b"," + value if asked else value
        question = self.questions.spelled(scope["path"], scope["query_string"])
        scope = {**scope, "query_string": question}
        key = (scope["path"], question, coding_at(scope["path"], accepted))
        if bears_credential(scope):
            await self._build(key, asked, scope, receive, send, keep=False)
            return
        try:
            is_away = self.stale_s > 0 and self.revisions.is_away()
            limit_s = _AWAY_S if is_away and self._stale(key) else None
            with waited(), fail_after(allowed(limit_s)):
                answer = await self._find(key)
        except (RevisionUnknown, TimeoutError):
            stale = self._stale(key)
            if stale is None:
                await problem_response(unavailable(Trouble.UNREACHABLE))(scope, receive, send)
                return
            KEPT_STALE.inc()
            await _send(stale, asked, send)
            return
        if isinstance(answer, _Entry):
            KEPT_HITS.inc()
            await _send(answer, asked, send)
            return
        KEPT_MISSES.inc()
        try:
            await self._build(key, asked, scope, receive, send, keep=True, flight=answer)
        finally:
            self._land(key, answer)

    async def _find(self, key: Key) -> _Entry | _Flight | None:
        """Give an answer that is true now, or a flight to build one in, or None to build alone.

        A request may share what was begun after it arrived, and else only what a look-up
        of the revision, begun after it arrived, confirms.
        """
        self._clock += 1
        arrived = self._clock
        while True:
            flight = self._flights.get(key)
            if flight is not None:
                await flight.landed.wait()
                if flight.entry is None:
                    return None
                if flight.began > arrived:
                    return flight.entry
            entry = self._entries.get(key)
            if entry is None:
                if key in self._flights:
                    continue
                self._clock += 1
                flight = self._flights[key] = _Flight(self._clock)
                return flight
            if entry.standing is None:
                return entry
            state = await self.revisions.current()
            entry = self._entries.get(key)
            if entry is None:
                continue
            if _is_true(entry, state):
                return entry
            self._entries.pop(key, None)

    def _forgetting(self, send: Send) -> Send:
        """Send what may be the answer to a write: its sender is shown nothing from before."""

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                self.revisions.doubt()
            await send(message)

        return told

    def _stale(self, key: Key) -> _Entry | None:
        """Give what was true when the database last answered, None after too long."""
        entry = self._entries.get(key)
        confirmed = self.revisions.last_confirmed() if self.stale_s > 0 else None
        if entry is None or entry.standing is None or confirmed is None:
            return None
        age_s = time.monotonic() - confirmed.at
        # What was built since is newer than what was confirmed.
        is_newer = entry.standing.revision.number > confirmed.state.revision.number
        if age_s > self.stale_s or not (is_newer or entry.standing.holds_in(confirmed.state)):
            return None
        told = [(b"warning", b'110 - "Response is Stale"'), (b"age", b"%d" % age_s)]
        return replace(
            entry,
            start={**entry.start, "headers": [*entry.start["headers"], *told]},
            not_modified={
                **entry.not_modified,
                "headers": [*entry.not_modified["headers"], *told],
            },
        )

    def _land(self, key: Key, flight: _Flight | None, entry: _Entry | None = None) -> None:
        """Tell those who wait for a flight; only the first call for a flight counts."""
        if flight is not None and self._flights.get(key) is flight:
            del self._flights[key]
            flight.entry = entry
            flight.landed.set()

    async def _build(
        self,
        key: Key,
        asked: bytes,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        keep: bool,
        flight: _Flight | None = None,
    ) -> None:
        # The day is taken before the body is built: a body of the next day, kept as one of
        # this day, is never sent again; the reverse would be sent all day long.
        wish = scope[_SCOPE_KEY] = _Wish(today())
        start: Message | None = None
        parts: list[bytes] = []

        async def collect(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                is_tagged = wish.tag and message["status"] == 200
                if not (is_tagged and wish.keep):
                    self._land(key, flight)
                if is_tagged:
                    start = message
                else:
                    await send(message)
                return
            if start is None:
                await send(message)
                return
            parts.append(message.get("body", b""))
            if message.get("more_body"):
                return
            entry = await _entry(
                wish, start, b"".join(parts), key=key, directives=_PUBLIC if keep else _PRIVATE
            )
            if keep and wish.keep:
                self._keep(key, entry)
            self._land(key, flight, entry)
            await _send(entry, asked, send)

        await self.app(scope, receive, collect)

    def _keep(self, key: Key, entry: _Entry) -> None:
        self._entries.pop(key, None)
        if entry.weight <= self._entries.maxsize:
            self._entries[key] = entry
        KEPT_ENTRIES.set(len(self._entries))
        KEPT_BYTES.set(self._entries.currsize)


def _is_true(entry: _Entry, state: State) -> bool:
    standing = entry.standing
    return standing is None or (standing.holds_in(state) and entry.day == today())


async def _entry(
    wish: _Wish, start: Message, body: bytes, *, key: Key, directives: Iterable[Header]
) -> _Entry:
    coding = key[2]
    if len(body) > _INLINE_BYTES:
        sent, used = await asyncio.to_thread(encoded, body, coding)
    else:
        sent, used = encoded(body, coding)
    tag = entity_tag(body, used)
    validators: list[Header] = [(b"etag", tag.encode()), *directives]
    replaced = {b"content-length", *(name for name, _ in validators)}
    headers = [pair for pair in start["headers"] if pair[0] not in replaced]
    # A browser takes over the headers of a 304, the policy of a page among them.
    unmodified = [pair for pair in headers if pair[0] != b"content-type"]
    unmodified += validators
    headers += [*validators, (b"content-length", str(len(sent)).encode())]
    if used:
        headers.append((b"content-encoding", used.encode()))
    entry = _Entry(
        standing=wish.standing,
        day=wish.day,
        tag=tag,
        body=sent,
        start={"type": "http.response.start", "status": 200, "headers": headers},
        not_modified={"type": "http.response.start", "status": 304, "headers": unmodified},
    )
    return replace(entry, weight=_weight(key, entry))


def _weight(key: Key, entry: _Entry) -> int:
    """Give the bytes of memory that an entry and its key hold."""
    lists = [message["headers"] for message in (entry.start, entry.not_modified)]
    pairs = {id(pair): pair for headers in lists for pair in headers}.values()
    texts = {id(text): text for pair in pairs for text in pair}.values()
    held: tuple[object, ...] = (key, *key, entry, entry.tag, entry.body)
    if entry.standing is not None:
        marks = entry.standing.marks or ()
        held += (entry.standing, entry.standing.revision, marks, *marks)
        held += tuple(mark for _, mark in marks)
    held += (entry.day,)
    held += (entry.start, entry.not_modified, *lists, *pairs, *texts)
    return _PLACE_BYTES + sum(map(sys.getsizeof, held))


async def _send(entry: _Entry, if_none_match: bytes, send: Send) -> None:
    if if_none_match and names(if_none_match, entry.tag):
        await send(dict(entry.not_modified))
        await send({"type": "http.response.body", "body": b""})
        return
    await send(dict(entry.start))
    await send({"type": "http.response.body", "body": entry.body})
