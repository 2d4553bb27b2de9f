"""Reading GeoParquet, which GDAL as it is installed here does not know."""

from typing import Any

import geopandas

from app.failures import Failure
from app.files.sources import LARGEST_UNPACKED, Source, unusable


def parquet_fields(source: Source) -> frozenset[str]:
    """Give the names of the columns; raises `Failure` (exit status 2) on a damaged file."""
    return frozenset(_about(source).schema.to_arrow_schema().names)


def parquet_frame(source: Source, *, most: int) -> Any:
    """Read a GeoParquet file as a frame whose geometry stands in the column `geometry`.

    Parameters: `most`, the number of features beyond which it is refused. Raises `Failure`
    (exit status 2) on a file that is damaged, too large, or has no geometry, and where the
    library for it is out of reach: the process that reads uploads goes without.
    """
    about = _about(source)
    unpacked = sum(
        about.row_group(group).total_byte_size for group in range(about.num_row_groups)
    )
    if about.num_rows > most or unpacked > LARGEST_UNPACKED:
        raise unusable(
            f"« {source.name} » est trop gros une fois ouvert ({most} entités et "
            f"{LARGEST_UNPACKED // 2**20} Mo au plus)."
        )
    if b"geo" not in (about.metadata or {}):
        raise unusable(f"« {source.name} » est du Parquet sans géométrie, pas du GeoParquet.")
    try:
        frame = geopandas.read_parquet(source.path, use_threads=False)
    except Exception as error:  # Arrow, its codecs and shapely each have their own
        raise _damaged(source) from error
    return frame.rename_geometry("geometry") if frame.geometry.name != "geometry" else frame


def _about(source: Source) -> Any:
    try:
        # A tenth of a second and threads of its own, which no other format needs.
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError:
        raise unusable(
            f"« {source.name} » est du GeoParquet, qui ne se lit pas ici : envoyez un "
            "GeoPackage ou un GeoJSON."
        ) from None
    try:
        return pyarrow.parquet.read_metadata(source.path)
    except (OSError, pyarrow.ArrowException) as error:
        raise _damaged(source) from error


def _damaged(source: Source) -> Failure:
    return unusable(f"« {source.name} » est endommagé : le fichier Parquet ne se lit pas.")
