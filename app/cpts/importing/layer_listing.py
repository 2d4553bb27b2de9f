"""The listing of a polygon file: one entry per feature, whatever its layer."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import shapely

from app.cpts.importing.columns import Columns, Role, recognise
from app.cpts.importing.entries import LONGEST_NAME, Entry
from app.cpts.importing.listing import Listing
from app.files.sources import Source, unusable

if TYPE_CHECKING:
    from app.files.layers import Feature


def read_layer_listing(source: Source, chosen: Mapping[Role, str]) -> Listing:
    """Read the listing of a polygon file: one entry per feature.

    Parameters: `chosen`, the fields that the user names. Raises `Failure` (exit status 2)
    when no layer has a field with the CPTS's name.
    """
    # Slow to import, and not needed for a table.
    from app.files.layers import read_layers  # noqa: PLC0415

    entries: list[Entry] = []
    remarks: list[str] = []
    has_stages = False
    layers = read_layers(source)
    for layer in layers:
        try:
            columns = recognise(layer.fields, chosen)
        except KeyError:
            columns = recognise(layer.fields)
            if Role.NAME in chosen:
                columns = recognise(())
        if Role.NAME not in columns.positions:
            remarks.append(f"Couche « {layer.name} » : pas de nom de CPTS, laissée de côté.")
            continue
        has_stages |= Role.STAGE in columns.positions
        remarks.append(f"Couche « {layer.name} » : {columns.described()}")
        sheet = layer.name if len(layers) > 1 else ""
        entries.extend(_entry(feature, columns, sheet) for feature in layer.features)
    if not entries:
        fields = ", ".join(dict.fromkeys(name for layer in layers for name in layer.fields))
        raise unusable(
            f"« {source.name} » : aucun champ ne donne le nom des CPTS. Champs : "
            f"{fields or 'aucun'}. Indiquez-le par --column name=…"
        )
    return Listing(entries, remarks, has_stages)


def _entry(feature: "Feature", columns: Columns, sheet: str) -> Entry:
    particulars: dict[Role, str] = {
        role: text
        for role in columns.positions
        if role not in (Role.NAME, Role.COMMUNE, Role.CODE, Role.DEPARTMENT)
        and (text := columns.cell(feature.values, role))
    }
    return Entry(
        feature.number,
        " ".join(columns.cell(feature.values, Role.NAME).split())[:LONGEST_NAME],
        department=columns.cell(feature.values, Role.DEPARTMENT),
        sheet=sheet,
        particulars=particulars,
        polygon=feature.polygon if feature.polygon is not None else shapely.MultiPolygon(),
    )
