"""What must hold of the registry whatever was done to it: by SQL, by replay, by recomputing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import class_row

from app.database.calendar import today
from tests.command_processes import run
from tests.endurance.clients import Client
from tests.endurance.memory import AHEAD, PENDING, PERSONS, STAGES, Remembered
from tests.endurance.service import Service

_HELD_TWICE = """
    SELECT one.commune_code, one.cpts_id, two.cpts_id
    FROM claim one
    JOIN claim two ON two.commune_code = one.commune_code AND two.cpts_id > one.cpts_id
                  AND two.held && one.held
"""
_REGISTRY = """
    SELECT p.id, p.name, coalesce(p.ended_on <= %(today)s, false) AS ended,
           (SELECT s.stage_slug FROM cpts_stage s JOIN stage ON stage.slug = s.stage_slug
            WHERE s.cpts_id = p.id ORDER BY stage.rank DESC LIMIT 1) AS stage,
           array(SELECT c.commune_code FROM claim c
                 WHERE c.cpts_id = p.id AND c.held @> %(today)s) AS communes,
           array(SELECT c.commune_code FROM claim c
                 WHERE c.cpts_id = p.id AND c.held @> %(then)s) AS then
    FROM cpts p
"""


@dataclass(frozen=True)
class Registry:
    """A registry of its own: its address for the service's role, and a superuser's."""

    database: str
    administrator: str


@dataclass(frozen=True)
class _Stored:
    id: int
    name: str
    ended: bool
    stage: str
    communes: list[str]
    then: list[str]

    def differs(self, known: Remembered) -> Iterator[str]:
        """Name what a client was told otherwise."""
        if self.name != known.name:
            yield f"is called {self.name}, not {known.name}"
        if known.is_gone is not None and self.ended != known.is_gone:
            yield f"ended: {self.ended}, its client knows {known.is_gone}"
        if STAGES.index(self.stage) not in known.stages:
            yield f"is {self.stage}, its client knows {known.stages}"
        if self.ended:
            return
        if frozenset(self.communes) not in known.territories:
            yield f"holds {sorted(self.communes)}: {known.territories}"
        if known.add and not known.add <= frozenset(self.then):
            yield f"will hold {sorted(self.then)}, and {sorted(known.add)} was planned"
        if known.withdraw and known.withdraw & frozenset(self.then):
            yield f"will hold {sorted(self.then)}, {sorted(known.withdraw)} was to go"


def communes_held_twice(database: str) -> list[tuple[Any, ...]]:
    """List the communes that two CPTS hold on one day."""
    with psycopg.connect(database) as connection:
        return connection.execute(_HELD_TWICE).fetchall()


def lost_writes(database: str, clients: Iterable[Client]) -> list[str]:
    """List what clients were told and the registry does not hold, and what nobody asked for."""
    clients = list(clients)
    days = {"today": today(), "then": today() + AHEAD}
    with psycopg.connect(database) as connection:
        with connection.cursor(row_factory=class_row(_Stored)) as cursor:
            stored = {row.id: row for row in cursor.execute(_REGISTRY, days)}
        states: dict[int, str] = dict(
            connection.execute("SELECT id, state FROM letter").fetchall()
        )
    lost = []
    for client in clients:
        for number, known in client.cpts.items():
            if number not in stored:
                lost.append(f"CPTS {number} ({known.name}) is gone")
            else:
                lost += [f"CPTS {number} {each}" for each in stored[number].differs(known)]
    return [*lost, *_unasked(stored.values(), clients), *_lost_letters(states, clients)]


def _unasked(stored: Iterable[_Stored], clients: Iterable[Client]) -> Iterator[str]:
    """Name what exists, confirmed to nobody, unless it is whole and was asked for."""
    confirmed = {number for client in clients for number in client.cpts}
    asked = {
        name: communes for client in clients for name, communes in client.unanswered.items()
    }
    for row in stored:
        if row.id not in confirmed and frozenset(row.communes) != asked.get(row.name):
            yield f"CPTS {row.id} ({row.name}) holds {sorted(row.communes)}: nobody asked"


def _lost_letters(states: Mapping[int, str], clients: Iterable[Client]) -> Iterator[str]:
    for client in clients:
        for number, letter in client.letters.items():
            state = states.get(number, "gone")
            state = PENDING if state in ("deposee", "en_conciliation") else state
            if state not in letter.states:
                yield f"letter {number} is {state}, its client knows {letter.states}"


def verified(database: str) -> tuple[int, str]:
    """Recompute everything derived and replay the history: `./cpts db verify`.

    Returns its exit status and what it said.
    """
    done = run(database, "db", "verify", within=1_800)
    return done.returncode, done.stdout + done.stderr


def assert_sound(registry: Registry, clients: Iterable[Client]) -> None:
    """Fail unless everything holds that must, of the answers and of the registry, by SQL."""
    clients = list(clients)
    assert [line for client in clients for line in client.tally.unexpected] == []
    assert [line for client in clients for line in client.tally.stale] == []
    assert communes_held_twice(registry.database) == []
    assert lost_writes(registry.database, clients) == []


def assert_history_follows(registry: Registry, service: Service) -> None:
    """Fail unless the history replays to what is held, and no log holds a person."""
    status, said = verified(registry.database)
    assert status == 0, said
    logged = service.said() + server_log(registry.administrator)
    assert "database" in logged, "nothing was read"
    assert persons_in(logged) == []


def persons_in(logged: str) -> list[str]:
    """Give which parts of the planted person a log holds."""
    return [part for part in PERSONS if part in logged]


def server_log(administrator: str) -> str:
    """Give all that a private server has written. Parameters: a superuser's address of it."""
    with psycopg.connect(administrator) as connection:
        [(folder,)] = connection.execute("SHOW data_directory").fetchall()
    home = Path(folder).parent
    paths = [*Path(folder).glob("log/*"), *home.glob("start.log")]
    return "\n".join(path.read_text(errors="replace") for path in paths)
