"""Sessions: one use, one transaction.

Every service takes a `ReadingSession` or a `WritingSession`, never a bare session: what
reads may be called with one that writes, and never the reverse. A request's own are made by
`app.database.request_sessions`, apart because a command does without FastAPI.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from anyio import CapacityLimiter, from_thread, to_thread
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

from app.database.engine import create_database_engine
from app.database.failures import CANNOT_RECORD, Trouble, trouble_of
from app.database.replica import Replica
from app.database.waiting import COMMAND_WAITS, WaitLimits, place_in

Result = TypeVar("Result")


class ReadingSession(Session):
    """A session that is read from; from the pool of readers, it refuses to write."""


class WritingSession(ReadingSession):
    """A session that may write. Services flush; only the request's end commits."""


class Recording:
    """What last kept this process from writing; `app.http.health` tells when that is over."""

    def __init__(self) -> None:
        self.trouble: Trouble | None = None

    @contextmanager
    def attempted(self) -> Iterator[None]:
        """Remember what keeps a block that writes from recording."""
        try:
            yield
        except Exception as error:
            trouble = trouble_of(error)
            if trouble in CANNOT_RECORD:
                self.trouble = trouble
            raise


@dataclass(frozen=True)
class Sessions:
    """What makes the sessions of one process; kept as `app.state.sessions`.

    `read` makes sessions that see one snapshot and cannot write (REPEATABLE READ,
    READ ONLY), `write` those that may (READ COMMITTED). `aside_read` and `aside_write`
    make those of short work beside a request's session: tokens, counts, readiness.

    Readers, writers and what stands aside have connections of their own, and limiters that
    let in no more sessions than there are connections: requests queue in the event loop,
    within their patience. So writers that wait for the registry's lock hold neither the
    threads nor the connections of readers.
    """

    read: sessionmaker[ReadingSession]
    write: sessionmaker[WritingSession]
    aside_read: sessionmaker[ReadingSession]
    aside_write: sessionmaker[WritingSession]
    engines: Mapping[str, Engine]
    readers: CapacityLimiter = field(repr=False)
    writers: CapacityLimiter = field(repr=False)
    asides: CapacityLimiter = field(repr=False)
    limits: WaitLimits = COMMAND_WAITS
    recording: Recording = field(default_factory=Recording)
    replica: Replica[ReadingSession] | None = None

    @classmethod
    def open(
        cls,
        address: str,
        *,
        connections: int,
        limits: WaitLimits = COMMAND_WAITS,
        poolclass: type[QueuePool] = QueuePool,
        read_address: str | None = None,
    ) -> "Sessions":
        """Make three engines that together hold at most `connections`, at least three.

        Parameters: `address` and `poolclass` as for `create_database_engine`; `read_address`,
        of a replica, on which readers may hold as many connections again; connects to nothing
        yet.
        """
        shares = _shares(connections)
        engines = {
            name: create_database_engine(
                address, connections=share, limits=limits, poolclass=poolclass
            )
            for name, share in shares.items()
        }
        made = cls._made(engines, shares, limits)
        if read_address is None:
            return made
        engine = create_database_engine(
            read_address,
            connections=shares["readers"],
            limits=limits.hasty(),
            poolclass=poolclass,
        )
        replica = Replica(_reading(engine), engine)
        return replace(made, engines={**engines, "replica": engine}, replica=replica)

    @classmethod
    def on(
        cls, engine: Engine, *, connections: int = 20, limits: WaitLimits = COMMAND_WAITS
    ) -> "Sessions":
        """Share one engine, whose pool holds at most `connections`, at least three."""
        shares = _shares(connections)
        return cls._made(dict.fromkeys(shares, engine), shares, limits)

    @classmethod
    def _made(
        cls, engines: Mapping[str, Engine], shares: Mapping[str, int], limits: WaitLimits
    ) -> "Sessions":
        return cls(
            read=_reading(engines["readers"]),
            write=sessionmaker(
                engines["writers"], class_=WritingSession, expire_on_commit=False
            ),
            aside_read=_reading(engines["asides"]),
            aside_write=sessionmaker(
                engines["asides"], class_=WritingSession, expire_on_commit=False
            ),
            engines=engines,
            readers=CapacityLimiter(shares["readers"]),
            writers=CapacityLimiter(shares["writers"]),
            asides=CapacityLimiter(shares["asides"]),
            limits=limits,
        )

    async def aside(self, work: Callable[[], Result]) -> Result:
        """Do short work with an `aside_…` session in a thread, when its turn has come.

        Raises SQLAlchemy's `TimeoutError` when it does not come in time.
        """
        async with place_in(self.asides, self.limits.place):
            return await to_thread.run_sync(work)

    @contextmanager
    def place_aside(self) -> Iterator[None]:
        """Hold the place of short work in a thread that the event loop waits for.

        Raises as `aside`.
        """
        place = place_in(self.asides, self.limits.place)
        from_thread.run(place.__aenter__)
        try:
            yield
        finally:
            from_thread.run(place.__aexit__, None, None, None)

    def afresh(self) -> "Sessions":
        """Give others over the same connections, to whose limiters nobody has come yet."""
        return replace(
            self,
            readers=CapacityLimiter(self.readers.total_tokens),
            writers=CapacityLimiter(self.writers.total_tokens),
            asides=CapacityLimiter(self.asides.total_tokens),
            recording=Recording(),
        )

    def dispose(self) -> None:
        """Close every connection that rests in a pool."""
        for engine in set(self.engines.values()):
            engine.dispose()


def _shares(connections: int) -> dict[str, int]:
    asides = max(1, connections // 6)
    writers = max(1, connections // 4)
    return {
        "readers": max(1, connections - writers - asides),
        "writers": writers,
        "asides": asides,
    }


def _reading(engine: Engine) -> sessionmaker[ReadingSession]:
    snapshot = engine.execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )
    return sessionmaker(
        snapshot, class_=ReadingSession, autoflush=False, expire_on_commit=False
    )


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
