"""Reading the published files with polygons: GeoJSON, GeoPackage and GeoParquet."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
import shapely

from app.cpts.importing.entries import Entry
from app.cpts.importing.listing import Listing
from app.cpts.importing.published import rules
from app.cpts.importing.published.rules import NotAsPublished, PublishedCpts
from app.cpts.writing.rules import StageRecord
from app.files.sources import Format, Source, unusable

if TYPE_CHECKING:
    from app.files.layers import Record

_TEXTS = ("acronym", "finess", "website", "email", "phone", "address")


def published_layer(source: Source) -> Listing | None:
    """Read the listing of a file with polygons that has the fields of a published one.

    Gives None when it has not. Where the file names the communes, these count, and the
    polygon must agree; the API's GeoJSON has the polygon alone, which must give as many
    communes as it says. Raises `Failure` (exit status 2) on a file that was altered.
    """
    if source.format not in (Format.GEOJSON, Format.GPKG, Format.PARQUET):
        return None
    # Slow to import, and not needed for a table.
    from app.files.layers import layer_fields, read_records  # noqa: PLC0415

    layers = layer_fields(source)
    if len(layers) != 1 or not layers[0] >= rules.LAYER_FIELDS:
        return None
    entries: list[Entry] = []
    found: list[PublishedCpts] = []
    for record in read_records(source):
        try:
            found.append(_cpts(record, entries))
        except NotAsPublished as error:
            raise rules.altered(source, f"entité {record.number}", str(error)) from error
    if not found:
        raise unusable(f"« {source.name} » ne contient aucune CPTS.")
    remarks = [f"« {source.name} » : fichier publié par ce service."]
    if "communes" not in layers[0]:
        remarks.append(
            "Les communes sont celles des polygones ; /donnees/cpts.geojson dit aussi depuis "
            "quand elles sont tenues."
        )
    return Listing(entries, remarks, has_stages=True, published=found)


def _cpts(record: "Record", entries: list[Entry]) -> PublishedCpts:
    values = record.values
    name = rules.published_name(_text(values["name"]))
    columns, remarks = rules.published_columns({key: _text(values[key]) for key in _TEXTS})
    count = rules.published_number(values["commune_count"])
    first = len(entries)
    if "communes" in values:
        communes = rules.published_communes(_text(values["communes"]))
        if len(communes) != count:
            raise NotAsPublished(f"« communes » en nomme {len(communes)}, sur {count}")
        entries += [Entry(record.number, name, code=code, held=held) for code, held in communes]
    elif count:
        entries.append(Entry(record.number, name, polygon=record.polygon))
    if (record.polygon is None) != (count == 0):
        raise NotAsPublished(
            f"{count} communes, et {'aucun' if record.polygon is None else 'un'} polygone"
        )
    if not count:
        entries.append(Entry(record.number, name))
    return PublishedCpts(
        name,
        columns,
        _stages(values),
        rules.published_themes(_themes(values["themes"])),
        rules.published_truth(values["demonstration"]),
        count,
        shapely.to_wkb(record.polygon) if count and "communes" in values else None,
        tuple(range(first, len(entries))),
        remarks,
    )


def _stages(values: Mapping[str, Any]) -> list[StageRecord]:
    slug = _text(values["stage"])
    if "stages" in values:
        stages = rules.published_stages(_text(values["stages"]))
        if (stages[-1].slug if stages else None) != slug:
            raise NotAsPublished(f"le stade ({slug}) n'est pas le dernier de « stages »")
        return stages
    if slug is None:
        return []
    since = _text(values["stage_since"])
    recorded_on = rules.published_day(_text(values["stage_recorded_on"]))
    return [StageRecord(slug, rules.published_day(since) if since else None, recorded_on)]


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _themes(value: Any) -> Any:
    """Give the themes of the API's JSON, which some readers hand on as a text."""
    if isinstance(value, str) and value.startswith("["):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            raise NotAsPublished(f"thématiques illisibles : « {value[:40]} »") from None
    return value
