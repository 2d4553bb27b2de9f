"""What is shared between requests, and what never is, told with a revision set by hand."""

import asyncio
import gc
import gzip
import tracemalloc
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from app.http.caching import Caching, keep_for_good, keep_until_change, keep_where_settled
from app.http.entity_tags import entity_tag, matches
from app.http.repository import Revision, State
from app.http.revisions import Confirmed, Revisions, RevisionUnknown
from tests.event_loop import run_apart


def revision(number: int) -> Revision:
    return Revision(number, datetime(2026, 1, 1, tzinfo=UTC))


class Registry:
    """An application over one number, and the look-up of its revision."""

    def __init__(self) -> None:
        self.number = 1
        self.built = 0
        self.asked = 0
        self.down = False
        self.clock = 0.0
        self.kept = True
        self.kept_for_good = False
        self.kept_at: SimpleNamespace | None = None
        self.status = 200
        self.padding = b""
        # Set for answers to leave; cleared, they wait with the number they have read.
        self.gate = asyncio.Event()
        self.gate.set()

    async def current(self) -> State:
        self.asked += 1
        await asyncio.sleep(0)
        if self.down:
            raise RevisionUnknown
        return State(revision(self.number), {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.built += 1
        number = self.number
        await self.gate.wait()
        if self.kept:
            keep_until_change(Request(scope), revision(number))
        if self.kept_for_good:
            keep_for_good(Request(scope))
        if self.kept_at is not None:
            keep_where_settled(Request({**scope, "app": self.kept_at}), revision(number))
        response = Response(b"state %d" % number + self.padding, self.status)
        await response(scope, receive, send)


def caching(registry: Registry, capacity: int = 100_000, stale_s: float = 0) -> Caching:
    class Looked(Revisions):
        def __init__(self) -> None:
            self.confirmed: Confirmed | None = None

        async def current(self) -> State:
            state = await registry.current()
            self.confirmed = Confirmed(state, registry.clock)
            return state

        def last_confirmed(self) -> Confirmed | None:
            return self.confirmed

        def doubt(self) -> None:
            self.confirmed = None

        def is_away(self) -> bool:
            return registry.down

    return Caching(registry, revisions=Looked(), capacity=capacity, stale_s=stale_s)


async def get(
    app: Caching, path: str = "/", query: str = "", **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        messages.append(message)

    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query.encode(),
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ],
    }
    await app(scope, receive, send)
    received = {key.decode(): value.decode() for key, value in messages[0]["headers"]}
    return messages[0]["status"], b"".join(m.get("body", b"") for m in messages[1:]), received


def run(scenario: Any) -> None:
    run_apart(asyncio.wait_for(scenario, 10))


def test_an_answer_is_built_once_until_the_registry_changes() -> None:
    async def scenario() -> None:
        registry = Registry()
        app = caching(registry)
        assert (await get(app))[1] == b"state 1"
        assert (await get(app))[1] == b"state 1"
        assert registry.built == 1
        registry.number = 2
        assert (await get(app))[1] == b"state 2"
        assert registry.built == 2

    run(scenario())


def test_what_depends_on_the_program_alone_is_built_once_whatever_changes() -> None:
    async def scenario() -> None:
        registry = Registry()
        registry.kept, registry.kept_for_good = False, True
        app = caching(registry)
        _, body, headers = await get(app)
        assert headers["etag"] == entity_tag(body)
        registry.number = 2
        assert (await get(app))[1] == body == b"state 1"
        assert (await get(app, if_none_match=headers["etag"]))[0] == 304
        assert registry.built == 1

    run(scenario())


@pytest.mark.parametrize(
    ("public_url", "built"), [(None, 4), ("https://cpts.example", 1)], ids=["open", "settled"]
)
def test_what_holds_whole_addresses_is_tagged_anyhow_and_kept_where_they_are_settled(
    public_url: str | None, built: int
) -> None:
    async def scenario() -> None:
        registry = Registry()
        service = SimpleNamespace(public_url=public_url)
        registry.kept = False
        registry.kept_at = SimpleNamespace(
            state=SimpleNamespace(settings=SimpleNamespace(service=service))
        )
        registry.padding = b" " * 2_000
        app = caching(registry)
        _, body, headers = await get(app, accept_encoding="gzip", host="one.example")
        assert gzip.decompress(body) == b"state 1" + registry.padding
        assert headers["content-encoding"] == "gzip"
        assert headers["cache-control"] == "public, no-cache"
        again = {"accept_encoding": "gzip", "host": "one.example"}
        unchanged = await get(app, if_none_match=headers["etag"], **again)
        assert unchanged[:2] == (304, b"")
        together = await asyncio.gather(get(app, **again), get(app, **again))
        assert [answer[1] for answer in together] == [body, body]
        assert registry.built == built
        assert (len(app._entries), len(app._flights)) == (public_url is not None, 0)

    run(scenario())


def test_while_the_database_is_away_what_was_true_last_is_sent_as_stale_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        registry = Registry()
        monkeypatch.setattr("app.http.caching.time.monotonic", lambda: registry.clock)
        app = caching(registry, stale_s=600)
        await get(app)
        await get(app, "/old")
        registry.number = 2
        # Confirms what is there from now on: "/old" is known to be outdated.
        await get(app)
        await get(app)
        fresh = await get(app)
        assert "warning" not in fresh[2]
        assert "age" not in fresh[2]
        registry.down, registry.clock = True, 599.5
        status, body, headers = await get(app)
        assert (status, body) == (200, b"state 2")
        assert (headers["warning"], headers["age"]) == ('110 - "Response is Stale"', "599")
        status, body, headers = await get(app, if_none_match=fresh[2]["etag"])
        assert (status, body, headers["age"]) == (304, b"", "599")
        built = registry.built
        assert (await get(app, "/old"))[0] == 503
        registry.clock = 600.5
        assert (await get(app))[0] == 503
        assert registry.built == built
        registry.down = False
        assert "warning" not in (await get(app))[2]

    run(scenario())


def test_outside_of_what_keeps_answers_a_wish_to_be_kept_is_nothing() -> None:
    keep_for_good(Request({"type": "http"}))


def test_an_answer_is_built_anew_on_another_day(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        registry = Registry()
        app = caching(registry)
        monkeypatch.setenv("CPTS_TODAY", "2026-03-01")
        await get(app)
        await get(app)
        assert registry.built == 1
        monkeypatch.setenv("CPTS_TODAY", "2026-03-02")
        await get(app)
        assert registry.built == 2

    run(scenario())


def test_an_answer_begun_on_the_eve_is_not_kept_for_the_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        registry = Registry()
        app = caching(registry)
        monkeypatch.setenv("CPTS_TODAY", "2026-03-01")
        registry.gate.clear()
        slow = asyncio.create_task(get(app))
        await asyncio.sleep(0.01)
        monkeypatch.setenv("CPTS_TODAY", "2026-03-02")
        registry.gate.set()
        await slow
        await get(app)
        assert registry.built == 2

    run(scenario())


def test_requests_that_arrive_together_share_what_began_after_the_first() -> None:
    async def scenario() -> None:
        registry = Registry()
        app = caching(registry)
        registry.gate.clear()
        first = asyncio.create_task(get(app))
        await asyncio.sleep(0.01)
        others = [asyncio.create_task(get(app)) for _ in range(20)]
        await asyncio.sleep(0.01)
        registry.gate.set()
        answers = await asyncio.gather(first, *others)
        assert {body for _, body, _ in answers} == {b"state 1"}
        assert registry.built == 1

    run(scenario())


def test_a_request_never_shares_an_answer_that_was_begun_before_a_change_it_may_know() -> None:
    async def scenario() -> None:
        registry = Registry()
        app = caching(registry)
        registry.gate.clear()
        early = asyncio.create_task(get(app))
        await asyncio.sleep(0.01)
        registry.number = 2
        late = [asyncio.create_task(get(app)) for _ in range(20)]
        await asyncio.sleep(0.01)
        registry.gate.set()
        assert (await early)[1] == b"state 1"
        assert {body for _, body, _ in await asyncio.gather(*late)} == {b"state 2"}
        assert registry.built == 2

    run(scenario())


def test_a_change_makes_many_waiting_requests_build_once() -> None:
    async def scenario() -> None:
        registry = Registry()
        app = caching(registry)
        await get(app)
        registry.number = 2
        answers = await asyncio.gather(*(get(app) for _ in range(50)))
        assert {body for _, body, _ in answers} == {b"state 2"}
        assert registry.built == 2

    run(scenario())


def test_without_the_database_nothing_kept_is_sent() -> None:
    async def scenario() -> None:
        registry = Registry()
        app = caching(registry)
        await get(app)
        registry.down = True
        status, body, headers = await get(app)
        assert status == 503
        assert b"database-unavailable" in body
        assert headers["retry-after"]
        registry.down = False
        assert (await get(app))[0] == 200

    run(scenario())


def test_an_answer_that_did_not_ask_for_it_is_not_kept() -> None:
    async def scenario() -> None:
        registry = Registry()
        registry.kept = False
        app = caching(registry)
        for _ in range(3):
            _, _, headers = await get(app)
            assert "etag" not in headers
        await asyncio.gather(*(get(app) for _ in range(3)))
        assert registry.built == 6
        assert registry.asked == 0

    run(scenario())


@pytest.mark.parametrize(
    "credential",
    [
        {"authorization": "Bearer x"},
        {"cookie": "cpts-agent=x"},
        {"cookie": "a=b; __Host-cpts-agent=x"},
        {"cookie": 'a="b;c" ;cpts-agent = x'},
    ],
)
def test_what_a_token_or_session_is_shown_is_neither_kept_nor_taken_from_what_is_kept(
    credential: dict[str, str],
) -> None:
    async def scenario() -> None:
        registry = Registry()
        app = caching(registry)
        _, _, headers = await get(app, **credential)
        assert headers["etag"] == entity_tag(b"state 1")
        assert headers["cache-control"] == "private, no-cache"
        assert headers["vary"] == "Accept-Encoding, Authorization, Cookie"
        _, _, headers = await get(app)
        assert headers["cache-control"] == "public, no-cache"
        await get(app, **credential)
        assert registry.built == 3

    run(scenario())


def test_a_cookie_that_is_no_session_makes_nobody_known() -> None:
    async def scenario() -> None:
        registry = Registry()
        app = caching(registry)
        await get(app)
        _, _, headers = await get(app, cookie="measure=1")
        assert headers["cache-control"] == "public, no-cache"
        assert registry.built == 1

    run(scenario())


def test_a_304_is_sent_from_what_is_kept_and_only_while_it_is_true() -> None:
    async def scenario() -> None:
        registry = Registry()
        app = caching(registry)
        tag = (await get(app))[2]["etag"]
        for _ in range(3):
            status, body, headers = await get(app, if_none_match=tag)
            assert (status, body, headers["etag"]) == (304, b"", tag)
            assert headers["cache-control"] == "public, no-cache"
            assert "content-length" not in headers
        assert registry.built == 1
        registry.number = 2
        status, body, _ = await get(app, if_none_match=tag)
        assert (status, body) == (200, b"state 2")

    run(scenario())


def test_a_refusal_is_never_kept_even_where_the_answer_would_be() -> None:
    async def scenario() -> None:
        registry = Registry()
        app = caching(registry)
        for status in (404, 422):
            registry.status = status
            for _ in range(2):
                answered, _, headers = await get(app, f"/{status}")
                assert answered == status
                assert "etag" not in headers
        registry.status = 200
        assert (await get(app, "/404"))[0] == 200
        assert registry.built == 5
        # Nothing of a refusal stays, not even that it was on its way.
        assert (len(app._entries), len(app._flights)) == (1, 0)

    run(scenario())


def test_memory_stays_within_its_bound_and_the_least_recent_goes_first() -> None:
    async def scenario() -> None:
        registry = Registry()
        registry.padding = b"x" * 8_500
        app = caching(registry, capacity=37_000)
        for path in ("/a", "/b", "/c", "/a", "/d"):
            await get(app, path)
        assert registry.built == 4
        await get(app, "/a")
        assert registry.built == 4
        await get(app, "/b")
        assert registry.built == 5
        registry.padding = b"x" * 40_000
        registry.number = 2
        await get(app, "/a")
        await get(app, "/a")
        assert registry.built == 7

    run(scenario())


@pytest.mark.parametrize(
    ("path", "query", "padding"),
    [
        ("/", "q={:08}", 0),
        ("/{:08}", "", 0),
        ("/" + "x" * 3_000 + "{:08}", "", 10),
        ("/", "q=" + "x" * 3_000 + "{:08}", 10),
        ("/", "x" * 500 + "{:08}=1", 900),
    ],
)
def test_thousands_of_hostile_questions_hold_no_more_memory_than_was_allowed(
    path: str, query: str, padding: int
) -> None:
    capacity = 2**19

    async def scenario() -> None:
        registry = Registry()
        app = caching(registry, capacity=capacity)
        await get(app)
        gc.collect()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        for number in range(750):
            registry.padding = b"x" * padding
            await get(app, path.format(number), query.format(number))
        gc.collect()
        held = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        assert registry.built == 751
        assert len(app._entries) < 750
        # Full, and within its bound.
        assert 0.5 * capacity < held < 1.1 * capacity

    run(scenario())


def test_each_coding_has_its_own_tag() -> None:
    async def scenario() -> None:
        registry = Registry()
        registry.padding = b" " * 2_000
        app = caching(registry)
        tags = set()
        for coding in ("br", "gzip", "identity"):
            _, body, headers = await get(app, accept_encoding=coding)
            assert headers["content-length"] == str(len(body))
            assert headers.get("content-encoding", "identity") == coding
            assert headers["vary"] == "Accept-Encoding"
            assert headers["cache-control"] == "public, no-cache"
            tags.add(headers["etag"])
        assert len(tags) == 3

    run(scenario())


@pytest.mark.parametrize("path", ["/a.pmtiles", "/a.png", "/a.pdf", "/a.xlsx"])
def test_what_is_compressed_in_itself_is_built_and_kept_once_for_every_coding(
    path: str,
) -> None:
    async def scenario() -> None:
        registry = Registry()
        registry.padding = b" " * 2_000
        app = caching(registry)
        for coding in ("br", "gzip", "identity"):
            _, body, headers = await get(app, path, accept_encoding=coding)
            assert body == b"state 1" + registry.padding
            assert "content-encoding" not in headers
        assert (registry.built, len(app._entries)) == (1, 1)

    run(scenario())


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("{tag}", 304),
        ("W/{tag}", 304),
        ('"other", W/{tag}', 304),
        ("*", 304),
        ('"other"', 200),
        ("unquoted", 200),
        ('"{bare', 200),
    ],
)
def test_if_none_match_takes_lists_weak_tags_and_any(asked: str, status: int) -> None:
    async def scenario() -> None:
        app = caching(Registry())
        _, _, headers = await get(app)
        tag = headers["etag"]
        for _ in range(2):
            answered, body, received = await get(
                app, if_none_match=asked.replace("{tag}", tag).replace("{bare", tag.strip('"'))
            )
            assert answered == status
            assert received["etag"] == tag
            assert bool(body) == (status == 200)

    run(scenario())


def test_if_match_ignores_the_coding_that_the_body_was_sent_in() -> None:
    body = b"state"
    for coding in ("", "br", "gzip"):
        assert matches(entity_tag(body, coding), body)
        assert matches(f'"x", {entity_tag(body, coding)}', body)
        assert not matches(entity_tag(b"other", coding), body)
    assert matches("*", body)
    assert not matches("", body)
