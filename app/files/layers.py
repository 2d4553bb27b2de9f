"""Reading files of polygons: GeoJSON (a WFS export too), GeoPackage, GeoParquet, KML, zipped
Shapefile.

Whatever the coordinate reference system of the file, polygons leave here in EPSG:4326,
valid, without any third dimension.
"""

import re
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pyogrio
import shapely

from app.failures import Failure
from app.files.parquet import parquet_fields, parquet_frame
from app.files.sources import Format, Source, unusable
from app.files.tables import clean

MOST_FEATURES = 100_000
_SUFFIXES = {
    Format.GEOJSON: ".geojson",
    Format.GPKG: ".gpkg",
    Format.KML: ".kml",
    Format.SHAPEFILE: ".shp",
    Format.PARQUET: ".parquet",
}
# A layer of unknown or mixed geometry may hold polygons.
_WITH_POLYGONS = ("Polygon", "Surface", "Unknown", "Collection")
_MORE_REMAINS = re.compile(
    rb'"exceededTransferLimit"\s*:\s*true|"rel"\s*:\s*"next"|"next"\s*:\s*"https?:',
    re.IGNORECASE,
)
_MATCHED = re.compile(
    rb'"(?:numberMatched|totalFeatures|total_?count|nhits)"\s*:\s*(\d+)', re.IGNORECASE
)
_RETURNED = re.compile(rb'"numberReturned"\s*:\s*(\d+)')
_FEATURE = re.compile(rb'"type"\s*:\s*"Feature"')
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


@dataclass(frozen=True)
class Feature:
    """One feature: its place in the layer from 1, its fields as text, its polygon or None."""

    number: int
    values: tuple[str, ...]
    polygon: Any


@dataclass(frozen=True)
class Layer:
    """One layer of polygons, in EPSG:4326."""

    name: str
    fields: tuple[str, ...]
    features: tuple[Feature, ...]


def read_layers(source: Source) -> list[Layer]:
    """Read every layer that holds polygons.

    Raises `Failure` (exit status 2) on a damaged file, one without any polygon, one whose
    coordinate system is not known, or a WFS answer that says it is not complete.
    """
    if source.format is Format.GEOJSON:
        _check_complete(source)
    layers: list[Layer] = []
    try:
        with warnings.catch_warnings(), _opened(source) as paths:
            # GDAL warns of what is checked or mended here.
            warnings.simplefilter("ignore")
            for path in paths:
                for name, kind in _layers_in(source, path):
                    if kind is None or any(word in kind for word in _WITH_POLYGONS):
                        layers.append(_read_layer(source, path, name))
    except Failure:
        raise
    except Exception as error:  # GDAL, zlib and decoders each have their own
        raise _damaged(source) from error
    layers = [layer for layer in layers if layer.features]
    if not layers:
        raise unusable(f"« {source.name} » ne contient aucun polygone.")
    return layers


def layer_fields(source: Source) -> list[frozenset[str]]:
    """Give the names of the fields of each layer, without reading any feature.

    Raises `Failure` (exit status 2) on a damaged file.
    """
    if source.format is Format.PARQUET:
        return [parquet_fields(source)]
    try:
        with warnings.catch_warnings(), _opened(source) as paths:
            warnings.simplefilter("ignore")
            return [
                frozenset(pyogrio.read_info(path, layer=str(name))["fields"])
                for path in paths
                for name, _ in pyogrio.list_layers(path)
            ]
    except Exception as error:  # GDAL, zlib and decoders each have their own
        raise _damaged(source) from error


@dataclass(frozen=True)
class Record:
    """One feature as its file has it: `values` by field, its place from 1, its polygon or None.

    Texts are as they were written; dates are ISO texts; what is missing is None.
    """

    number: int
    values: Mapping[str, Any]
    polygon: Any


def read_records(source: Source) -> list[Record]:
    """Read the features of a file of one layer, each value as it was written.

    Raises `Failure` (exit status 2) as `read_layers` does; a file in which no feature has a
    polygon is none to complain about.
    """
    if source.format is Format.GEOJSON:
        _check_complete(source)
    # A name that looks like a date is a name.
    options = {"DATE_AS_STRING": "YES"} if source.format is Format.GEOJSON else {}
    try:
        with warnings.catch_warnings(), _opened(source) as (path,):
            warnings.simplefilter("ignore")
            [(name, _)] = _layers_in(source, path)
            frame = _read_frame(source, path, name, **options)
    except Failure:
        raise
    except Exception as error:
        raise _damaged(source) from error
    _check_size(source, frame)
    fields = [column for column in frame.columns if column != "geometry"]
    has_polygons = isinstance(frame, geopandas.GeoDataFrame)
    polygons = _in_wgs84(source, frame) if has_polygons else [None] * len(frame)
    return [
        Record(
            number,
            {field: _as_given(value) for field, value in zip(fields, row, strict=True)},
            _polygonal(polygon),
        )
        for number, (row, polygon) in enumerate(
            zip(frame[fields].itertuples(index=False, name=None), polygons, strict=True),
            start=1,
        )
    ]


def _as_given(value: Any) -> Any:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple | dict | str | bool) or value is None:
        return value
    # NaN, NaT or NA, by the type of the column.
    if pd.isna(value):
        return None
    if isinstance(value, date):
        return (value.date() if isinstance(value, datetime) else value).isoformat()
    return int(value) if isinstance(value, float) and value.is_integer() else value


@contextmanager
def _opened(source: Source) -> Iterator[list[Path]]:
    """Give paths whose suffix tells GDAL the driver that the content was found to need."""
    with tempfile.TemporaryDirectory(prefix="cpts-import-") as folder:
        if source.format is Format.SHAPEFILE:
            yield _unpack(source, Path(folder))
            return
        path = Path(folder) / f"fichier{_SUFFIXES[source.format]}"
        path.symlink_to(source.path.resolve())
        yield [path]


def _unpack(source: Source, folder: Path) -> list[Path]:
    """Unpack the parts of each Shapefile under names of our own."""
    shapes: list[Path] = []
    with zipfile.ZipFile(source.path) as archive:
        members = {info.filename.lower(): info for info in archive.infolist()}
        stems = sorted(name[:-4] for name in members if name.endswith(".shp"))
        for number, stem in enumerate(stems):
            if "__macosx/" in stem:
                continue
            for suffix in _SHAPEFILE_PARTS:
                member = members.get(stem + suffix)
                if member is not None:
                    # Reading stops at the size that was checked when the source was opened.
                    content = archive.read(member)
                    (folder / f"couche{number}{suffix}").write_bytes(content)
            if members.get(stem + ".shx") is None:
                raise unusable(
                    f"« {source.name} » : le fichier .shx du Shapefile manque ; zippez aussi "
                    "celui-ci."
                )
            shapes.append(folder / f"couche{number}.shp")
    return shapes


def _layers_in(source: Source, path: Path) -> list[tuple[str, str | None]]:
    """Give the name and the kind of geometry of each layer."""
    if source.format is Format.PARQUET:
        return [("", None)]
    return [(str(name), kind) for name, kind in pyogrio.list_layers(path)]


def _check_size(source: Source, frame: Any) -> None:
    if len(frame) > MOST_FEATURES:
        raise unusable(f"« {source.name} » a plus de {MOST_FEATURES} entités.")


def _read_layer(source: Source, path: Path, name: str) -> Layer:
    frame = _read_frame(source, path, name)
    fields = tuple(column for column in frame.columns if column != "geometry")
    if not isinstance(frame, geopandas.GeoDataFrame):
        return Layer(name, fields, ())
    _check_size(source, frame)
    polygons = _in_wgs84(source, frame)
    rows = zip(*(frame[column] for column in fields), strict=True) if fields else None
    features = []
    for number, polygon in enumerate(polygons, start=1):
        values = tuple(_text(value) for value in next(rows)) if rows is not None else ()
        features.append(Feature(number, values, _polygonal(polygon)))
    if not any(feature.polygon is not None for feature in features):
        return Layer(name, fields, ())
    return Layer(name, fields, tuple(features))


def _read_frame(source: Source, path: Path, name: str, **options: str) -> Any:
    if source.format is Format.PARQUET:
        return parquet_frame(source, most=MOST_FEATURES)
    most = MOST_FEATURES + 1
    encoding = source.encoding if source.format is Format.SHAPEFILE else None
    try:
        return pyogrio.read_dataframe(
            path, layer=name, max_features=most, encoding=encoding, **options
        )
    except UnicodeDecodeError:
        if encoding is not None:
            raise
        # A Shapefile that says UTF-8 and is not: Windows wrote it.
        return pyogrio.read_dataframe(path, layer=name, max_features=most, encoding="cp1252")


def _in_wgs84(source: Source, frame: geopandas.GeoDataFrame) -> Any:
    present: Any = frame.geometry.dropna()
    if present.empty:
        return frame.geometry.to_numpy()
    unstated = _is_unstated(frame.crs, present.total_bounds)
    if unstated and source.crs is None:
        if not _are_degrees(present.total_bounds):
            raise unusable(
                f"« {source.name} » donne des coordonnées en mètres sans dire leur système"
                + (" (le fichier .prj manque)" if source.format is Format.SHAPEFILE else "")
                + " : dites-le (crs), par exemple EPSG:2154 pour le Lambert 93."
            )
        return frame.geometry.to_numpy()
    try:
        shapes = frame.geometry
        if unstated and source.crs is not None:
            shapes = shapes.set_crs(source.crs, allow_override=True)
        moved = shapes.to_crs("EPSG:4326").to_numpy()
    except Exception:  # pyproj raises several kinds on systems that it cannot transform
        which = source.crs if unstated else "son système de coordonnées"
        raise unusable(f"« {source.name} » : {which} ne se convertit pas en WGS 84.") from None
    if unstated:
        _check_place(source, moved)
    return moved


def _are_degrees(bounds: Any) -> bool:
    west, south, east, north = bounds
    return bool(-180 <= west <= east <= 180 and -90 <= south <= north <= 90)


def _is_unstated(crs: Any, bounds: Any) -> bool:
    """Whether a file says nothing of its coordinate system, or what cannot be meant.

    GeoJSON is in degrees when it does not say, and a GeoPackage has numbers for "none".
    """
    if crs is None or crs.name.startswith("Undefined"):
        return True
    return bool(crs.is_geographic) and not _are_degrees(bounds)


def _check_place(source: Source, shapes: Any) -> None:
    """Refuse what a stated system puts where no part of France is."""
    west, south, east, north = shapely.total_bounds(shapes)
    if not (-64 <= west <= east <= 56 and -22 <= south <= north <= 52):
        raise unusable(
            f"« {source.name} » : en {source.crs}, ses polygones ne sont pas en France."
        )


def _polygonal(shape: Any) -> Any:
    """Give the valid polygonal part of a geometry, None when there is none."""
    if shape is None or shapely.is_empty(shape):
        return None
    if not (abs(shapely.bounds(shape)) <= 360).all():
        return None
    mended = shapely.make_valid(shapely.force_2d(shape), method="structure")
    parts = [
        part
        for part in shapely.get_parts(shapely.get_parts(mended))
        if part.geom_type == "Polygon" and not part.is_empty
    ]
    return shapely.MultiPolygon(parts) if parts else None


def _text(value: Any) -> str:
    if isinstance(value, list | tuple) or hasattr(value, "tolist"):
        listed = value.tolist() if hasattr(value, "tolist") else value
        if isinstance(listed, list | tuple):
            return ", ".join(filter(None, map(_text, listed)))
        value = listed
    if isinstance(value, dict):
        # The themes of our own GeoJSON.
        value = value.get("slug", "")
    # None, NaN, NaT or NA, by the type of the column.
    if pd.isna(value):
        return ""
    return clean(value.to_pydatetime() if hasattr(value, "to_pydatetime") else value)


def _check_complete(source: Source) -> None:
    """Refuse a page of an answer: CPTS would be missing without a word.

    WFS counts what it has and what it gives (else the features are counted), ArcGIS says that
    it stopped at its limit, and the OGC API names the next page.
    """
    content = source.path.read_bytes()
    if _MORE_REMAINS.search(content):
        raise unusable(
            f"« {source.name} » n'est qu'une page du service, qui en annonce d'autres : "
            "demandez toutes les entités (resultRecordCount, limit) ou réunissez les pages."
        )
    ends = content[:8192] + content[-8192:]
    matched, told = _MATCHED.search(ends), _RETURNED.search(ends)
    returned = int(told[1]) if told else len(_FEATURE.findall(content))
    if matched and returned < int(matched[1]):
        raise unusable(
            f"« {source.name} » n'est qu'une page du service : {returned} entités "
            f"sur {int(matched[1])} ; demandez-les toutes (count=…)."
        )


def _damaged(source: Source) -> Failure:
    return unusable(f"« {source.name} » est endommagé : aucune couche ne se lit.")
