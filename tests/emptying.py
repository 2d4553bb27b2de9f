"""Emptying the registry between tests, at the price of the rows that a test left.

A TRUNCATE costs the same for an empty table as for a full one: new files for the table and
for each of its indexes.
"""

from collections.abc import Collection

import psycopg
from psycopg import sql
from sqlalchemy import Engine, text

# Rows that were deleted still take room, and are read over; a TRUNCATE gives it back.
_GROWN_BYTES = 4_000_000

_TABLES = """
SELECT format('%I', relname) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
ORDER BY relname
"""

_SEQUENCES = """
SELECT DISTINCT seqrelid::bigint FROM pg_sequence
JOIN pg_depend ON objid = seqrelid AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i')
JOIN pg_class owner ON owner.oid = refobjid
WHERE owner.relnamespace = 'public'::regnamespace AND format('%I', owner.relname) = ANY(:tables)
"""

_RESTART = """
SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence
WHERE seqrelid::bigint = ANY(:sequences) AND pg_sequence_last_value(seqrelid) IS NOT NULL
"""

_REVISION = (
    "UPDATE registry_revision SET revision = revision + 1, changed_at = clock_timestamp()",
    """UPDATE registry_mark m SET revision = r.revision, changed_at = r.changed_at
    FROM registry_revision r WHERE m.level = 'everywhere'""",
)


def allow_emptying(administrator: psycopg.Connection, role: str | None) -> None:
    """Let a role switch off foreign keys and triggers, which only a superuser may.

    Parameters: `administrator`, a superuser's connection to the server.
    """
    # Two workers that grant at once would meet in the catalogue.
    administrator.execute("SELECT pg_advisory_xact_lock(5012027)")
    asked = "SELECT has_parameter_privilege(%s, 'session_replication_role', 'SET')"
    if administrator.execute(asked, (role,)).fetchone() == (False,):
        administrator.execute(
            sql.SQL("GRANT SET ON PARAMETER session_replication_role TO {}").format(
                sql.Identifier(role or "")
            )
        )


class Emptying:
    """The tables that tests fill: whichever holds no row in a database fresh from the template.

    The others are reference data; a test that changes those puts them back itself.

    Parameters: `engine`, on that database, under a role that was allowed to empty it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        with engine.connect() as connection:
            found = list(connection.execute(text(_TABLES)).scalars())
            filled = set(connection.execute(text(_filled(found))).scalars())
            self.tables = tuple(name for name in found if name not in filled)
            owners = {"tables": list(self.tables)}
            self._sequences = list(connection.execute(text(_SEQUENCES), owners).scalars())
        self._filled = text(_filled(self.tables))

    def empty(self, *, but: Collection[str] = ()) -> None:
        """Remove every row, and let ids begin at 1 again.

        Parameters: `but`, tables that keep their rows.
        """
        with self._engine.begin() as connection:
            filled = {
                row[0]: int(row[1])
                for row in connection.execute(self._filled)
                if row[0] not in but
            }
            if filled:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
                if max(filled.values()) > _GROWN_BYTES and not but:
                    connection.execute(text(f"TRUNCATE {', '.join(self.tables)}"))
                else:
                    for name in filled:
                        connection.execute(text(f"DELETE FROM {name}"))
                # As the triggers would have it: whoever kept an answer must ask again.
                for statement in _REVISION:
                    connection.execute(text(statement))
            if not but:
                connection.execute(text(_RESTART), {"sequences": self._sequences})


def _filled(tables: tuple[str, ...] | list[str]) -> str:
    """Give the query for those tables that hold rows, with their size in bytes."""
    return " UNION ALL ".join(
        f"SELECT '{name}', pg_total_relation_size('{name}'::regclass)"
        f" WHERE EXISTS (SELECT FROM {name})"
        for name in tables
    )
