"""The SQL that puts a release into the tables; everything within one transaction."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import Cursor, sql
from sqlalchemy import Connection, Engine

from app.database.statements import script

# Any number, the same for all who load.
_LOADING_LOCK = 26_01_2026

LOADED_TABLES = (
    *("region", "department", "epci", "city", "commune", "commune_population"),
    *("commune_postcode", "commune_name", "former_commune", "commune_neighbour"),
    *("border_arc", "bordered_commune"),
)

_CURRENT_HASH = "SELECT content_hash FROM geography_release"

_STRANDED = """
SELECT v.code, v.name, coalesce(v.successors, '{}'), array_agg(DISTINCT p.name ORDER BY p.name)
FROM vanished v JOIN claim c ON c.commune_code = v.code JOIN cpts p ON p.id = c.cpts_id
WHERE coalesce(cardinality(v.successors), 0) <> 1
GROUP BY v.code, v.name, v.successors
ORDER BY v.code
"""

_CONTESTED = """
WITH replaced AS (
    SELECT unnest(s.replaced) AS id FROM succeeding_claim s
), standing AS (
    SELECT s.cpts_id, s.commune_code, s.held FROM succeeding_claim s
    UNION ALL
    SELECT c.cpts_id, c.commune_code, c.held FROM claim c
    WHERE c.commune_code IN (SELECT s.commune_code FROM succeeding_claim s)
      AND c.id NOT IN (SELECT r.id FROM replaced r)
), contested AS (
    SELECT DISTINCT a.commune_code, a.cpts_id
    FROM standing a JOIN standing b
      ON b.commune_code = a.commune_code AND b.cpts_id <> a.cpts_id AND b.held && a.held
)
SELECT t.commune_code, n.name, p.name,
       array_agg(DISTINCT coalesce(v.name, n.name)
                 ORDER BY coalesce(v.name, n.name))
FROM contested t
JOIN new_commune n ON n.code = t.commune_code
JOIN cpts p ON p.id = t.cpts_id
JOIN claim c ON c.cpts_id = t.cpts_id
LEFT JOIN vanished v ON v.code = c.commune_code AND v.successors = ARRAY[t.commune_code]
WHERE v.code IS NOT NULL OR c.commune_code = t.commune_code
GROUP BY t.commune_code, n.name, p.id, p.name
ORDER BY t.commune_code, p.name
"""

# The claims of a CPTS in the shape of the registry's history.
_CLAIMS_TOLD = """
SELECT h.cpts_id, jsonb_agg(jsonb_build_object(
    'communes', h.communes, 'from', lower(h.held), 'until', upper(h.held)) ORDER BY h.held)
    AS claims
FROM (SELECT c.cpts_id, c.held, array_agg(c.commune_code ORDER BY c.commune_code) AS communes
      FROM claim c WHERE c.cpts_id IN (SELECT s.cpts_id FROM succeeding_claim s)
      GROUP BY c.cpts_id, c.held) h
GROUP BY h.cpts_id
"""
_REMEMBER_CLAIMS = f"CREATE TEMPORARY TABLE told_claims ON COMMIT DROP AS {_CLAIMS_TOLD}"
_RELEASE_CLAIMS = """
DELETE FROM claim c USING (SELECT DISTINCT unnest(s.replaced) AS id FROM succeeding_claim s) r
WHERE c.id = r.id
"""
_MAKE_CLAIMS = """
INSERT INTO claim (cpts_id, commune_code, held)
SELECT s.cpts_id, s.commune_code, s.held FROM succeeding_claim s
ORDER BY s.cpts_id, s.commune_code, s.held
"""
_RECORD_SUCCESSION = f"""
INSERT INTO cpts_change (cpts_id, revision, action, actor, reason, before, after)
SELECT t.cpts_id, r.revision, 'territory', %(actor)s, %(reason)s,
       jsonb_build_object('claims', t.claims), jsonb_build_object('claims', n.claims)
FROM told_claims t
JOIN ({_CLAIMS_TOLD}) n ON n.cpts_id = t.cpts_id
CROSS JOIN registry_revision r
"""  # noqa: S608 (a constant of this module)
_MOVE_REFUSALS = """
UPDATE refused_claim r SET commune_code = v.successors[1] FROM vanished v
WHERE v.code = r.commune_code AND cardinality(v.successors) = 1
  AND r.id = (SELECT min(o.id) FROM refused_claim o
              LEFT JOIN vanished w ON w.code = o.commune_code
              WHERE o.claimant_key = r.claimant_key
                AND coalesce(w.successors, ARRAY[o.commune_code]) = v.successors)
"""
# A year in which the merged communes still stood apart counts their inhabitants together.
_MOVE_POPULATIONS = """
INSERT INTO commune_population AS t (commune_code, in_force_from, year, population)
SELECT v.successors[1], p.in_force_from, max(p.year), sum(p.population)
FROM vanished v JOIN commune_population p ON p.commune_code = v.code
WHERE cardinality(v.successors) = 1
  AND p.in_force_from NOT IN (SELECT n.in_force_from FROM new_population n)
GROUP BY v.successors[1], p.in_force_from
ON CONFLICT (commune_code, in_force_from) DO UPDATE
    SET population = t.population + excluded.population
"""

# A commune that came out of another one still in the list, and those who hold that one today.
_DETACHED = """
SELECT n.code, n.name, c.name, array_agg(DISTINCT p.name ORDER BY p.name)
FROM new_commune n
JOIN former_commune f ON f.code = n.code
JOIN commune c ON c.code = f.commune_code
JOIN claim h ON h.commune_code = c.code AND upper_inf(h.held)
JOIN cpts p ON p.id = h.cpts_id
WHERE NOT EXISTS (SELECT FROM commune k WHERE k.code = n.code)
GROUP BY n.code, n.name, c.name
ORDER BY n.code
"""

_COUNTED = """
SELECT (SELECT count(*) FROM new_commune n
        WHERE NOT EXISTS (SELECT FROM commune c WHERE c.code = n.code)),
       (SELECT count(*) FROM vanished)
"""

# Communes that go into one, with whoever holds any of them, or that one, from today on.
_MERGERS = """
SELECT n.code, n.name, array_agg(DISTINCT v.name ORDER BY v.name),
       coalesce((
           SELECT array_agg(DISTINCT ARRAY[p.id::text, p.name])
           FROM claim c JOIN cpts p ON p.id = c.cpts_id
           WHERE (upper_inf(c.held) OR upper(c.held) >
             (now() AT TIME ZONE 'Europe/Paris')::date)
             AND (c.commune_code = n.code OR c.commune_code IN (
                 SELECT w.code FROM vanished w WHERE w.successors = ARRAY[n.code]))), '{}')
FROM vanished v JOIN new_commune n ON v.successors = ARRAY[n.code]
GROUP BY n.code, n.name
ORDER BY n.code
"""
_RECORD_REFUSAL = """
INSERT INTO geography_refusal (id, reference_date, content_hash, reason, refused_at)
VALUES (1, %s, %s, %s, clock_timestamp())
ON CONFLICT (id) DO UPDATE SET reference_date = excluded.reference_date,
    content_hash = excluded.content_hash, reason = excluded.reason,
    refused_at = CASE WHEN geography_refusal.content_hash = excluded.content_hash
                      THEN geography_refusal.refused_at ELSE excluded.refused_at END
"""

_RECORD_RELEASE = """
INSERT INTO geography_release (id, reference_date, content_hash, loaded_at)
VALUES (1, %s, %s, clock_timestamp())
ON CONFLICT (id) DO UPDATE SET reference_date = excluded.reference_date,
    content_hash = excluded.content_hash, loaded_at = excluded.loaded_at
"""


@dataclass(frozen=True)
class Stranded:
    """A held commune that is no longer in the list and has no single successor."""

    code: str
    name: str
    successors: tuple[str, ...]
    holders: tuple[str, ...]


@dataclass(frozen=True)
class Contested:
    """A CPTS that would hold a merged commune together with another on the same days."""

    code: str
    name: str
    holder: str
    held: tuple[str, ...]


@dataclass(frozen=True)
class MergerHolder:
    """A CPTS that holds a commune."""

    id: int
    name: str


@contextmanager
def rolled_back(engine: Engine) -> Iterator[Cursor[Any]]:
    """Give a cursor in a transaction that leaves nothing."""
    with engine.connect() as connection:
        yield _cursor(connection)
        connection.rollback()


@contextmanager
def loading_transaction(engine: Engine) -> Iterator[Cursor[Any]]:
    """Give a cursor in a transaction that no other load can overlap."""
    with engine.begin() as connection:
        cursor = _cursor(connection)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOADING_LOCK,))
        yield cursor


def loaded_hash(engine: Engine) -> str | None:
    """Give the content hash of the release in the database, None when there is none."""
    with engine.connect() as connection:
        return loaded_hash_of(_cursor(connection))


def loaded_hash_of(cursor: Cursor[Any]) -> str | None:
    """Give the content hash of the loaded release as this transaction sees it."""
    row = cursor.execute(_CURRENT_HASH).fetchone()
    return None if row is None else str(row[0])


def stage_tables(cursor: Cursor[Any]) -> None:
    """Make the temporary tables that receive the release."""
    cursor.execute(_script("staging"))


def copy_rows(
    cursor: Cursor[Any], table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Send rows to a temporary table. Geometries are EWKB in hexadecimal."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def work_out_succession(cursor: Cursor[Any]) -> None:
    """Find the communes that the release no longer has, and where their claims go."""
    for table in ("new_commune", "new_former"):
        cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))
    cursor.execute(_script("succession"))


def stranded_communes(cursor: Cursor[Any]) -> list[Stranded]:
    """List the held communes that vanish without exactly one successor."""
    return [
        Stranded(code, name, tuple(successors), tuple(holders))
        for code, name, successors, holders in cursor.execute(_STRANDED)
    ]


def contested_communes(cursor: Cursor[Any]) -> list[Contested]:
    """List who would hold a merged commune on the same day as another CPTS."""
    return [
        Contested(code, name, holder, tuple(held))
        for code, name, holder, held in cursor.execute(_CONTESTED)
    ]


def detached_communes(cursor: Cursor[Any]) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """List `(code, name, commune it came out of, holders of that one)`, before the change."""
    return [
        (code, name, origin, tuple(holders))
        for code, name, origin, holders in cursor.execute(_DETACHED)
    ]


def counted(cursor: Cursor[Any]) -> tuple[int, int]:
    """Count the communes that a release adds, and those that it no longer has."""
    row = cursor.execute(_COUNTED).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def mergers(
    cursor: Cursor[Any],
) -> list[tuple[str, str, tuple[str, ...], tuple[MergerHolder, ...]]]:
    """List `(code, name, communes that go into it, holders of any of them)`."""
    return [
        (
            code,
            name,
            tuple(merged),
            tuple(MergerHolder(int(each[0]), each[1]) for each in holders),
        )
        for code, name, merged, holders in cursor.execute(_MERGERS)
    ]


def record_refusal(
    engine: Engine, reference_date: date, content_hash: str, reason: str
) -> None:
    """Keep which release could not be loaded, since when and why."""
    with engine.begin() as connection:
        cursor = _cursor(connection)
        cursor.execute(_RECORD_REFUSAL, (reference_date, content_hash, reason))


def forget_refusal(engine: Engine) -> None:
    """Forget the release that could not be loaded: another one is in its place."""
    with engine.begin() as connection:
        cursor = _cursor(connection)
        # Whoever only reads may come by here too.
        if cursor.execute("SELECT FROM geography_refusal").fetchone() is not None:
            cursor.execute("DELETE FROM geography_refusal")


def apply_territories(cursor: Cursor[Any]) -> None:
    """Bring regions, departments, EPCI, cities and communes in line with the release."""
    cursor.execute(_script("territories"))


def hand_over(cursor: Cursor[Any], *, actor: str, reason: str) -> None:
    """Give what the vanished communes had to their successors: claims, refusals, populations.

    Parameters: `actor` and `reason`, as the history of each CPTS shall tell them.
    """
    cursor.execute(_REMEMBER_CLAIMS)
    cursor.execute(_RELEASE_CLAIMS)
    cursor.execute(_MAKE_CLAIMS)
    cursor.execute(_RECORD_SUCCESSION, {"actor": actor, "reason": reason})
    cursor.execute(_MOVE_REFUSALS)
    cursor.execute(_MOVE_POPULATIONS)


def apply_attributes(cursor: Cursor[Any]) -> None:
    """Bring populations, postcodes, names, former codes and borders in line; drop the rest."""
    for table in ("new_population", "new_postcode", "new_name", "new_neighbour"):
        cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))
    cursor.execute(_script("attributes"))


def record_release(cursor: Cursor[Any], reference_date: date, content_hash: str) -> None:
    """Say which release the database holds."""
    cursor.execute(_RECORD_RELEASE, (reference_date, content_hash))


def vacuum(engine: Engine) -> None:
    """Let the planner know the new sizes, and indexes answer without a look at the tables."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in LOADED_TABLES:
            connection.exec_driver_sql(f"VACUUM (ANALYZE) {table}")


def _cursor(connection: Connection) -> Cursor[Any]:
    driver = connection.connection.driver_connection
    assert driver is not None
    cursor: Cursor[Any] = driver.cursor()
    return cursor


def _script(name: str) -> sql.SQL:
    # A file of this package, never a text from outside.
    return sql.SQL(script(__file__, name))
