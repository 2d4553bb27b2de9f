"""The columns of the published tables, from which files and schemas are made alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["integer", "string", "boolean", "date", "datetime"]
SEPARATOR = "|"
_DEPARTMENT = "(?:[0-9]{2}|2[AB]|97[0-9])"
_COMMUNE = "(?:[0-9]{5}|2[AB][0-9]{3})"
# A commune, an arrondissement, or a part: the commune and a number, or the rest of an IRIS.
_UNIT = f"{_COMMUNE}(?:-[0-9]{{2,4}}|[0-9]{{4}})?"


def _listed(pattern: str) -> str:
    return rf"{pattern}(?:\|{pattern})*"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a published table.

    Parameters: `name`, also the key in the API's JSON unless `value` reads it; `kind`, a
    type of Table Schema; `title` and `description`, French; `constraints` of Table Schema;
    `accepted`, the reference list whose slugs or numbers the column may hold; `office`, the
    description in tables for offices, where what they show is another.
    """

    name: str
    kind: Kind
    title: str
    description: str
    constraints: Mapping[str, Any] = field(default_factory=dict)
    accepted: str | None = None
    example: Any = None
    office: str | None = None
    value: Callable[[Mapping[str, Any]], Any] | None = None

    def read(self, item: Mapping[str, Any]) -> Any:
        """Give the column's value of a CPTS as the API describes it."""
        return self.value(item) if self.value else item[self.name]

    def schema_field(self, accepted: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
        """Write the column as a field of Table Schema."""
        constraints = dict(self.constraints)
        if self.accepted:
            constraints["enum"] = list(accepted[self.accepted])
        described: dict[str, Any] = {
            "name": self.name,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
        }
        if self.kind == "boolean":
            described |= {"trueValues": ["true"], "falseValues": ["false"]}
        if self.example is not None:
            described["example"] = self.example
        if constraints:
            described["constraints"] = constraints
        return described


def _joined(name: str) -> Callable[[Mapping[str, Any]], str | None]:
    return lambda item: SEPARATOR.join(item[name]) or None


REQUIRED = {"required": True}
STAGE = Column(
    "stage",
    "string",
    "Stade",
    "Stade d'avancement, identifiant stable ; vide si aucun stade n'a encore commencé.",
    accepted="stage",
    example="aci_signe",
)
STAGE_LABEL = Column(
    "stage_label", "string", "Libellé du stade", "Stade en toutes lettres.", example="ACI signé"
)
POPULATION_YEAR = Column(
    "population_year",
    "integer",
    "Année de la population",
    "Millésime INSEE des populations municipales.",
    example=2023,
)
DEMONSTRATION = Column(
    "demonstration",
    "boolean",
    "Démonstration",
    "« true » pour une CPTS fictive, livrée pour montrer le service.",
    REQUIRED,
    example=False,
    office="« oui » pour une CPTS fictive, livrée pour montrer le service.",
)

STAGES = Column(
    "stages",
    "string",
    "Stades atteints",
    "Chaque stade atteint, dans l'ordre, séparés par « | » : stade, date (vide si elle n'est "
    "pas connue) et jour depuis lequel le registre le connaît, séparés par « : ».",
    {"pattern": _listed("[a-z_]+:(?:[0-9-]{10})?:[0-9-]{10}")},
    example="lettre_intention_validee:2022-05-10:2022-05-12|aci_signe:2024-03-01:2024-03-04",
)
COMMUNES = Column(
    "communes",
    "string",
    "Communes",
    "Codes INSEE des communes, arrondissements et quartiers, séparés par « | », chacun avec "
    "le jour depuis lequel la CPTS le tient et, si sa fin est fixée, le premier jour sans lui.",
    {"pattern": _listed(_UNIT + ":[0-9-]{10}(?::[0-9-]{10})?")},
    example="04070:2022-05-10|04113:2023-01-01",
)

CPTS: tuple[Column, ...] = (
    Column(
        "id",
        "integer",
        "Identifiant",
        "Numéro stable de la CPTS dans le registre.",
        {"required": True, "unique": True, "minimum": 1},
        example=12,
    ),
    Column(
        "name", "string", "Nom", "Nom de la CPTS.", REQUIRED, example="CPTS du Val d'Exemple"
    ),
    Column("acronym", "string", "Sigle", "Sigle d'usage.", example="CVE"),
    Column(
        "finess",
        "string",
        "FINESS",
        "Numéro FINESS (9 caractères).",
        {"pattern": "[0-9][0-9AB][0-9]{7}"},
    ),
    STAGE,
    STAGE_LABEL,
    Column(
        "stage_since",
        "date",
        "Date du stade",
        "Jour où ce stade a été atteint ; vide quand il n'est pas connu.",
        example="2024-03-01",
    ),
    Column(
        "stage_recorded_on",
        "date",
        "Stade connu depuis",
        "Jour depuis lequel le registre connaît ce stade.",
        example="2024-03-04",
    ),
    Column(
        "population",
        "integer",
        "Population",
        "Population municipale (INSEE) des communes du territoire.",
        {"required": True, "minimum": 0},
        example=64210,
    ),
    POPULATION_YEAR,
    Column(
        "population_note",
        "string",
        "Note sur la population",
        "Communes dont la population est d'un autre millésime (Mayotte : 2017).",
    ),
    Column(
        "tier",
        "integer",
        "Taille",
        "Taille de l'accord conventionnel interprofessionnel, d'après la population.",
        accepted="tier",
        example=2,
    ),
    Column(
        "commune_count",
        "integer",
        "Nombre de communes",
        "Communes, arrondissements de Paris, Lyon et Marseille, et quartiers de communes "
        "divisées.",
        {"required": True, "minimum": 0},
        example=31,
    ),
    Column(
        "departments",
        "string",
        "Départements",
        "Codes des départements où la CPTS a une commune, séparés par « | ».",
        {"pattern": _listed(_DEPARTMENT)},
        example="04|05",
        value=_joined("departments"),
        office="Codes des départements où la CPTS a une commune, séparés par des virgules.",
    ),
    Column(
        "regions",
        "string",
        "Régions",
        "Codes des régions où la CPTS a une commune, séparés par « | ».",
        {"pattern": _listed("[0-9]{2}")},
        example="93",
        value=_joined("regions"),
        office="Codes des régions où la CPTS a une commune, séparés par des virgules.",
    ),
    Column(
        "lead_department",
        "string",
        "Département principal",
        "Code du département où vit le plus grand nombre de ses habitants.",
        {"pattern": _DEPARTMENT},
        example="04",
    ),
    Column(
        "themes",
        "string",
        "Thèmes",
        "Thèmes de travail, identifiants stables séparés par « | ».",
        {"pattern": _listed("[a-z0-9_]+")},
        example="diabete|vaccination",
        value=lambda item: SEPARATOR.join(t["slug"] for t in item["themes"]) or None,
        office="Thèmes de travail, séparés par des virgules.",
    ),
    Column(
        "website", "string", "Site", "Site de l'association.", example="https://cpts.example"
    ),
    Column(
        "email",
        "string",
        "Courriel",
        "Boîte générique de l'association.",
        example="contact@cpts.example",
    ),
    Column("phone", "string", "Téléphone", "Téléphone de l'association."),
    Column("address", "string", "Adresse", "Adresse postale de l'association."),
    DEMONSTRATION,
    Column(
        "updated_at",
        "datetime",
        "Mise à jour",
        "Instant de la dernière modification, ou début du jour où elle a pris effet (UTC).",
        REQUIRED,
        example="2026-02-03T09:12:00.000Z",
        office="Dernière modification, ou début du jour où elle a pris effet (heure de Paris).",
    ),
    STAGES,
)
# A file with polygons says by code, too, which communes they are.
TERRITORIES: tuple[Column, ...] = (*CPTS, COMMUNES)

COMPOSITIONS: tuple[Column, ...] = (
    Column(
        "cpts_id",
        "integer",
        "Identifiant de la CPTS",
        "Numéro stable de la CPTS, colonne « id » de la table des CPTS.",
        REQUIRED,
        example=12,
    ),
    Column(
        "cpts_name",
        "string",
        "Nom de la CPTS",
        "Nom de la CPTS.",
        REQUIRED,
        example="CPTS du Val d'Exemple",
    ),
    Column("cpts_acronym", "string", "Sigle de la CPTS", "Sigle d'usage.", example="CVE"),
    Column(
        "cpts_finess",
        "string",
        "FINESS de la CPTS",
        "Numéro FINESS (9 caractères).",
        {"pattern": "[0-9][0-9AB][0-9]{7}"},
    ),
    STAGE,
    STAGE_LABEL,
    Column(
        "commune_code",
        "string",
        "Code de la commune",
        "Code INSEE de la commune ou de l'arrondissement municipal ; d'un quartier d'une "
        "commune divisée, le code de l'IRIS ou celui de la commune suivi d'un numéro.",
        {"required": True, "unique": True, "pattern": _UNIT},
        example="04070",
    ),
    Column(
        "commune_name",
        "string",
        "Nom de la commune",
        "Nom officiel.",
        REQUIRED,
        example="Digne-les-Bains",
    ),
    Column(
        "department",
        "string",
        "Département",
        "Code du département de la commune.",
        {"required": True, "pattern": _DEPARTMENT},
        example="04",
    ),
    Column(
        "region",
        "string",
        "Région",
        "Code de la région de la commune.",
        {"required": True, "pattern": "[0-9]{2}"},
        example="93",
    ),
    Column(
        "population",
        "integer",
        "Population",
        "Population municipale (INSEE) de la commune.",
        {"minimum": 0},
        example=16333,
    ),
    POPULATION_YEAR,
    DEMONSTRATION,
    Column(
        "held_from",
        "date",
        "Tenue depuis",
        "Jour depuis lequel la CPTS tient la commune.",
        REQUIRED,
        example="2022-05-10",
    ),
    Column(
        "held_until",
        "date",
        "Tenue jusqu'au",
        "Premier jour où la CPTS ne tiendra plus la commune, si ce jour est fixé.",
    ),
    STAGES,
    Column(
        "city_code",
        "string",
        "Code de la commune entière",
        "Code INSEE de la commune dont « commune_code » est un quartier ou un arrondissement ; "
        "le même code sinon.",
        {"required": True, "pattern": _COMMUNE},
        example="04070",
    ),
)
