"""What describes the published files: Table Schema and Data Package (frictionless, v1)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from app.web.layout.sources import LICENCE, SOURCES
from app.web.opendata.columns import COMPOSITIONS, CPTS, TERRITORIES, Column

Accepted = Mapping[str, Sequence[Any]]

_GEOMETRY = {
    "name": "geometry",
    "type": "any",
    "title": "Territoire",
    "description": "MultiPolygon en degrés (WGS 84, longitude puis latitude) ; vide pour une "
    "CPTS sans commune.",
}


def _schema(columns: Sequence[Column], accepted: Accepted) -> dict[str, Any]:
    return {"fields": [column.schema_field(accepted) for column in columns]}


def cpts_schema(accepted: Accepted) -> dict[str, Any]:
    """Give the Table Schema of `cpts.csv`.

    Parameters: `accepted`, the values of the reference lists by filter name.
    """
    return {**_schema(CPTS, accepted), "primaryKey": ["id"], "missingValues": [""]}


def territories_schema(accepted: Accepted) -> dict[str, Any]:
    """Give the Table Schema of the files with geometry: it comes after their columns."""
    schema = {**cpts_schema(accepted), **_schema(TERRITORIES, accepted)}
    return {**schema, "fields": [*schema["fields"], _GEOMETRY]}


def compositions_schema(accepted: Accepted) -> dict[str, Any]:
    """Give the Table Schema of `compositions.csv`, which refers to `cpts.csv`."""
    return {
        **_schema(COMPOSITIONS, accepted),
        "primaryKey": ["cpts_id", "commune_code"],
        "foreignKeys": [
            {"fields": ["cpts_id"], "reference": {"resource": "cpts", "fields": ["id"]}}
        ],
        "missingValues": [""],
    }


SCHEMAS = {
    "cpts": cpts_schema,
    "territoires": territories_schema,
    "compositions": compositions_schema,
}


def data_package(
    accepted: Accepted, *, changed_at: datetime, day: date, demonstration: bool
) -> dict[str, Any]:
    """Describe all files as a Data Package whose paths are relative to it.

    Parameters: `changed_at`, of the registry's last change; `day` that the files show;
    `demonstration`, whether they hold fictitious CPTS.
    """
    about = (
        "Les communautés professionnelles territoriales de santé (CPTS) de France : stade, "
        "taille, population, territoire et communes. Situation au "
        f"{day.isoformat()}. Dans les fichiers CSV, une apostrophe précède un texte qu'un "
        "tableur prendrait pour une formule."
    )
    if demonstration:
        about += " Ces fichiers contiennent des CPTS fictives, de démonstration."
    return {
        "profile": "data-package",
        "name": "cpts-france",
        "title": "CPTS de France",
        "description": about,
        "created": changed_at.isoformat(),
        "licenses": [LICENCE],
        "sources": list(SOURCES),
        "keywords": ["santé", "CPTS", "soins de ville", "communes", "exercice coordonné"],
        "resources": [
            _table_resource("cpts", "Les CPTS", cpts_schema(accepted)),
            _table_resource(
                "compositions", "Les communes de chaque CPTS", compositions_schema(accepted)
            ),
            _layer("geojson", "application/geo+json", "GeoJSON (RFC 7946)"),
            _layer("gpkg", "application/geopackage+sqlite3", "GeoPackage"),
            _layer("parquet", "application/vnd.apache.parquet", "GeoParquet"),
        ],
    }


def _table_resource(name: str, title: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "name": name,
        "title": title,
        "path": f"{name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"delimiter": ",", "header": True},
        "schema": schema,
    }


def _layer(extension: str, media_type: str, title: str) -> dict[str, Any]:
    return {
        "profile": "data-resource",
        "name": f"cpts-{extension}",
        "title": f"Les territoires des CPTS, {title}",
        "path": f"cpts.{extension}",
        "format": extension,
        "mediatype": media_type,
    }
