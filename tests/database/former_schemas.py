"""Databases as former versions left them."""

from sqlalchemy import Engine

from app.database.migration import upgrade_database


def filled(engine: Engine, *steps: tuple[str, str]) -> Engine:
    """Bring a database to one migration after the other, and fill it at each.

    Parameters: `steps`, each a migration and the SQL that is run there.
    """
    for migration, statements in steps:
        upgrade_database(engine, migration)
        with engine.begin() as connection:
            connection.exec_driver_sql(statements)
    return engine
