"""Tables of the directory: sheets, actions, contacts, who saw them, searches that are saved."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

# The tables that foreign keys name must be known to the same metadata.
import app.cpts.models  # noqa: F401
from app.database.base import Base

_NOW = text("now()")
_MOMENT = text("clock_timestamp()")
_TODAY = text("(CAST((now() AT TIME ZONE 'Europe/Paris') AS date))")
_NOTHING = text("''")
_NONE = text("'{}'")


def _of_cpts(*, primary_key: bool = False, index: bool = False) -> Any:
    return mapped_column(
        BigInteger,
        ForeignKey("cpts.id", ondelete="CASCADE"),
        primary_key=primary_key,
        autoincrement=False,
        index=index or None,
    )


def _of_token() -> Any:
    return mapped_column(BigInteger, ForeignKey("api_token.id", ondelete="SET NULL"))


class CptsSheet(Base):
    """What a CPTS tells of itself; `version` counts what was written, contacts included.

    `members_count` is of the association, None when nobody gave it; `confirmed_on`, the day
    on which somebody of the CPTS last said that all of it is so.
    """

    __tablename__ = "cpts_sheet"
    __table_args__ = (
        CheckConstraint("length(presentation) <= 10000", name="presentation"),
        CheckConstraint("members_count BETWEEN 0 AND 100000", name="members_count"),
    )

    cpts_id: Mapped[int] = _of_cpts(primary_key=True)
    presentation: Mapped[str] = mapped_column(Text, server_default=_NOTHING)
    members_count: Mapped[int | None] = mapped_column(BigInteger)
    confirmed_on: Mapped[date | None] = mapped_column(Date)
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_MOMENT
    )
    updated_by: Mapped[int | None] = _of_token()


class CptsAction(Base):
    """What a CPTS did, does or plans on a theme.

    `told` is its text; `links`, the addresses of its documents.
    """

    __tablename__ = "cpts_action"
    __table_args__ = (
        CheckConstraint("state IN ('en_projet', 'en_cours', 'realise')", name="state"),
        CheckConstraint("year BETWEEN 2000 AND 2100", name="year"),
        CheckConstraint("length(text) <= 4000", name="text"),
        CheckConstraint("cardinality(links) <= 20", name="links"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    cpts_id: Mapped[int] = _of_cpts(index=True)
    position: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    theme_slug: Mapped[str] = mapped_column(ForeignKey("theme.slug"), index=True)
    state: Mapped[str] = mapped_column(Text)
    year: Mapped[int | None] = mapped_column(BigInteger)
    told: Mapped[str] = mapped_column("text", Text, server_default=_NOTHING)
    links: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=_NONE)


class CptsSheetChange(Base):
    """A change of a sheet: when, by which identity, what before and after; no person in it.

    Of contacts it says only that they changed. `version` is the sheet's after the change.
    """

    __tablename__ = "cpts_sheet_change"
    __table_args__ = (
        CheckConstraint(
            "action IN ('updated', 'confirmed', 'restored', 'imported', 'erased')",
            name="action",
        ),
        CheckConstraint(
            "NOT coalesce(before ? 'contacts', false)"
            " AND NOT coalesce(after ? 'contacts', false)",
            name="without_contacts",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    cpts_id: Mapped[int] = _of_cpts(index=True)
    changed_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_MOMENT
    )
    version: Mapped[int] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(Text)
    actor_token_id: Mapped[int | None] = _of_token()
    actor: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    contacts_changed: Mapped[bool] = mapped_column(server_default=text("false"))


class SheetReminder(Base):
    """That a CPTS was reminded of the confirmation due on a day, once for each kind."""

    __tablename__ = "sheet_reminder"
    __table_args__ = (CheckConstraint("kind IN ('due', 'late')", name="kind"),)

    cpts_id: Mapped[int] = _of_cpts(primary_key=True)
    due_on: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True, server_default=text("'due'"))
    sent_on: Mapped[date] = mapped_column(Date, server_default=_TODAY)


class CptsContact(Base):
    """Somebody of a CPTS whom members may call.

    Shown until `kept_until`, that day included; `person_id` is the account of the same
    person, with which this goes; `since_version`, the first of the sheet that tells it so.
    """

    __tablename__ = "cpts_contact"
    __table_args__ = (
        CheckConstraint("length(role) <= 200", name="role"),
        CheckConstraint("btrim(name) <> '' AND length(name) <= 200", name="name"),
        CheckConstraint("length(email) <= 254", name="email"),
        CheckConstraint("length(phone) <= 40", name="phone"),
        CheckConstraint("purpose IN ('mise_en_relation')", name="purpose"),
        CheckConstraint(
            "legal_basis IN ('interet_legitime', 'consentement')", name="legal_basis"
        ),
        CheckConstraint("origin IN ('fiche', 'import', 'demonstration')", name="origin"),
        CheckConstraint("kept_until >= recorded_on", name="kept_until"),
        Index("cpts_contact_email_idx", text("lower(email)")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    cpts_id: Mapped[int] = _of_cpts(index=True)
    position: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    role: Mapped[str] = mapped_column(Text, server_default=_NOTHING)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("person.id", ondelete="CASCADE"), index=True
    )
    purpose: Mapped[str] = mapped_column(Text, server_default=text("'mise_en_relation'"))
    legal_basis: Mapped[str] = mapped_column(Text, server_default=text("'interet_legitime'"))
    origin: Mapped[str] = mapped_column(Text, server_default=text("'fiche'"))
    recorded_on: Mapped[date] = mapped_column(Date, server_default=_TODAY)
    kept_until: Mapped[date] = mapped_column(Date, index=True)
    since_version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class FormerContact(Base):
    """Somebody whom a sheet told of from `since_version` to before `until_version`.

    Kept until `kept_until`, so that a former state of the sheet can be taken back; shown to
    nobody before that.
    """

    __tablename__ = "former_contact"
    __table_args__ = (
        CheckConstraint("length(role) <= 200", name="role"),
        CheckConstraint("btrim(name) <> '' AND length(name) <= 200", name="name"),
        CheckConstraint("length(email) <= 254", name="email"),
        CheckConstraint("length(phone) <= 40", name="phone"),
        CheckConstraint("until_version > since_version", name="versions"),
        CheckConstraint("kept_until >= removed_on", name="kept_until"),
        Index("former_contact_email_idx", text("lower(email)")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    cpts_id: Mapped[int] = _of_cpts(index=True)
    since_version: Mapped[int] = mapped_column(BigInteger)
    until_version: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    role: Mapped[str] = mapped_column(Text, server_default=_NOTHING)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    removed_on: Mapped[date] = mapped_column(Date, server_default=_TODAY)
    kept_until: Mapped[date] = mapped_column(Date, index=True)


class ContactView(Base):
    """That somebody was shown the contacts of a CPTS on a day.

    `viewer_id` is the identity of a person, or a machine's token.
    """

    __tablename__ = "contact_view"
    __table_args__ = (Index("contact_view_cpts_id_idx", "cpts_id", "seen_on"),)

    viewer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True
    )
    seen_on: Mapped[date] = mapped_column(Date, primary_key=True, index=True)
    cpts_id: Mapped[int] = _of_cpts(primary_key=True)
    first_seen_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_MOMENT
    )


class SavedSearch(Base):
    """A search of a member, told of by mail when another CPTS matches, unless paused.

    `query` is written as in the address of the page; `matched`, the CPTS that did when it
    was last looked at.
    """

    __tablename__ = "saved_search"
    __table_args__ = (
        CheckConstraint("btrim(name) <> '' AND length(name) <= 200", name="name"),
        CheckConstraint("length(query) <= 2000", name="query"),
        UniqueConstraint("person_id", "name", name="saved_search_person_id_name_key"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    person_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("person.id", ondelete="CASCADE")
    )
    name: Mapped[str] = mapped_column(Text)
    query: Mapped[str] = mapped_column(Text)
    matched: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=_NONE)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    looked_at_on: Mapped[date] = mapped_column(Date, server_default=_TODAY)
    paused_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SavedSearchStop(Base):
    """What one click in a mail stops a search by: the digest of the mail's secret."""

    __tablename__ = "saved_search_stop"

    secret_hash: Mapped[bytes] = mapped_column(primary_key=True)
    saved_search_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("saved_search.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)


class DirectoryEntry(Base):
    """What the directory searches of a CPTS, derived by triggers from its themes and texts."""

    __tablename__ = "directory_entry"
    __table_args__ = (Index("directory_entry_words_idx", "words", postgresql_using="gin"),)

    cpts_id: Mapped[int] = _of_cpts(primary_key=True)
    words: Mapped[Any] = mapped_column(TSVECTOR)
    declared_themes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    themes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    planned_themes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    current_themes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    done_themes: Mapped[list[str]] = mapped_column(ARRAY(Text))


class DirectoryWord(Base):
    """A word of the entries, and in how many it is; what typing errors are compared with."""

    __tablename__ = "directory_word"
    __table_args__ = (
        Index(
            "directory_word_word_idx",
            "word",
            postgresql_using="gin",
            postgresql_ops={"word": "gin_trgm_ops"},
        ),
    )

    word: Mapped[str] = mapped_column(Text, primary_key=True)
    entries: Mapped[int] = mapped_column(BigInteger)
