"""Reference geography, funding scale, registry of CPTS and the rules that guard it.

Revision ID: 0001
Revises:
"""

from collections.abc import Sequence
from pathlib import Path

from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

SQL = Path(__file__).parent.parent / "sql" / "0001"

# Read in this order: a later file names what an earlier one makes.
FILES = ["geography.sql", "funding.sql", "registry.sql", "territory.sql", "vocabulary.sql"]


def upgrade() -> None:
    connection = op.get_bind()
    for name in FILES:
        connection.exec_driver_sql(
            (SQL / name).read_text(encoding="utf-8"),
            # Leaves the "%" of the SQL text alone.
            execution_options={"no_parameters": True},
        )


def downgrade() -> None:
    raise RuntimeError("the first migration has nothing to go back to")
