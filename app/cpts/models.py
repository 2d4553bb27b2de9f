"""Tables of the registry: the CPTS, their stages, themes, claims and what follows from them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, JSONB, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Base, multipolygon


class RegistryRevision(Base):
    """The one row that every change of the registry takes first and advances."""

    __tablename__ = "registry_revision"
    __table_args__ = (CheckConstraint("id = 1", name="id"),)

    id: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, server_default=text("1")
    )
    revision: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    changed_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()")
    )
    demonstration_loaded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # The last entry of the history from before the database itself kept it whole.
    history_chained_after: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class RegistryMark(Base):
    """The last change that could be seen in a place or of a kind; written by triggers only."""

    __tablename__ = "registry_mark"
    __table_args__ = (
        CheckConstraint(
            "level IN ('everywhere', 'country', 'region', 'department', 'completeness')",
            name="level",
        ),
    )

    level: Mapped[str] = mapped_column(Text, primary_key=True)
    code: Mapped[str] = mapped_column(Text, primary_key=True, server_default=text("''"))
    revision: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Stage(Base):
    """A stage of progress; the rank gives the order in which stages follow each other."""

    __tablename__ = "stage"

    slug: Mapped[str] = mapped_column(Text, primary_key=True)
    rank: Mapped[int] = mapped_column(SmallInteger, unique=True)
    label: Mapped[str] = mapped_column(Text)
    meaning: Mapped[str] = mapped_column(Text)


class Mission(Base):
    """A mission of the ACI contract."""

    __tablename__ = "mission"

    slug: Mapped[str] = mapped_column(Text, primary_key=True)
    rank: Mapped[int] = mapped_column(SmallInteger, unique=True)
    label: Mapped[str] = mapped_column(Text)
    optional: Mapped[bool]


class Theme(Base):
    """A theme that CPTS work on; it belongs to one mission."""

    __tablename__ = "theme"

    slug: Mapped[str] = mapped_column(Text, primary_key=True)
    rank: Mapped[int] = mapped_column(SmallInteger, unique=True)
    label: Mapped[str] = mapped_column(Text)
    mission_slug: Mapped[str] = mapped_column(ForeignKey("mission.slug"))


class Cpts(Base):
    """A CPTS: what does not depend on its territory."""

    __tablename__ = "cpts"
    __table_args__ = (
        CheckConstraint("btrim(name) <> ''", name="name"),
        CheckConstraint("finess ~ '^[0-9][0-9AB][0-9]{7}$'", name="finess"),
        CheckConstraint("ended_on >= started_on", name="ended_on"),
        Index(
            "cpts_finess_idx",
            "finess",
            unique=True,
            postgresql_where=text("ended_on IS NULL"),
        ),
        Index(
            "cpts_search_words_idx",
            "search_words",
            postgresql_using="gin",
            postgresql_ops={"search_words": "gin_trgm_ops"},
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    acronym: Mapped[str | None] = mapped_column(Text)
    finess: Mapped[str | None] = mapped_column(Text)
    website: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    demonstration: Mapped[bool] = mapped_column(server_default=text("false"))
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    created_by: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("api_token.id", ondelete="SET NULL")
    )
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()")
    )
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()")
    )
    name_key: Mapped[str] = mapped_column(
        Text, Computed("search_key(name)", persisted=True), nullable=False, index=True
    )
    search_words: Mapped[str] = mapped_column(
        Text,
        Computed(
            "(' ' || search_key(name) || ' ' || search_key(coalesce(acronym, '')))",
            persisted=True,
        ),
        nullable=False,
    )


class CptsStage(Base):
    """A stage that a CPTS reached: its date, None when unknown, and its day of record.

    `known_from` is what a day is asked by: the date, else the day of record.
    """

    __tablename__ = "cpts_stage"

    cpts_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("cpts.id", ondelete="CASCADE"), primary_key=True
    )
    stage_slug: Mapped[str] = mapped_column(ForeignKey("stage.slug"), primary_key=True)
    since: Mapped[date | None]
    recorded_on: Mapped[date] = mapped_column(
        server_default=text("(CAST((now() AT TIME ZONE 'Europe/Paris') AS date))")
    )
    known_from: Mapped[date] = mapped_column(
        Computed("COALESCE(since, recorded_on)", persisted=True), nullable=False
    )


class CptsTheme(Base):
    """A theme that a CPTS works on."""

    __tablename__ = "cpts_theme"

    cpts_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("cpts.id", ondelete="CASCADE"), primary_key=True
    )
    theme_slug: Mapped[str] = mapped_column(
        ForeignKey("theme.slug"), primary_key=True, index=True
    )


class CptsChange(Base):
    """One change of a CPTS: when, who, what before and after."""

    __tablename__ = "cpts_change"
    __table_args__ = (
        CheckConstraint(
            "action IN ('created', 'updated', 'territory', 'superseded', 'ended', 'imported', "
            "'undone')",
            name="action",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    cpts_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("cpts.id", ondelete="CASCADE"), index=True
    )
    changed_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), index=True
    )
    revision: Mapped[int] = mapped_column(BigInteger, index=True)
    action: Mapped[str] = mapped_column(Text)
    actor_token_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("api_token.id", ondelete="SET NULL")
    )
    actor: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class HistoryDue(Base):
    """A CPTS that the present transaction touched; triggers alone write and read it.

    `derived_at` is when it first changed what is derived of the CPTS.
    """

    __tablename__ = "history_due"

    cpts_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    derived_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class CptsTerritory(Base):
    """What follows from the claims of a CPTS over a period; written by triggers only.

    `geom` is at full detail; the other geometries are unions of the communes generalised
    for the scale of a department, a region and the country (EPSG:4326).
    """

    __tablename__ = "cpts_territory"
    __table_args__ = (
        ExcludeConstraint(("cpts_id", "="), ("held", "&&"), name="cpts_territory_one_a_day"),
        Index("cpts_territory_geom_idx", "geom", postgresql_using="gist"),
        Index("cpts_territory_departments_idx", "departments", postgresql_using="gin"),
        Index("cpts_territory_regions_idx", "regions", postgresql_using="gin"),
    )

    cpts_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("cpts.id", ondelete="CASCADE"), primary_key=True
    )
    held: Mapped[Range[date]] = mapped_column(DATERANGE, primary_key=True)
    commune_codes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    commune_count: Mapped[int]
    population: Mapped[int]
    population_year: Mapped[int] = mapped_column(SmallInteger)
    population_note: Mapped[str | None] = mapped_column(Text)
    tier: Mapped[int | None] = mapped_column(SmallInteger)
    departments: Mapped[list[str]] = mapped_column(ARRAY(Text))
    regions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    lead_department: Mapped[str] = mapped_column(ForeignKey("department.code"))
    geom: Mapped[Any] = mapped_column(multipolygon())
    geom_department: Mapped[Any] = mapped_column(multipolygon())
    geom_region: Mapped[Any] = mapped_column(multipolygon())
    geom_country: Mapped[Any] = mapped_column(multipolygon())


class ErrorReport(Base):
    """What a visitor says is wrong on a sheet; `reply_to` is personal data."""

    __tablename__ = "error_report"
    __table_args__ = (
        CheckConstraint("btrim(message) <> '' AND length(message) <= 4000", name="message"),
        CheckConstraint("length(reply_to) <= 254", name="reply_to"),
        CheckConstraint("handled_by IS NULL OR handled_at IS NOT NULL", name="handled"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    cpts_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("cpts.id", ondelete="CASCADE"), index=True
    )
    commune_code: Mapped[str | None] = mapped_column(
        ForeignKey("commune.code", ondelete="SET NULL"), index=True
    )
    message: Mapped[str] = mapped_column(Text)
    reply_to: Mapped[str | None] = mapped_column(Text)
    reported_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()")
    )
    handled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    handled_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("api_token.id"))
    outcome: Mapped[str | None] = mapped_column(Text)
