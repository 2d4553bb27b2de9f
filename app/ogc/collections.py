"""The collections, each declared once: what they hold, under which names, of which types.

Items, schemas, queryables, filters, pages, tiles and the description of the API follow.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Subquery, TextualSelect, column, exists, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Boolean, Date, DateTime, Double, Text, TypeEngine

from app.cpts.models import Cpts
from app.cpts.reading.filtering import Filter, Filters
from app.cpts.reading.filters import BBOX, DEPARTMENT, FILTERS, REGION
from app.cpts.reading.schemas import CoverageLevel
from app.database.statements import script

Kind = Literal["integer", "number", "text", "texts", "boolean", "day", "moment"]
_TYPES: Mapping[Kind, TypeEngine[Any]] = {
    "integer": BigInteger(),
    "number": Double(),
    "text": Text(),
    "texts": ARRAY(Text),
    "boolean": Boolean(),
    "day": Date(),
    "moment": DateTime(timezone=True),
}
GEOMETRY = "geometry"
SHOWN_ON = "shown_on"


@dataclass(frozen=True, slots=True)
class Property:
    """A property of features: `title` is French; `nullable`, whether some have none."""

    name: str
    kind: Kind
    title: str
    nullable: bool = True


Columns = Any  # those of a subquery, by name
ShownOn = Any  # a day, or the column of the day as of which each item is told
Narrowing = Callable[[Filters, ShownOn, Columns], Sequence[ColumnElement[bool]]]


@dataclass(frozen=True, kw_only=True)
class Collection:
    """What is asked for and answered under `/ogc/collections/{name}`.

    Parameters: `source`, SQL of the items of `:day` beside this module, with the columns
    of `properties`, `geometry` (degrees, as exact as it is kept), `drawn` (of `:detail`) and
    `shown_on`, the day as of which an item is told: `:day`, or for what ends the nearest to
    it from `:first_day` to `:last_day`;
    `key`, the property that identifies an item, by which pages go; `begun` and `ended`, the
    properties between whose days an item lasts; `filters`, those of the registry that it
    takes, and `narrowing`, what they ask of its columns; `coverage`, the level of which the
    source takes `:coverage`.
    """

    name: str
    title: str
    description: str
    key: str
    properties: tuple[Property, ...]
    filters: tuple[Filter[Any], ...]
    narrowing: Narrowing
    begun: str | None = None
    ended: str | None = None
    coverage: CoverageLevel | None = None

    @property
    def path(self) -> str:
        """Its address, root-relative."""
        return f"/ogc/collections/{self.name}"

    @property
    def kinds(self) -> dict[str, Kind]:
        """The kind of each property, by name."""
        return {each.name: each.kind for each in self.properties}

    @property
    def key_is_number(self) -> bool:
        """Whether items are numbered; others have codes."""
        return self.kinds[self.key] == "integer"

    def statement(self) -> TextualSelect:
        """Give the statement of all its items, typed."""
        columns = [column(each.name, _TYPES[each.kind]) for each in self.properties]
        return text(script(__file__, self.name)).columns(
            *columns, column(GEOMETRY), column("drawn"), column(SHOWN_ON, Date)
        )


def _of_registry(filters: Filters, day: ShownOn, items: Columns) -> list[ColumnElement[bool]]:
    conditions = [key.condition(value, day) for key, value in filters.asked.items()]
    return [exists().where(Cpts.id == items.id, *conditions)] if conditions else []


def _of_columns(**names: Filter[tuple[str, ...]]) -> Narrowing:
    """Narrow by columns that hold one code, or an array of them."""

    def narrowing(filters: Filters, _day: ShownOn, items: Columns) -> list[ColumnElement[bool]]:
        conditions = []
        for name, key in names.items():
            if codes := filters[key]:
                held = items[name]
                several = isinstance(held.type, ARRAY)
                conditions.append(held.overlap(list(codes)) if several else held.in_(codes))
        return conditions

    return narrowing


_COVERED = (
    Property("population", "integer", "Population municipale"),
    Property("population_covered", "integer", "Population des communes d'une CPTS reconnue"),
    Property("share_covered", "number", "Part de la population couverte, de 0 à 1"),
    Property("communes", "integer", "Nombre de communes"),
    Property("communes_covered", "integer", "Nombre de communes d'une CPTS reconnue"),
    Property("complete", "boolean", "Contenu du registre déclaré complet"),
    Property("completed_on", "day", "Déclaré complet depuis le"),
)

CPTS = Collection(
    name="cpts",
    title="CPTS",
    description="Les communautés professionnelles territoriales de santé et leur territoire, "
    "union de communes entières. Sans commune, la géométrie est nulle.",
    key="id",
    begun="started_on",
    ended="ended_on",
    properties=(
        Property("id", "integer", "Identifiant", nullable=False),
        Property("name", "text", "Nom", nullable=False),
        Property("acronym", "text", "Sigle"),
        Property("finess", "text", "Numéro FINESS"),
        Property("stage", "text", "Stade d'avancement"),
        Property("stage_label", "text", "Stade, en toutes lettres"),
        Property("stage_since", "day", "Date du stade, nulle quand personne ne la connaît"),
        Property("stage_recorded_on", "day", "Jour depuis lequel le registre connaît le stade"),
        Property("population", "integer", "Population municipale", nullable=False),
        Property("population_year", "integer", "Millésime de la population"),
        Property("population_note", "text", "Communes de population d'une autre année"),
        Property("tier", "integer", "Taille, de 1 à 4"),
        Property("commune_count", "integer", "Nombre de communes", nullable=False),
        Property("departments", "texts", "Codes des départements", nullable=False),
        Property("regions", "texts", "Codes des régions", nullable=False),
        Property("lead_department", "text", "Département où vit la plus grande part"),
        Property("themes", "texts", "Thèmes de travail", nullable=False),
        Property("website", "text", "Site de l'association"),
        Property("email", "text", "Adresse électronique de l'association"),
        Property("phone", "text", "Téléphone de l'association"),
        Property("address", "text", "Adresse de l'association"),
        Property("demonstration", "boolean", "Donnée fictive", nullable=False),
        Property("started_on", "day", "Premier jour", nullable=False),
        Property("ended_on", "day", "Premier jour sans elle"),
        Property("updated_at", "moment", "Dernier changement", nullable=False),
    ),
    filters=tuple(key for key in FILTERS if key is not BBOX),
    narrowing=_of_registry,
)
COMMUNES = Collection(
    name="communes",
    title="Communes",
    description="Les communes, les arrondissements de Paris, Lyon et Marseille, et à la place "
    "d'une commune divisée ses quartiers, chacun avec la CPTS qui le tient.",
    key="code",
    properties=(
        Property("code", "text", "Code INSEE", nullable=False),
        Property("name", "text", "Nom", nullable=False),
        Property("kind", "text", "commune, arrondissement ou part (quartier)", nullable=False),
        Property("city", "text", "Code de la ville d'un arrondissement ou d'un quartier"),
        Property("epci", "text", "Numéro SIREN de l'EPCI"),
        Property("department", "text", "Code du département", nullable=False),
        Property("region", "text", "Code de la région", nullable=False),
        Property("population", "integer", "Population municipale"),
        Property("population_year", "integer", "Millésime de la population"),
        Property("postcodes", "texts", "Codes postaux", nullable=False),
        Property("cpts_id", "integer", "Identifiant de la CPTS qui la tient"),
        Property("cpts_name", "text", "Nom de cette CPTS"),
        Property("cpts_stage", "text", "Stade de cette CPTS"),
    ),
    filters=(REGION, DEPARTMENT),
    narrowing=_of_columns(region=REGION, department=DEPARTMENT),
)
PARTS = Collection(
    name="parts",
    title="Quartiers",
    description="Les quartiers des communes que plusieurs CPTS se partagent, chacun avec la "
    "CPTS qui le tient. Ensemble ils remplissent leur commune exactement.",
    key="code",
    properties=(
        Property(
            "code", "text", "Code IRIS, ou celui de la commune et un numéro", nullable=False
        ),
        Property("name", "text", "Nom, avec celui de la commune", nullable=False),
        Property("quarter", "text", "Nom dans la commune", nullable=False),
        Property("city", "text", "Code INSEE de la commune", nullable=False),
        Property("city_name", "text", "Nom de la commune", nullable=False),
        Property("department", "text", "Code du département", nullable=False),
        Property("region", "text", "Code de la région", nullable=False),
        Property("population", "integer", "Part de la population municipale"),
        Property("population_year", "integer", "Millésime de la population"),
        Property(
            "population_by",
            "text",
            "Répartie d'après une colonne (column) ou la surface (area)",
        ),
        Property("cpts_id", "integer", "Identifiant de la CPTS qui le tient"),
        Property("cpts_name", "text", "Nom de cette CPTS"),
        Property("cpts_stage", "text", "Stade de cette CPTS"),
    ),
    filters=(REGION, DEPARTMENT),
    narrowing=_of_columns(region=REGION, department=DEPARTMENT),
)
DEPARTMENTS = Collection(
    name="departments",
    title="Départements",
    description="Les départements et la part de leur population que couvrent les CPTS "
    "dont la lettre d'intention est validée.",
    key="code",
    properties=(
        Property("code", "text", "Code du département", nullable=False),
        Property("name", "text", "Nom", nullable=False),
        Property("region", "text", "Code de la région", nullable=False),
        *_COVERED,
    ),
    filters=(REGION, DEPARTMENT),
    narrowing=_of_columns(region=REGION, code=DEPARTMENT),
    coverage="department",
)
REGIONS = Collection(
    name="regions",
    title="Régions",
    description="Les régions et la part de leur population que couvrent les CPTS dont la "
    "lettre d'intention est validée.",
    key="code",
    properties=(
        Property("code", "text", "Code de la région", nullable=False),
        Property("name", "text", "Nom", nullable=False),
        *_COVERED,
    ),
    filters=(REGION,),
    narrowing=_of_columns(code=REGION),
    coverage="region",
)
CONCILIATIONS = Collection(
    name="conciliations",
    title="Conciliations",
    description="Les communes que plusieurs projets se disputent, fondues par conciliation. "
    "Les parties ne sont pas nommées.",
    key="id",
    begun="opened_on",
    ended="closed_on",
    properties=(
        Property("id", "integer", "Numéro", nullable=False),
        Property("opened_on", "day", "Ouverte le", nullable=False),
        Property("closed_on", "day", "Close le"),
        Property("open", "boolean", "Encore ouverte", nullable=False),
        Property("outcome", "text", "Issue"),
        Property("commune_count", "integer", "Nombre de communes disputées", nullable=False),
        Property("communes", "texts", "Codes INSEE des communes disputées", nullable=False),
        Property("population", "integer", "Population municipale", nullable=False),
        Property("departments", "texts", "Codes des départements", nullable=False),
        Property("regions", "texts", "Codes des régions", nullable=False),
    ),
    filters=(REGION, DEPARTMENT),
    narrowing=_of_columns(regions=REGION, departments=DEPARTMENT),
)

COLLECTIONS = (CPTS, COMMUNES, PARTS, DEPARTMENTS, REGIONS, CONCILIATIONS)


def items_of(collection: Collection) -> Subquery:
    """Give the items of a collection, of whose columns conditions are made."""
    return collection.statement().subquery("item")
