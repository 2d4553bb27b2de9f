"""Tables of the reference geography. All geometry is WGS 84 (EPSG:4326)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, Range
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import REAL

from app.database.base import Base, multilinestring, multipolygon


class Region(Base):
    """A French region, with outlines at the scales that show whole regions."""

    __tablename__ = "region"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    geom_region: Mapped[Any | None] = mapped_column(multipolygon())
    geom_country: Mapped[Any | None] = mapped_column(multipolygon())


class Department(Base):
    """A department, with its outline at each generalised scale."""

    __tablename__ = "department"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"), index=True)
    geom_department: Mapped[Any | None] = mapped_column(multipolygon())
    geom_region: Mapped[Any | None] = mapped_column(multipolygon())
    geom_country: Mapped[Any | None] = mapped_column(multipolygon())


class Epci(Base):
    """A grouping of communes with its own taxation, by SIREN code."""

    __tablename__ = "epci"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)


class City(Base):
    """A code that stands for its arrondissements (Paris, Lyon, Marseille) or declared parts."""

    __tablename__ = "city"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    department_code: Mapped[str] = mapped_column(ForeignKey("department.code"))


class Commune(Base):
    """A unit of territory: a commune, a municipal arrondissement, or a part of a commune.

    `in_force` are the days on which it is one: those of a commune that is divided end when
    those of its parts begin. `unit_on(day)` in the database gives the units of a day. A part
    has its city's name before its own (« Nice – Cimiez »), which `quarter` is alone.
    """

    __tablename__ = "commune"
    __table_args__ = (
        CheckConstraint("kind IN ('commune', 'arrondissement', 'part')", name="kind"),
        CheckConstraint("NOT isempty(in_force)", name="in_force"),
        CheckConstraint(
            "(kind = 'part') = (quarter IS NOT NULL)"
            " AND (kind <> 'part' OR city_code IS NOT NULL)",
            name="quarter",
        ),
        Index("commune_geom_idx", "geom", postgresql_using="gist"),
    )

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    city_code: Mapped[str | None] = mapped_column(ForeignKey("city.code"), index=True)
    department_code: Mapped[str] = mapped_column(ForeignKey("department.code"), index=True)
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    epci_code: Mapped[str | None] = mapped_column(ForeignKey("epci.code"), index=True)
    geom: Mapped[Any] = mapped_column(multipolygon())
    geom_department: Mapped[Any] = mapped_column(multipolygon())
    geom_region: Mapped[Any] = mapped_column(multipolygon())
    geom_country: Mapped[Any] = mapped_column(multipolygon())
    in_force: Mapped[Range[date]] = mapped_column(
        DATERANGE, server_default=text("daterange(NULL, NULL)")
    )
    quarter: Mapped[str | None] = mapped_column(Text)


class Division(Base):
    """A division of a city into parts: from which day on, by what, and what stood before."""

    __tablename__ = "division"
    __table_args__ = (
        CheckConstraint("population_by IN ('column', 'area')", name="population_by"),
        CheckConstraint(
            "(population_by = 'column') = (population_column IS NOT NULL)",
            name="population_column",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    city_code: Mapped[str] = mapped_column(ForeignKey("city.code"), index=True)
    divided_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()")
    )
    actor: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    population_by: Mapped[str] = mapped_column(Text)
    population_column: Mapped[str | None] = mapped_column(Text)
    former_state: Mapped[dict[str, Any]] = mapped_column(JSONB)


class DivisionPart(Base):
    """A part that a division made, and its weight among the inhabitants of the commune."""

    __tablename__ = "division_part"
    __table_args__ = (CheckConstraint("weight >= 0", name="weight"),)

    division_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("division.id", ondelete="CASCADE"), primary_key=True
    )
    part_code: Mapped[str] = mapped_column(
        ForeignKey("commune.code", ondelete="CASCADE"), primary_key=True, index=True
    )
    unit_code: Mapped[str] = mapped_column(ForeignKey("commune.code"), index=True)
    weight: Mapped[float] = mapped_column(Double)


class CommunePopulation(Base):
    """The municipal population of a commune, its census year and when it came into force."""

    __tablename__ = "commune_population"
    __table_args__ = (CheckConstraint("population >= 0", name="population"),)

    commune_code: Mapped[str] = mapped_column(
        ForeignKey("commune.code", ondelete="CASCADE"), primary_key=True
    )
    in_force_from: Mapped[date] = mapped_column(primary_key=True, index=True)
    year: Mapped[int] = mapped_column(SmallInteger)
    population: Mapped[int]


class CommunePostcode(Base):
    """A postal code that serves a commune; each may have several of the other."""

    __tablename__ = "commune_postcode"
    __table_args__ = (
        Index(
            "commune_postcode_postcode_idx",
            "postcode",
            postgresql_ops={"postcode": "text_pattern_ops"},
        ),
    )

    commune_code: Mapped[str] = mapped_column(
        ForeignKey("commune.code", ondelete="CASCADE"), primary_key=True
    )
    postcode: Mapped[str] = mapped_column(Text, primary_key=True)


class CommuneName(Base):
    """A name, of today or before, that leads to a commune of today."""

    __tablename__ = "commune_name"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('current', 'former', 'delegated', 'associated', 'city', 'part')",
            name="kind",
        ),
        UniqueConstraint(
            "key",
            "commune_code",
            "kind",
            "former_code",
            postgresql_nulls_not_distinct=True,
        ),
        Index(
            "commune_name_key_idx",
            "key",
            postgresql_using="gin",
            postgresql_ops={"key": "gin_trgm_ops"},
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    commune_code: Mapped[str] = mapped_column(
        ForeignKey("commune.code", ondelete="CASCADE"), index=True
    )
    department_code: Mapped[str] = mapped_column(ForeignKey("department.code"))
    kind: Mapped[str] = mapped_column(Text)
    former_code: Mapped[str | None] = mapped_column(Text)


class FormerCommune(Base):
    """A code once in force that leads to one or, after a split, several communes of today."""

    __tablename__ = "former_commune"
    __table_args__ = (
        CheckConstraint("kind IN ('former', 'delegated', 'associated')", name="kind"),
    )

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    commune_code: Mapped[str] = mapped_column(
        ForeignKey("commune.code", ondelete="CASCADE"), primary_key=True, index=True
    )
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    ended_on: Mapped[date | None]


class CommuneNeighbour(Base):
    """A border of positive length between two communes; it stands in both directions."""

    __tablename__ = "commune_neighbour"
    __table_args__ = (CheckConstraint("border_m > 0", name="border_m"),)

    commune_code: Mapped[str] = mapped_column(
        ForeignKey("commune.code", ondelete="CASCADE"), primary_key=True
    )
    neighbour_code: Mapped[str] = mapped_column(
        ForeignKey("commune.code", ondelete="CASCADE"), primary_key=True
    )
    border_m: Mapped[float] = mapped_column(REAL)


class BorderArc(Base):
    """What two neighbours share at each scale, or one with the outside; see `borders`."""

    __tablename__ = "border_arc"
    __table_args__ = (
        CheckConstraint("left_code < right_code", name="order"),
        UniqueConstraint(
            "left_code",
            "right_code",
            name="border_arc_pair_key",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    left_code: Mapped[str] = mapped_column(Text)
    right_code: Mapped[str | None] = mapped_column(Text, index=True)
    in_force: Mapped[Range[date]] = mapped_column(DATERANGE, server_default=text("'(,)'"))
    geom: Mapped[Any | None] = mapped_column(multilinestring())
    geom_department: Mapped[Any | None] = mapped_column(multilinestring())
    geom_region: Mapped[Any | None] = mapped_column(multilinestring())
    geom_country: Mapped[Any | None] = mapped_column(multilinestring())


class BorderedCommune(Base):
    """A commune whose arcs are those of its polygons as they stand."""

    __tablename__ = "bordered_commune"

    commune_code: Mapped[str] = mapped_column(
        ForeignKey("commune.code", ondelete="CASCADE"), primary_key=True
    )


class GeographyRelease(Base):
    """Which reference geography is loaded: its date and the hash of its files."""

    __tablename__ = "geography_release"
    __table_args__ = (CheckConstraint("id = 1", name="id"),)

    id: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, server_default=text("1")
    )
    reference_date: Mapped[date]
    content_hash: Mapped[str] = mapped_column(Text)
    loaded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()")
    )
    units_changed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ReferenceMark(Base):
    """By which what is kept of the reference data is known: another one after each change."""

    __tablename__ = "reference_mark"
    __table_args__ = (CheckConstraint("id = 1", name="id"),)

    id: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, server_default=text("1")
    )
    mark: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))


class GeographyRefusal(Base):
    """The release that the service was started with and could not load, and why."""

    __tablename__ = "geography_refusal"
    __table_args__ = (CheckConstraint("id = 1", name="id"),)

    id: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, server_default=text("1")
    )
    reference_date: Mapped[date]
    content_hash: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    refused_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()")
    )
