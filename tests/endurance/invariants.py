"""What must hold of the registry whatever was done to it: by SQL, by replay, by recomputing."""

import os
import subprocess
import sys
from collections.abc import Iterable

import psycopg

from tests.endurance.clients import Client
from tests.endurance.service import ROOT

_HELD_TWICE = """
    SELECT one.commune_code, one.cpts_id, two.cpts_id
    FROM claim one
    JOIN claim two ON two.commune_code = one.commune_code AND two.cpts_id > one.cpts_id
                  AND two.held && one.held
"""
_TERRITORIES = """
    SELECT p.id, p.name, p.ended_on IS NOT NULL AS ended,
           coalesce(array_agg(c.commune_code) FILTER (WHERE upper_inf(c.held)), '{}') AS held
    FROM cpts p LEFT JOIN claim c ON c.cpts_id = p.id
    GROUP BY p.id
"""


def communes_held_twice(database: str) -> list[tuple[str, int, int]]:
    """List the communes that two CPTS hold on one day."""
    with psycopg.connect(database) as connection:
        return connection.execute(_HELD_TWICE).fetchall()


def lost_writes(database: str, clients: Iterable[Client]) -> list[str]:
    """List what a client was told and the registry does not hold."""
    with psycopg.connect(database) as connection:
        rows = connection.execute(_TERRITORIES).fetchall()
    held = {number: (name, ended, frozenset(codes)) for number, name, ended, codes in rows}
    lost = []
    for client in clients:
        for number, known in client.cpts.items():
            if number not in held:
                lost.append(f"CPTS {number} ({known.name}) is gone")
                continue
            name, ended, communes = held[number]
            if name != known.name:
                lost.append(f"CPTS {number} is called {name}, not {known.name}")
            if known.is_gone is not None and ended != known.is_gone:
                lost.append(f"CPTS {number} ended: {ended}, its client knows {known.is_gone}")
            if not ended and communes not in known.territories:
                lost.append(f"CPTS {number} holds {sorted(communes)}: {known.territories}")
    return lost


def verified(database: str) -> tuple[int, str]:
    """Recompute everything derived and replay the history: `./cpts db verify`.

    Returns its exit status and what it said.
    """
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "db", "verify"],
        check=False,
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr
