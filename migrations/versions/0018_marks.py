"""What a change touches: marks by region and department beside the one revision.

Revision ID: 0018
Revises: 0017
"""

from collections.abc import Sequence
from pathlib import Path

from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

SQL = Path(__file__).parent.parent / "sql" / "0018"

FILES = ["marks.sql"]


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
