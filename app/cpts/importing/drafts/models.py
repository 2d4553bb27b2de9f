"""Tables of the imports made in the browser."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

# The tables that foreign keys name must be known to the same metadata.
import app.geography.models  # noqa: F401
from app.database.base import Base

_NOW = text("now()")

_COMMUNE_CODE = len("06088")


class ImportDraft(Base):
    """A listing that somebody brings to the browser, from its file to its undo.

    `findings` is what a plan comes to besides its rows; `told_at` when the job that works
    on it last said so.
    """

    __tablename__ = "import_draft"
    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting', 'working', 'planned', 'refused', 'imported', 'undone')",
            name="state",
        ),
        CheckConstraint("task IN ('plan', 'import')", name="task"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    actor: Mapped[str] = mapped_column(Text)
    actor_token_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("api_token.id", ondelete="SET NULL")
    )
    file_name: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    state: Mapped[str] = mapped_column(Text, server_default=text("'waiting'"))
    task: Mapped[str] = mapped_column(Text, server_default=text("'plan'"))
    step: Mapped[str] = mapped_column(Text, server_default=text("''"))
    done: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    total: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    told_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    refusal: Mapped[str | None] = mapped_column(Text)
    findings: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    revision: Mapped[int | None] = mapped_column(BigInteger)
    imported_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    undone_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ImportFile(Base):
    """The file of a draft, which goes with the import; the table is in no backup."""

    __tablename__ = "import_file"

    draft_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("import_draft.id", ondelete="CASCADE"), primary_key=True
    )
    content: Mapped[bytes]


class ImportRow(Base):
    """What the plan of a draft says of one row of its file."""

    __tablename__ = "import_row"
    __table_args__ = (
        Index("import_row_draft_id_outcome_position_idx", "draft_id", "outcome", "position"),
    )

    draft_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("import_draft.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    row_number: Mapped[int] = mapped_column(BigInteger)
    cpts: Mapped[str] = mapped_column(Text)
    given: Mapped[str] = mapped_column(Text)
    department: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    commune_codes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    commune_names: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    detail: Mapped[str] = mapped_column(Text)
    correction_key: Mapped[str] = mapped_column(Text)
    candidates: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))

    @property
    def may_mean_parts(self) -> bool:
        """Whether parts of a divided city are among the candidates: several may be meant."""
        return any(len(each.partition(" ")[0]) > _COMMUNE_CODE for each in self.candidates)


class ImportCorrection(Base):
    """What somebody decided that a row of a source means; None for a row to be left out."""

    __tablename__ = "import_correction"

    source_key: Mapped[str] = mapped_column(Text, primary_key=True)
    correction_key: Mapped[str] = mapped_column(Text, primary_key=True)
    cpts: Mapped[str] = mapped_column(Text)
    given: Mapped[str] = mapped_column(Text)
    commune_code: Mapped[str | None] = mapped_column(
        ForeignKey("commune.code", ondelete="CASCADE"), index=True
    )
    actor: Mapped[str] = mapped_column(Text)
    corrected_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
