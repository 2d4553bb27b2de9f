"""What the API says of itself: landing page, conformance, collections, schemas."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.http.geojson import GEOJSON
from app.ogc.addresses import HTML, JSON, ROOT, SCHEMA, Address, Link, link
from app.ogc.collections import COLLECTIONS, GEOMETRY, Collection, Kind
from app.ogc.systems import CRS84, SYSTEMS
from app.ogc.tiles.rules import LAYERS

TITLE = "Cartographie des CPTS – OGC API"
DESCRIPTION = (
    "Les CPTS, leurs territoires, les communes qu'elles tiennent et les conciliations, pour "
    "les outils géographiques. En lecture seule, sans jeton."
)
LICENCE_PATH = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
OPENAPI_3_0 = "application/vnd.oai.openapi+json;version=3.0"

_OGC = "http://www.opengis.net/spec"
CONFORMANCE = tuple(
    f"{_OGC}/{standard}/conf/{classes}"
    for standard, several in {
        "ogcapi-common-1/1.0": ("core", "landing-page", "json", "html", "oas30"),
        "ogcapi-common-2/1.0": ("collections", "json", "html"),
        "ogcapi-features-1/1.0": ("core", "geojson", "html", "oas30"),
        "ogcapi-features-2/1.0": ("crs",),
        "ogcapi-features-3/1.0": ("queryables", "filter", "features-filter"),
        "ogcapi-features-5/1.0": ("schemas", "core-roles-features"),
        "ogcapi-tiles-1/1.0": ("core", "tileset", "tilesets-list", "mvt", "oas30"),
        "tms/2.0": ("tilematrixset", "json-tilematrixset"),
        "cql2/1.0": (
            "cql2-text",
            "cql2-json",
            "basic-cql2",
            "advanced-comparison-operators",
            "case-insensitive-comparison",
            "accent-insensitive-comparison",
            "basic-spatial-functions",
            "basic-spatial-functions-plus",
            "spatial-functions",
            "array-functions",
            "property-property",
        ),
    }.items()
    for classes in several
)
_SCHEMAS: Mapping[Kind, Mapping[str, Any]] = {
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "text": {"type": "string"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "boolean": {"type": "boolean"},
    "day": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time"},
}
_GEOMETRY = {
    "title": "Géométrie",
    "x-ogc-role": "primary-geometry",
    "format": "geometry-multipolygon",
}


def landing(address: Address) -> dict[str, Any]:
    """Describe the API by its links."""
    api = address.to(f"{ROOT}/api")
    return {
        "title": TITLE,
        "description": DESCRIPTION,
        "links": [
            *address.forms("json"),
            link(api, "service-desc", OPENAPI_3_0, "La description de l'API (OpenAPI 3.0)"),
            link(f"{api}?f=html", "service-doc", HTML, "Les adresses et leurs paramètres"),
            *_both(address, f"{ROOT}/conformance", "conformance", "Les normes suivies"),
            *_both(address, f"{ROOT}/collections", "data", "Les collections"),
            link(
                address.to(f"{ROOT}/tileMatrixSets"),
                "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes",
                JSON,
                "Les découpages en tuiles",
            ),
            link(
                address.to(f"{ROOT}/styles/cpts"),
                "http://www.opengis.net/def/rel/ogc/1.0/styles",
                "application/vnd.mapbox.style+json",
                "Le style d'une carte des tuiles (MapLibre)",
            ),
            link(
                address.to(f"{ROOT}/cpts.pmtiles"),
                "enclosure",
                "application/vnd.pmtiles",
                "Toutes les tuiles du jour, en un fichier (PMTiles)",
            ),
            link(LICENCE_PATH, "license", HTML, "Licence Ouverte 2.0"),
        ],
    }


def conformance(address: Address) -> dict[str, Any]:
    """List the conformance classes."""
    return {"conformsTo": list(CONFORMANCE), "links": address.forms("json")}


def collections(address: Address, extent: Sequence[float]) -> dict[str, Any]:
    """List the collections; `extent`, of all of them, in degrees."""
    return {
        "links": address.forms("json"),
        "crs": list(SYSTEMS),
        "collections": [
            {**_collection(each, address, extent), "crs": ["#/crs"]} for each in COLLECTIONS
        ],
    }


def collection(
    described: Collection, address: Address, extent: Sequence[float]
) -> dict[str, Any]:
    """Describe one collection."""
    told = _collection(described, address, extent)
    return {**told, "links": [*address.forms("json"), *told["links"]]}


def _collection(
    described: Collection, address: Address, extent: Sequence[float]
) -> dict[str, Any]:
    path = described.path
    return {
        "id": described.name,
        "title": described.title,
        "description": described.description,
        "extent": {"spatial": {"bbox": [list(extent)], "crs": CRS84.uri}},
        "itemType": "feature",
        "crs": list(SYSTEMS),
        "storageCrs": CRS84.uri,
        "links": [
            link(address.to(f"{path}/items"), "items", GEOJSON, "Les éléments, en GeoJSON"),
            link(address.to(f"{path}/items?f=html"), "items", HTML, "Les éléments, en HTML"),
            link(
                address.to(f"{path}/schema"),
                "http://www.opengis.net/def/rel/ogc/1.0/schema",
                SCHEMA,
                "Le schéma des éléments",
            ),
            link(
                address.to(f"{path}/queryables"),
                "http://www.opengis.net/def/rel/ogc/1.0/queryables",
                SCHEMA,
                "Ce que les filtres connaissent",
            ),
            *(
                link(
                    address.to(f"{path}/tiles"),
                    "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector",
                    JSON,
                    "Les tuiles vectorielles",
                )
                for layer in LAYERS
                if layer.name == described.name
            ),
            link(LICENCE_PATH, "license", HTML, "Licence Ouverte 2.0"),
        ],
    }


def schema(
    described: Collection, address: Address, *, of_filters: bool = False
) -> dict[str, Any]:
    """Give the JSON Schema of the items of a collection (OGC 23-058r1).

    Parameters: `of_filters`, for what filters may name: every property, and the geometry.
    """
    roles = {} if of_filters else {described.key: {"x-ogc-role": "id"}}
    properties = {
        each.name: {"title": each.title, **_SCHEMAS[each.kind], **roles.get(each.name, {})}
        for each in described.properties
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address.to(address.path),
        "type": "object",
        "title": described.title,
        "description": described.description,
        "properties": {**properties, GEOMETRY: _GEOMETRY},
        **({"additionalProperties": False} if of_filters else {}),
    }


def _both(address: Address, path: str, rel: str, title: str) -> list[Link]:
    return [
        link(address.to(path), rel, JSON, title),
        link(address.to(f"{path}?f=html"), rel, HTML, f"{title}, en HTML"),
    ]
