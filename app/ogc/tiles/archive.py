"""All tiles of today in one file (PMTiles 3), for hosts that only serve files."""

import gzip
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.ogc.collections import Collection
from app.ogc.tiles import repository
from app.ogc.tiles.description import ATTRIBUTION, vector_layer
from app.ogc.tiles.rules import ARCHIVED_ZOOM, LAYERS, Bounds, Tile, tiles_within

# Tiles of one statement lie in one of this zoom: none takes longer than a request may wait.
_AT_ONCE_ZOOM = 7
# A degree in the units of the format.
_E7 = 10_000_000


def archive(session: ReadingSession, collections: Sequence[Collection]) -> bytes:
    """Write the tiles of every layer as one archive, of one snapshot.

    Parameters: `collections`, those of the layers, in their order.
    """
    day = today()
    boxes = repository.extents(session)
    layers = list(zip(collections, LAYERS, strict=True))
    # Layers follow each other in a tile, as fields do in the format.
    bodies: dict[Tile, bytes] = defaultdict(bytes)
    for collection, layer in layers:
        for zoom in range(layer.minimum_zoom, ARCHIVED_ZOOM + 1):
            for within in tiles_within(boxes, min(zoom, _AT_ONCE_ZOOM)):
                for tile, body in repository.tile_bodies(
                    session, collection, layer, zoom, day, within=within
                ):
                    bodies[tile] += body
    described = [vector_layer(*each, ARCHIVED_ZOOM) for each in layers]
    about = {
        "name": "Cartographie des CPTS",
        "attribution": ATTRIBUTION,
        "date": day.isoformat(),
        "vector_layers": described,
    }
    return _written(bodies, about, boxes)


def _written(
    bodies: Mapping[Tile, bytes], metadata: dict[str, Any], boxes: Sequence[Bounds]
) -> bytes:
    from pmtiles.tile import Compression, TileType, zxy_to_tileid  # noqa: PLC0415
    from pmtiles.writer import Writer  # noqa: PLC0415

    file = io.BytesIO()
    writer = Writer(file)
    packed = {
        zxy_to_tileid(tile.zoom, tile.column, tile.row): gzip.compress(body, 6, mtime=0)
        for tile, body in bodies.items()
    }
    for number in sorted(packed):
        writer.write_tile(number, packed[number])
    west, south = (min(box[at] for box in boxes) for at in (0, 1))
    east, north = (max(box[at] for box in boxes) for at in (2, 3))
    writer.finalize(
        {
            "tile_type": TileType.MVT,
            "tile_compression": Compression.GZIP,
            "min_lon_e7": int(west * _E7),
            "min_lat_e7": int(south * _E7),
            "max_lon_e7": int(east * _E7),
            "max_lat_e7": int(north * _E7),
            "center_zoom": 5,
            "center_lon_e7": int(2.5 * _E7),
            "center_lat_e7": int(46.6 * _E7),
        },
        metadata,
    )
    return file.getvalue()
