"""What the service's role may do, given by the owner of the tables.

The owner migrates; the service reads and writes rows, and can neither alter a table nor
change or delete what is on record.
"""

from collections.abc import Sequence

import psycopg
from psycopg import sql
from sqlalchemy import Connection, text

# Written to by the service, and by nobody afterwards; what the database itself fills in
# (the moment, the number) is not the service's to choose.
_ON_RECORD = {
    "cpts_change": (
        "cpts_id",
        "revision",
        "action",
        "actor_token_id",
        "actor",
        "reason",
        "before",
        "after",
    ),
    "letter_event": (
        "letter_id",
        "action",
        "occurred_on",
        "state",
        "actor",
        "actor_token_id",
        "note",
        "details",
    ),
    "cpts_sheet_change": (
        "cpts_id",
        "version",
        "action",
        "actor_token_id",
        "actor",
        "reason",
        "before",
        "after",
        "contacts_changed",
    ),
    "administrative_act": (
        "kind",
        "subject",
        "regions",
        "actor",
        "actor_token_id",
        "details",
    ),
}
_RIGHTS = {
    # Ended, closed or revoked by the service, never deleted.
    "letter": "SELECT, INSERT, UPDATE",
    # What was handed in is taken out, never altered.
    "letter_attachment": "SELECT, INSERT, DELETE",
    "letter_notice": "SELECT, INSERT",
    "api_token": "SELECT, INSERT, UPDATE",
    "conciliation": "SELECT, INSERT, UPDATE",
    "registry_revision": "SELECT, UPDATE",
    "registry_mark": "SELECT",
    "alembic_version": "SELECT",
    # Kept by triggers, under their owner's rights.
    "history_due": None,
    "directory_entry": "SELECT",
    "directory_word": "SELECT",
}
# Whether a CPTS is fictitious is said when it is made: those that are may be deleted.
_SAID_ONCE = {"cpts": frozenset({"demonstration"})}

_TABLES = text("""
    SELECT c.relname AS name,
           (SELECT array_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
              AND a.attgenerated = '') AS columns
    FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
      AND c.relowner = current_user::regrole
    ORDER BY c.relname
""")


def grant_service(connection: Connection, service: str) -> None:
    """Give the service's role its rights on every table, and no other.

    Parameters: `connection`, the owner's; `service`, the name of the role. Where both
    are one there is nothing to give.
    """
    schema, owner = connection.execute(text("SELECT current_schema(), current_user")).one()
    if owner == service:
        return
    role = sql.Identifier(service)
    statements: list[sql.Composed] = [
        sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(schema), role)
    ]
    for name, columns in connection.execute(_TABLES):
        table = sql.Identifier(schema, name)
        statements.append(sql.SQL("REVOKE ALL ON TABLE {} FROM {}").format(table, role))
        rights = _rights(name, columns)
        if rights is not None:
            statements.append(sql.SQL("GRANT {} ON TABLE {} TO {}").format(rights, table, role))
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _rights(table: str, columns: Sequence[str]) -> sql.Composable | None:
    if table in _RIGHTS:
        rights = _RIGHTS[table]
        return None if rights is None else sql.SQL(rights)
    if table in _ON_RECORD:
        return sql.SQL("SELECT, INSERT ({})").format(_list(_ON_RECORD[table]))
    if table in _SAID_ONCE:
        free = [column for column in columns if column not in _SAID_ONCE[table]]
        return sql.SQL("SELECT, INSERT, DELETE, UPDATE ({})").format(_list(free))
    return sql.SQL("SELECT, INSERT, UPDATE, DELETE")


def _list(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column) for column in columns)


def is_granted(connection: Connection, service: str) -> bool:
    """Tell whether the service's role was given its rights on this schema."""
    granted: bool = connection.execute(
        text(
            "SELECT coalesce(bool_and(has_table_privilege(:service, c.oid, 'SELECT')), true)"
            " FROM pg_class c WHERE c.oid = to_regclass('alembic_version')"
        ),
        {"service": service},
    ).scalar_one()
    return granted
