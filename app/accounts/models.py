"""People, machines' tokens, sessions of the pages, links in mails, and mail to be sent."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Base

_ROLES = "role IN ('member', 'editor', 'ars', 'assurance_maladie', 'urps', 'admin')"
_REGIONAL = "role NOT IN ('ars', 'assurance_maladie', 'urps') OR region_code IS NOT NULL"
_NOW = text("now()")


class Person(Base):
    """Somebody with an account.

    Their acts are recorded under `identity_id`, a row of `api_token` that opens nothing and
    outlives them. `totp_interval` numbers the last one-time code that was taken;
    `letter_mail`, whether a letter that concerns their region is told to them by mail.
    """

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email"),
        CheckConstraint(_ROLES, name="role"),
        CheckConstraint(_REGIONAL, name="region"),
        CheckConstraint("origin IN ('invitation', 'demonstration')", name="origin"),
        CheckConstraint("(oidc_issuer IS NULL) = (oidc_subject IS NULL)", name="oidc"),
        UniqueConstraint("oidc_issuer", "oidc_subject"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    identity_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("api_token.id", use_alter=True), unique=True
    )
    email: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text, server_default=text("''"))
    password_hash: Mapped[str | None] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    cpts_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("cpts.id", ondelete="SET NULL", use_alter=True), index=True
    )
    origin: Mapped[str] = mapped_column(Text, server_default=text("'invitation'"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    suspended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_seen_on: Mapped[date | None] = mapped_column(Date)
    totp_secret: Mapped[str | None] = mapped_column(Text)
    totp_confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    totp_interval: Mapped[int | None] = mapped_column(BigInteger)
    oidc_issuer: Mapped[str | None] = mapped_column(Text)
    oidc_subject: Mapped[str | None] = mapped_column(Text)
    letter_mail: Mapped[bool] = mapped_column(server_default=text("true"))


class ApiToken(Base):
    """A token by its SHA-256 digest; the token itself is shown once and never stored.

    `kind`: `machine`, with rights of its own; `person`, with those of `person_id`;
    `identity`, no token but what a person's acts are recorded under.
    """

    __tablename__ = "api_token"
    __table_args__ = (
        CheckConstraint(_ROLES, name="role"),
        CheckConstraint(_REGIONAL, name="agent_region"),
        CheckConstraint(
            "CASE kind "
            "WHEN 'machine' THEN token_hash IS NOT NULL AND role IS NOT NULL"
            " AND person_id IS NULL "
            "WHEN 'person' THEN token_hash IS NOT NULL AND role IS NULL "
            "WHEN 'identity' THEN token_hash IS NULL AND role IS NULL AND person_id IS NULL "
            "ELSE false END",
            name="kind",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text, server_default=text("'machine'"))
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    role: Mapped[str | None] = mapped_column(Text)
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    cpts_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("cpts.id", ondelete="CASCADE", use_alter=True)
    )
    person_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("person.id", ondelete="SET NULL"), index=True
    )
    label: Mapped[str] = mapped_column(Text, server_default=text("''"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    expires_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now() + interval '1 year'")
    )
    last_used_on: Mapped[date | None] = mapped_column(Date)
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PageSession(Base):
    """Somebody signed in to the pages, by the SHA-256 digest of the cookie's secret.

    Of a token, or of a person; while `awaits_second_factor` it opens nothing.
    """

    __tablename__ = "page_session"
    __table_args__ = (
        CheckConstraint("num_nonnulls(api_token_id, person_id) = 1", name="holder"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    api_token_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("api_token.id", ondelete="CASCADE"), index=True
    )
    person_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("person.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    last_seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    browser: Mapped[str] = mapped_column(Text, server_default=text("''"))
    awaits_second_factor: Mapped[bool] = mapped_column(server_default=text("false"))
    oidc_id_token: Mapped[str | None] = mapped_column(Text)


class PersonLink(Base):
    """A link in a mail, by the SHA-256 digest of its secret; `email` is to be confirmed."""

    __tablename__ = "person_link"
    __table_args__ = (
        CheckConstraint("purpose IN ('invitation', 'password', 'address')", name="purpose"),
        CheckConstraint("(purpose = 'address') = (email IS NOT NULL)", name="email"),
    )

    secret_hash: Mapped[bytes] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("person.id", ondelete="CASCADE"), index=True
    )
    email: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class RecoveryCode(Base):
    """What stands in for a lost second factor, by its digest."""

    __tablename__ = "recovery_code"

    person_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )
    code_hash: Mapped[bytes] = mapped_column(primary_key=True)


class OidcRequest(Base):
    """A sign-in with a provider of identities that is under way."""

    __tablename__ = "oidc_request"

    state_hash: Mapped[bytes] = mapped_column(primary_key=True)
    nonce: Mapped[str] = mapped_column(Text)
    code_verifier: Mapped[str] = mapped_column(Text)
    back: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class OutgoingMessage(Base):
    """A message that has not left yet; `trouble` names the class of the last failure."""

    __tablename__ = "outgoing_message"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    next_attempt_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_NOW, index=True
    )
    attempts: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    trouble: Mapped[str | None] = mapped_column(Text)


class LetterNotice(Base):
    """That somebody was told of a letter which concerns their region."""

    __tablename__ = "letter_notice"

    letter_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    told_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
