"""What validated letters have planned, and a stage for every day with a commune.

Revision ID: 0007
Revises: 0005
"""

from collections.abc import Sequence
from pathlib import Path

from alembic import op

revision: str = "0007"
down_revision = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

SQL = Path(__file__).parent.parent / "sql" / "0007"

FILES = ["stage_of_every_day.sql", "planned_changes.sql"]


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
