"""Cities that several CPTS share: declared parts of a commune are units.

Revision ID: 0016
Revises: 0015
"""

from collections.abc import Sequence
from pathlib import Path

from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

SQL = Path(__file__).parent.parent / "sql" / "0016"

FILES = ["parts.sql"]


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
