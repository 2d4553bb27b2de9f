"""What is said of tiles: tile sets, TileJSON, and the style of a map of them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from app.maps.palette import (
    BORDER_COLOUR,
    DASHED_STAGES,
    FILL_OPACITY,
    PAPER_COLOUR,
    STAGE_COLOURS,
    UNKNOWN_COLOUR,
)
from app.ogc.addresses import JSON, ROOT, Address, link
from app.ogc.collections import Collection, Kind
from app.ogc.description import LICENCE_PATH
from app.ogc.tiles.rules import MATRIX_SET, MAXIMUM_ZOOM, Layer, matrix_set

MVT = "application/vnd.mapbox-vector-tile"
STYLE = "application/vnd.mapbox.style+json"
PMTILES = "application/vnd.pmtiles"
_DEFINITION = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{MATRIX_SET}"
_SYSTEM = "http://www.opengis.net/def/crs/EPSG/0/3857"
ATTRIBUTION = (
    "Cartographie des CPTS ; contours : IGN, ADMIN EXPRESS "
    f'(<a href="{LICENCE_PATH}">Licence Ouverte 2.0</a>)'
)
_FIELDS: dict[Kind, str] = {"integer": "Number", "text": "String", "boolean": "Boolean"}


def tiles_path(layer: Layer) -> str:
    """Give the root-relative address of the tile set of a layer."""
    return f"{ROOT}/collections/{layer.name}/tiles/{MATRIX_SET}"


def _template(layer: Layer, address: Address, names: str, day: date | None) -> str:
    query = f"?at={day.isoformat()}" if day else ""
    return f"{address.base}{tiles_path(layer)}/{names}{query}"


def matrix_sets(address: Address) -> dict[str, Any]:
    """List the sets of tile matrices: one."""
    href = address.to(f"{ROOT}/tileMatrixSets/{MATRIX_SET}")
    definition = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
    return {
        "tileMatrixSets": [
            {
                "id": MATRIX_SET,
                "title": "Pseudo-Mercator, celui des cartes du web",
                "uri": _DEFINITION,
                "crs": _SYSTEM,
                "links": [link(href, definition, JSON, "Sa définition")],
            }
        ]
    }


def matrix_set_definition() -> dict[str, Any]:
    """Define the set of tile matrices (OGC 17-083r4)."""
    told: dict[str, Any] = matrix_set().model_dump(mode="json", exclude_none=True)
    return told


def tile_sets(collection: Collection, layer: Layer, address: Address) -> dict[str, Any]:
    """List the tile sets of a collection: one."""
    return {
        "links": [link(address.to(address.path), "self", JSON, "Ce document")],
        "tilesets": [_tile_set(collection, layer, address)],
    }


def tile_set(
    collection: Collection, layer: Layer, address: Address, extent: Sequence[float]
) -> dict[str, Any]:
    """Describe the tile set of a collection (OGC 20-057, 17-083r4)."""
    west, south, east, north = extent
    return {
        **_tile_set(collection, layer, address),
        "boundingBox": {
            "lowerLeft": [west, south],
            "upperRight": [east, north],
            "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        },
        "layers": [
            {
                "id": layer.name,
                "title": collection.title,
                "dataType": "vector",
                "geometryDimension": 2,
                "minTileMatrix": str(layer.minimum_zoom),
                "maxTileMatrix": str(MAXIMUM_ZOOM),
            }
        ],
    }


def _tile_set(collection: Collection, layer: Layer, address: Address) -> dict[str, Any]:
    path = tiles_path(layer)
    named = _template(layer, address, "{tileMatrix}/{tileRow}/{tileCol}", None)
    return {
        "title": collection.title,
        "dataType": "vector",
        "crs": _SYSTEM,
        "tileMatrixSetURI": _DEFINITION,
        "links": [
            link(address.to(path), "self", JSON, "Ce jeu de tuiles"),
            link(
                address.to(f"{ROOT}/tileMatrixSets/{MATRIX_SET}"),
                "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme",
                JSON,
                "Le découpage en tuiles",
            ),
            {**link(named, "item", MVT, "Les tuiles"), "templated": "true"},
            link(address.to(f"{path}/tilejson.json"), "describedby", JSON, "TileJSON"),
        ],
    }


def tilejson(
    collection: Collection,
    layer: Layer,
    address: Address,
    extent: Sequence[float],
    day: date | None,
) -> dict[str, Any]:
    """Describe a layer for web maps (TileJSON 3.0), as of a day."""
    return {
        "tilejson": "3.0.0",
        "name": collection.title,
        "description": collection.description,
        "attribution": ATTRIBUTION,
        "scheme": "xyz",
        "tiles": [_template(layer, address, "{z}/{y}/{x}", day)],
        "minzoom": layer.minimum_zoom,
        "maxzoom": MAXIMUM_ZOOM,
        "bounds": list(extent),
        "vector_layers": [vector_layer(collection, layer, MAXIMUM_ZOOM)],
    }


def vector_layer(collection: Collection, layer: Layer, maximum_zoom: int) -> dict[str, Any]:
    """Describe what tiles hold of a layer, as TileJSON and archives do."""
    kinds = collection.kinds
    return {
        "id": layer.name,
        "description": collection.description,
        "minzoom": layer.minimum_zoom,
        "maxzoom": maximum_zoom,
        "fields": {name: _FIELDS[kinds[name]] for name in layer.properties},
    }


def style(address: Address, layers: Sequence[Layer]) -> dict[str, Any]:
    """Give a style of MapLibre in the colours of the maps; it needs no other host."""
    coloured: list[Any] = ["match", ["get", "stage"]]
    for stage, colour in STAGE_COLOURS.items():
        coloured += [stage, colour]
    dashed = ["in", ["get", "stage"], ["literal", list(DASHED_STAGES)]]
    line = {"line-color": BORDER_COLOUR, "line-width": 1}
    return {
        "version": 8,
        "name": "Cartographie des CPTS",
        "center": [2.5, 46.6],
        "zoom": 5,
        "sources": {
            layer.name: {
                "type": "vector",
                "url": address.to(f"{tiles_path(layer)}/tilejson.json"),
            }
            for layer in layers
        },
        "layers": [
            {
                "id": "paper",
                "type": "background",
                "paint": {"background-color": PAPER_COLOUR},
            },
            {
                "id": "cpts",
                "type": "fill",
                "source": "cpts",
                "source-layer": "cpts",
                "paint": {
                    "fill-color": [*coloured, UNKNOWN_COLOUR],
                    "fill-opacity": FILL_OPACITY,
                },
            },
            {
                "id": "communes",
                "type": "line",
                "source": "communes",
                "source-layer": "communes",
                "paint": {"line-color": BORDER_COLOUR, "line-width": 0.25},
            },
            {
                "id": "cpts-border",
                "type": "line",
                "source": "cpts",
                "source-layer": "cpts",
                "filter": ["!", dashed],
                "paint": line,
            },
            {
                "id": "cpts-border-dashed",
                "type": "line",
                "source": "cpts",
                "source-layer": "cpts",
                "filter": dashed,
                "paint": {**line, "line-dasharray": [2, 2]},
            },
        ],
    }
