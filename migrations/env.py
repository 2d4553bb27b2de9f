"""Alembic's entry: runs the migrations on the database of the settings, or on one passed in."""

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection

from app.database.base import Base
from app.database.tables import register_tables


def _include(
    thing: object, name: str | None, kind: str, reflected: bool, other: object
) -> bool:
    """Leave out what belongs to PostGIS itself."""
    return bool(alembic_helpers.include_object(thing, name, kind, reflected, other))  # type: ignore[no-untyped-call]


def run(connection: Connection) -> None:
    """Run on an open connection, everything in one transaction."""
    register_tables()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=_include,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


passed = context.config.attributes.get("connection")
if passed is None:
    raise RuntimeError("the migrations run through ./cpts, which passes an open connection")
run(passed)
