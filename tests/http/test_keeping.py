"""What is kept of a state of the registry is given for that state only, within its bound."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.database.sessions import ReadingSession, WritingSession
from app.database.waiting import patience
from app.http.keeping import Kept, KeptTexts, Moment
from app.http.repository import Revision

DAY = date(2026, 11, 30)
MOMENT = Moment(Revision(7, datetime(2026, 11, 30, tzinfo=UTC)), DAY, DAY)
OTHERS = (
    replace(MOMENT, revision=replace(MOMENT.revision, number=8)),
    replace(MOMENT, day=date(2026, 12, 1)),
    replace(MOMENT, today=date(2026, 12, 1)),
)


class _Database:
    """What a session is bound to."""


class _Session:
    def __init__(self, database: _Database) -> None:
        self.database = database

    def get_bind(self) -> _Database:
        """Give it."""
        return self.database


ONE, OTHER = _Database(), _Database()
HERE, THERE = _Session(ONE), _Session(OTHER)


def test_one_reading_serves_a_state_of_one_database() -> None:
    kept = Kept[int](most=4)
    numbers = count(1)

    def ask(session: Any, moment: Moment) -> int:
        return kept.get(session, moment, lambda: next(numbers))

    assert [ask(HERE, MOMENT), ask(HERE, MOMENT)] == [1, 1]
    assert [ask(HERE, moment) for moment in OTHERS] == [2, 3, 4]
    assert ask(THERE, MOMENT) == 5
    assert ask(HERE, MOMENT) == 1


def test_whoever_waits_for_what_another_reads_does_so_within_their_patience() -> None:
    kept = Kept[int](most=4)
    here: Any = HERE

    def ask_at_once() -> int:
        with patience(0):
            return kept.get(here, MOMENT, lambda: 2)

    with ThreadPoolExecutor(1) as others:

        def read() -> int:
            with pytest.raises(PoolTimeoutError):
                others.submit(ask_at_once).result(timeout=60)
            return 1

        assert kept.get(here, MOMENT, read) == 1
    assert ask_at_once() == 1


def test_what_is_read_without_a_snapshot_is_kept_for_nobody() -> None:
    things, texts = Kept[int](most=4), KeptTexts(most_bytes=6)
    # Never connected to.
    engine = create_engine("postgresql+psycopg://")
    writing, reading = WritingSession(engine), ReadingSession(engine)

    def ask(session: ReadingSession, thing: int) -> tuple[int, bytes]:
        told = texts.get(session, MOMENT, [7], lambda _: [(7, b"%d" % thing)])
        return things.get(session, MOMENT, lambda: thing), told[7]

    assert ask(writing, 1) == (1, b"1")
    assert ask(reading, 2) == (2, b"2")
    assert ask(writing, 3) == (3, b"3")
    assert ask(reading, 4) == (2, b"2")


def test_only_missing_texts_are_read_and_no_more_are_kept_than_fit() -> None:
    kept = KeptTexts(most_bytes=6)
    read: list[Sequence[int]] = []

    def reading(ids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        read.append(ids)
        return ((each, b"x" * each) for each in ids)

    def ask(session: Any, moment: Moment, *ids: int) -> list[int]:
        found = kept.get(session, moment, ids, reading)
        return [len(found[each]) for each in ids]

    assert ask(HERE, MOMENT, 3, 2) == [3, 2]
    assert ask(HERE, MOMENT, 2, 3, 1) == [2, 3, 1]
    assert read == [[3, 2], [1]]
    # Larger than all that is kept: given, and read anew the next time.
    assert ask(HERE, MOMENT, 7) == ask(HERE, MOMENT, 7) == [7]
    assert read[2:] == [[7], [7]]
    assert ask(HERE, OTHERS[0], 2) == ask(THERE, MOMENT, 2) == [2]
    assert read[4:] == [[2], [2]]
    # The one that was not asked for longest had to give way.
    assert ask(HERE, MOMENT, 3, 1, 2) == [3, 1, 2]
    assert read[6:] == [[2]]
