"""Whatever changes an answer advances the registry's revision, by which answers are kept."""

import pytest
from sqlalchemy import Connection, Engine, text

from tests.administration import administration

# Whose rows no kept answer shows, or that are written only together with those of others.
APART = {
    "address_count",
    "address_secret",
    "administrative_act",
    "alembic_version",
    "api_token",
    "border_arc",
    "bordered_commune",
    "contact_view",
    "cpts_change",
    "cpts_contact",
    "cpts_sheet_change",
    "cpts_territory",
    "directory_entry",
    "directory_word",
    "error_report",
    "former_contact",
    "geography_refusal",
    "geography_release",
    "history_due",
    "import_correction",
    "import_draft",
    "import_file",
    "import_row",
    "letter_attachment",
    "letter_notice",
    "oidc_request",
    "outgoing_message",
    "page_session",
    "person",
    "person_link",
    "recovery_code",
    "reference_mark",
    "registry_mark",
    "registry_revision",
    "saved_search",
    "saved_search_stop",
    "sheet_reminder",
    "spatial_ref_sys",
    "upkeep_task",
    "verification_note",
}
# A trigger of a statement fires for none of the rows as well.
STATEMENTS = (
    "INSERT INTO {0} ({1}) SELECT {1} FROM {0} WHERE false",
    "UPDATE {0} SET {1} = {1} WHERE false",
    "DELETE FROM {0} WHERE false",
    "TRUNCATE {0} CASCADE",
)


def tables(connection: Connection) -> dict[str, str]:
    """Give the tables of answers, each with one of its columns."""
    rows = connection.execute(
        text(
            "SELECT c.relname, min(a.attname) FROM pg_class c JOIN pg_attribute a"
            " ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " AND a.attgenerated = '' AND a.attidentity = ''"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' GROUP BY 1"
        )
    )
    return {name: column for name, column in rows if name not in APART}


def revision(connection: Connection) -> int:
    return int(connection.scalar(text("SELECT revision FROM registry_revision")) or 0)


def unnoticed(connection: Connection) -> list[tuple[str, str]]:
    """Give each table and kind of statement after which the revision is what it was."""
    found = []
    for table, column in sorted(tables(connection).items()):
        for statement in STATEMENTS:
            before = revision(connection)
            # Undone at once: others wait for whoever empties a table.
            with connection.begin_nested() as attempt:
                connection.execute(text(statement.format(table, column)))
                if revision(connection) == before:
                    found.append((table, statement.partition(" ")[0]))
                attempt.rollback()
    return found


def test_every_statement_on_a_table_of_answers_advances_the_revision(engine: Engine) -> None:
    with administration(engine) as connection:
        assert {"claim", "commune", "letter", "planned_change"} <= tables(connection).keys()
        assert unnoticed(connection) == []


@pytest.mark.parametrize(
    "event", [4, 8, 16, 32], ids=["insert", "delete", "update", "truncate"]
)
def test_the_revision_is_locked_before_any_other_row(engine: Engine, event: int) -> None:
    # Triggers of one event fire by name: those that write come after.
    first = text(
        "SELECT tgrelid::regclass::text, min(tgname) FROM pg_trigger"
        " WHERE NOT tgisinternal AND tgtype & 2 = 2 AND tgtype & :event = :event GROUP BY 1"
    )
    with administration(engine) as connection:
        found = {row[0]: row[1] for row in connection.execute(first, {"event": event})}
        assert {t: found.get(t) for t in tables(connection)} == {
            table: f"aa_{table}_revision" for table in tables(connection)
        }


# Whose changes are seen in some places only, or where letters are told of only.
BY_PLACE, OF_LETTERS = "places", "letters"


def test_what_a_table_changes_is_marked_everywhere_or_where_its_rows_are(
    engine: Engine,
) -> None:
    told = text(
        "SELECT t.tgrelid::regclass::text, p.proname, t.tgtype,"
        " encode(t.tgargs, 'escape')"
        " FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal"
    )
    with administration(engine) as connection:
        found = list(connection.execute(told))
        answers = tables(connection)
    kinds: dict[str, str] = {}
    marked: dict[str, int] = {}
    for table, function, kind, arguments in found:
        if function == "advance_registry_revision":
            kinds[table] = arguments.removesuffix("\\000")
        elif function == "mark_places_of_rows":
            marked[table] = marked.get(table, 0) | kind & (4 | 8 | 16)
    assert kinds.keys() == answers.keys()
    assert set(kinds.values()) == {"", BY_PLACE, OF_LETTERS}
    # Inserted, deleted, updated: each has a trigger of its own.
    places = {table for table, kind in kinds.items() if kind == BY_PLACE}
    assert marked == dict.fromkeys(places, 4 | 8 | 16)
    letters = {table for table, kind in kinds.items() if kind == OF_LETTERS}
    assert {table.partition("_")[0] for table in letters} == {"letter", "conciliation"}
