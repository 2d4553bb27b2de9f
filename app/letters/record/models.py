"""Tables of the procedure: letters, where authorities stand, what happened, conciliations."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

# The tables that foreign keys name must be known to the same metadata.
import app.cpts.models
import app.geography.models  # noqa: F401
from app.database.base import Base

_STATES = "('deposee', 'en_conciliation', 'validee', 'refusee', 'retiree')"


def _key_of(table: str, on_delete: str | None = "CASCADE") -> ForeignKey:
    return ForeignKey(f"{table}.id", ondelete=on_delete)


class Letter(Base):
    """A letter of intent, or the amendment or merger of recognised CPTS.

    `subject_cpts_id` is the dynamic that it advances, the CPTS amended, or the one that
    absorbs the others; `effective_on` the day wished for, `in_effect_from` the one that a
    validation gave; the contact is personal data.
    """

    __tablename__ = "letter"
    __table_args__ = (
        CheckConstraint("btrim(name) <> ''", name="name"),
        CheckConstraint("kind IN ('creation', 'amendment', 'merger')", name="kind"),
        CheckConstraint(f"state IN {_STATES}", name="state"),
        CheckConstraint(
            "(closed_on IS NOT NULL) = (state IN ('validee', 'refusee', 'retiree'))",
            name="closed_on",
        ),
        CheckConstraint(
            "(in_effect_from IS NOT NULL) = (state = 'validee')", name="in_effect_from"
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default=text("'deposee'"), index=True)
    contact_name: Mapped[str | None] = mapped_column(Text)
    contact_email: Mapped[str | None] = mapped_column(Text)
    contact_phone: Mapped[str | None] = mapped_column(Text)
    documents: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    deposited_on: Mapped[date]
    effective_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    in_effect_from: Mapped[date | None]
    lead_region: Mapped[str] = mapped_column(ForeignKey("region.code"))
    lead_region_corrected: Mapped[bool] = mapped_column(server_default=text("false"))
    subject_cpts_id: Mapped[int | None] = mapped_column(
        BigInteger, _key_of("cpts", "SET NULL"), index=True
    )
    resulting_cpts_id: Mapped[int | None] = mapped_column(
        BigInteger, _key_of("cpts", "SET NULL"), index=True
    )
    created_by: Mapped[int | None] = mapped_column(BigInteger, _key_of("api_token", "SET NULL"))
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()")
    )
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()")
    )
    search_words: Mapped[str] = mapped_column(
        Text, Computed("(' ' || search_key(name))", persisted=True), nullable=False
    )


class LetterCommune(Base):
    """A commune of a letter: `asked` to be added, `kept` by its CPTS, or `withdrawn`."""

    __tablename__ = "letter_commune"
    __table_args__ = (CheckConstraint("part IN ('asked', 'kept', 'withdrawn')", name="part"),)

    letter_id: Mapped[int] = mapped_column(BigInteger, _key_of("letter"), primary_key=True)
    commune_code: Mapped[str] = mapped_column(
        ForeignKey("commune.code", ondelete="CASCADE"), primary_key=True, index=True
    )
    part: Mapped[str] = mapped_column(Text)


class LetterTheme(Base):
    """An orientation of a letter."""

    __tablename__ = "letter_theme"

    letter_id: Mapped[int] = mapped_column(BigInteger, _key_of("letter"), primary_key=True)
    theme_slug: Mapped[str] = mapped_column(ForeignKey("theme.slug"), primary_key=True)


class LetterAbsorbedCpts(Base):
    """A CPTS that a merger ends."""

    __tablename__ = "letter_absorbed_cpts"

    letter_id: Mapped[int] = mapped_column(BigInteger, _key_of("letter"), primary_key=True)
    cpts_id: Mapped[int] = mapped_column(
        BigInteger, _key_of("cpts"), primary_key=True, index=True
    )


class LetterPosition(Base):
    """Where ARS, Assurance Maladie (they decide) or URPS (it advises) stands on a letter."""

    __tablename__ = "letter_position"
    __table_args__ = (
        CheckConstraint("authority IN ('ars', 'assurance_maladie', 'urps')", name="authority"),
        CheckConstraint("position IN ('favorable', 'defavorable', 'reserve')", name="position"),
        CheckConstraint("authority = 'urps' OR position <> 'reserve'", name="decision"),
    )

    letter_id: Mapped[int] = mapped_column(BigInteger, _key_of("letter"), primary_key=True)
    authority: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[str] = mapped_column(Text)
    given_on: Mapped[date]
    note: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()")
    )


class LetterEvent(Base):
    """What happened to a letter: on which day, who recorded it and when, the state after."""

    __tablename__ = "letter_event"
    __table_args__ = (
        CheckConstraint(
            "action IN ('deposited', 'corrected', 'territory', 'decision', 'opinion', "
            "'conciliation_opened', 'conciliation_closed', 'validated', 'refused', "
            "'withdrawn', 'attached', 'detached')",
            name="action",
        ),
        CheckConstraint(f"state IN {_STATES}", name="state"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    letter_id: Mapped[int] = mapped_column(BigInteger, _key_of("letter"), index=True)
    action: Mapped[str] = mapped_column(Text)
    occurred_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()")
    )
    state: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    actor_token_id: Mapped[int | None] = mapped_column(
        BigInteger, _key_of("api_token", "SET NULL")
    )
    note: Mapped[str | None] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


class Conciliation(Base):
    """Letters that ask for the same communes, or for those of a dynamic, until they agree.

    `joined_into` names the one into which it went when their letters came to meet.
    """

    __tablename__ = "conciliation"
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('territoire_partage', 'projets_reunis', 'retrait')", name="outcome"
        ),
        CheckConstraint(
            "(closed_on IS NOT NULL) = (outcome IS NOT NULL OR joined_into IS NOT NULL)",
            name="closed_on",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]
    outcome: Mapped[str | None] = mapped_column(Text)
    joined_into: Mapped[int | None] = mapped_column(BigInteger, _key_of("conciliation", None))
    note: Mapped[str | None] = mapped_column(Text)
    closed_by: Mapped[str | None] = mapped_column(Text)


class ConciliationLetter(Base):
    """A letter that is a party to a conciliation."""

    __tablename__ = "conciliation_letter"

    conciliation_id: Mapped[int] = mapped_column(
        BigInteger, _key_of("conciliation"), primary_key=True
    )
    letter_id: Mapped[int] = mapped_column(
        BigInteger, _key_of("letter"), primary_key=True, index=True
    )


class ConciliationCpts(Base):
    """A dynamic that is a party to a conciliation."""

    __tablename__ = "conciliation_cpts"

    conciliation_id: Mapped[int] = mapped_column(
        BigInteger, _key_of("conciliation"), primary_key=True
    )
    cpts_id: Mapped[int] = mapped_column(
        BigInteger, _key_of("cpts"), primary_key=True, index=True
    )


class ConciliationCommune(Base):
    """A commune in dispute; of a closed conciliation, one that was."""

    __tablename__ = "conciliation_commune"

    conciliation_id: Mapped[int] = mapped_column(
        BigInteger, _key_of("conciliation"), primary_key=True
    )
    commune_code: Mapped[str] = mapped_column(
        ForeignKey("commune.code", ondelete="CASCADE"), primary_key=True, index=True
    )


class ConciliationSettlement(Base):
    """A commune that a dynamic gives up to a letter, as a conciliation settled it."""

    __tablename__ = "conciliation_settlement"

    conciliation_id: Mapped[int] = mapped_column(
        BigInteger, _key_of("conciliation"), primary_key=True
    )
    letter_id: Mapped[int] = mapped_column(
        BigInteger, _key_of("letter"), primary_key=True, index=True
    )
    cpts_id: Mapped[int] = mapped_column(
        BigInteger, _key_of("cpts"), primary_key=True, index=True
    )
    commune_code: Mapped[str] = mapped_column(
        ForeignKey("commune.code", ondelete="CASCADE"), primary_key=True
    )
