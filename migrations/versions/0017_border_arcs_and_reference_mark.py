"""Outlines from the arcs of borders, and a mark for what is kept of the reference data.

Revision ID: 0017
Revises: 0016
"""

from collections.abc import Sequence
from pathlib import Path

from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

SQL = Path(__file__).parent.parent / "sql" / "0017"

FILES = ["border_arcs.sql", "territory.sql", "reference_mark.sql"]


def upgrade() -> None:
    connection = op.get_bind()
    for name in FILES:
        connection.exec_driver_sql(
            (SQL / name).read_text(encoding="utf-8"),
            # Leaves the "%" of the SQL text alone.
            execution_options={"no_parameters": True},
        )


def downgrade() -> None:
    raise RuntimeError("what is on record is not thrown away: restore a backup instead")
