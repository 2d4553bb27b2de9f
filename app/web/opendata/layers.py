"""Territories as files of geographic tools: GeoPackage and GeoParquet.

The libraries take a fifth of a second and some tens of megabytes, which only a worker
that is asked for such a file pays; they write one file at a time.
"""

import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from app.web.opendata.columns import TERRITORIES, Column

if TYPE_CHECKING:
    import pyarrow as pa

LAYER = "cpts"
GEOMETRY = "geometry"
_ONE_AT_A_TIME = Lock()


def geoparquet(items: Sequence[Mapping[str, Any]], territories: Mapping[int, bytes]) -> bytes:
    """Write GeoParquet 1.1: WKB in longitude and latitude (OGC:CRS84), zstd.

    Parameters: `items`, CPTS as the API describes them; `territories`, WKB by id, none
    for a CPTS without commune.
    """
    with _ONE_AT_A_TIME:
        import pyarrow.parquet  # noqa: PLC0415

        table = _table(items, territories)
        about = {
            "version": "1.1.0",
            "primary_column": GEOMETRY,
            "columns": {
                GEOMETRY: {
                    "encoding": "WKB",
                    # Without "crs" it is OGC:CRS84, as the specification says.
                    "geometry_types": ["MultiPolygon"] if territories else [],
                    "orientation": "counterclockwise",
                    "edges": "planar",
                }
            },
        }
        table = table.replace_schema_metadata({"geo": json.dumps(about)})
        buffer = io.BytesIO()
        pyarrow.parquet.write_table(table, buffer, compression="zstd")
        return buffer.getvalue()


def geopackage(
    items: Sequence[Mapping[str, Any]],
    territories: Mapping[int, bytes],
    *,
    description: str,
    written_at: datetime,
) -> bytes:
    """Write a GeoPackage with the one layer `cpts` (EPSG:4326), whose key is the CPTS's id.

    Parameters: as for `geoparquet`; `description` of the layer, French; `written_at`, the
    moment that the file bears, so that the same data give the same bytes.
    """
    with _ONE_AT_A_TIME:
        import pyogrio  # noqa: PLC0415
        import pyogrio.raw  # noqa: PLC0415

        moment = written_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": moment})
        buffer = io.BytesIO()
        pyogrio.raw.write_arrow(
            _table(items, territories),
            buffer,
            layer=LAYER,
            driver="GPKG",
            geometry_name=GEOMETRY,
            geometry_type="MultiPolygon",
            crs="EPSG:4326",
            layer_options={
                "FID": "id",
                "IDENTIFIER": "CPTS",
                "DESCRIPTION": description,
                "GEOMETRY_NAME": "geom",
            },
        )
        return buffer.getvalue()


def _table(items: Sequence[Mapping[str, Any]], territories: Mapping[int, bytes]) -> "pa.Table":
    import pyarrow as pa  # noqa: PLC0415

    types = {
        "integer": pa.int64(),
        "string": pa.string(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "datetime": pa.timestamp("ms", tz="UTC"),
    }
    columns = {
        column.name: pa.array([_value(column, item) for item in items], types[column.kind])
        for column in TERRITORIES
    }
    columns[GEOMETRY] = pa.array([territories.get(item["id"]) for item in items], pa.binary())
    return pa.table(columns)


def _value(column: Column, item: Mapping[str, Any]) -> Any:
    value = column.read(item)
    if value is None:
        return None
    if column.kind == "date":
        return date.fromisoformat(value)
    if column.kind == "datetime":
        return datetime.fromisoformat(value)
    return value
