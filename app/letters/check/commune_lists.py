"""Reading a list of communes: a text file, a table or a polygon, whoever asks for it.

The letter check reads the territory that a project asks for with this; no CPTS is named.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import shapely

from app.cpts.importing.column_wordings import BARE_CODES
from app.cpts.importing.columns import Header, Role, find_header
from app.cpts.importing.crosstabs import chosen_rows, is_crosstab
from app.cpts.importing.entries import is_sum, table_entries
from app.files.sources import Format, Source, open_source, unusable
from app.files.tables import Row, Table, decode, read_tables, read_text_lines
from app.files.words import words_of
from app.geography.evidence import departments
from app.geography.evidence.codes import commune_code
from app.geography.resolution import Given

# What stands above a bare list; « Ville » and « Lieu » are communes.
_TITLE = re.compile(
    r"(nom |libelle |liste )?(de la |de |des )?communes( (du|de la|des|de) .*)?"
    r"|(nom|libelle) (de la |de )?commune|commune|codes? (insee|postal|postaux|communes?)"
)


@dataclass(frozen=True)
class CommuneList:
    """What a file asks for: communes as they are written there, or a polygon.

    `geometry` is a shapely MultiPolygon in EPSG:4326, the union of the file's polygons,
    None for a list; exactly one of the two is given.
    """

    given: Sequence[Given]
    geometry: Any = None


def read_commune_list(
    path: Path,
    *,
    name: str | None = None,
    most_vertices: int | None = None,
    crs: str | None = None,
) -> CommuneList:
    """Read the communes that a file names, or the polygon that it draws.

    A text file has one commune per line; a table has a column of communes or of codes,
    with or without a header; a polygon file is taken whole. Parameters: `name`, what to
    call the file in messages; `most_vertices`, of all its polygons; `crs`, the coordinate
    system of one that states none. Raises `Failure` (exit
    status 2, one French line) on an input that cannot be used.
    """
    source = open_source(path, name=name, crs=crs)
    if source.format.has_polygons:
        # Slow to import, and not needed for a list.
        from app.files.layers import read_layers  # noqa: PLC0415

        shapes = [
            feature.polygon
            for layer in read_layers(source)
            for feature in layer.features
            if feature.polygon is not None
        ]
        if (
            most_vertices is not None
            and shapely.get_num_coordinates(shapes).sum() > most_vertices
        ):
            raise unusable(f"« {source.name} » a plus de {most_vertices} sommets.")
        parts = shapely.get_parts(shapely.union_all(shapes))
        return CommuneList([], shapely.MultiPolygon([p for p in parts if p.area > 0]))
    is_table = source.format is not Format.CSV or path.suffix.lower() in (".csv", ".tsv")
    if not is_table and _is_plain_text(path):
        given = _of_lines([row.cells[0] for row in read_text_lines(path)])
    else:
        given = [
            replace(
                given, department=given.department or departments.of_sheet(table.name) or None
            )
            for table in read_tables(source)
            for given in _of_table(source, table)
        ]
    if not given:
        raise unusable(f"« {source.name} » ne nomme aucune commune.")
    return CommuneList(given)


def _is_plain_text(path: Path) -> bool:
    text = decode(path.read_bytes())
    return not ("\t" in text or ";" in text or "|" in text)


def _of_lines(lines: Sequence[str]) -> list[Given]:
    """Read a list of one place per line; its title and its sums name none.

    A department that heads lines is evidence for each of them; one that heads none is kept, to
    be told as what nothing was made of.
    """
    titled = bool(lines) and _TITLE.fullmatch(words_of(lines[0])) is not None
    found: list[Given] = []
    above: str | None = None
    kept = [line for line in lines[1 if titled else 0 :] if not is_sum(line)]
    for line, below in zip(kept, [*kept[1:], ""], strict=True):
        named = departments.heading(line)
        if named and below and not departments.heading(below):
            above = named
            continue
        if line.rstrip().endswith(":"):
            # It heads the lines below by something that is not known.
            above = None
        found.append(Given(line, above))
    return found


def _of_table(source: Source, table: Table) -> list[Given]:
    header = find_header(table.rows, with_name=False)
    if header is not None:
        if is_crosstab(table, header):
            raise unusable(
                f"« {source.name} » croise des communes et plusieurs CPTS : ne gardez que les "
                "communes d'un seul territoire."
            )
        kept = chosen_rows(table.rows[header.start + 1 :], header.columns)
        if kept is not None:
            table = Table(table.name, (*table.rows[: header.start + 1], *kept))
        named = [
            replace(place, doubt=entry.doubt)
            for entry in table_entries(table, header)
            if (place := entry.place) is not None
        ]
        if _has_bare_codes(header):
            # « Code » alone may be any code: it counts where it agrees, and is told elsewhere.
            return [
                replace(place, code=None, number=place.code) if place.text else place
                for place in named
            ]
        return named
    found = _without_header(table.rows)
    if any(row.struck for row in table.rows):
        raise unusable(
            f"« {source.name} » a des cellules barrées : donnez un titre « Commune » à la "
            "colonne des communes, ou ôtez ce qui n'est plus demandé."
        )
    if found or not table.rows:
        return found
    raise unusable(
        f"« {source.name} » : aucune colonne de communes reconnue ; nommez-la « Commune » "
        f"ou « Code INSEE »."
    )


def _without_header(rows: Sequence[Row]) -> list[Given]:
    """Read a bare list: one column, or names with figures beside them, or codes.

    No cell is left out because its neighbours are of another kind: a row without a name in
    the column of names is read by whatever it holds.
    """
    columns = [_column(rows, index) for index in range(_width(rows))]
    filled = [column for column in columns if any(column)]
    if len(filled) == 1:
        return _of_lines([cell for cell in filled[0] if cell])
    names = [column for column in filled if all(map(_has_letters, filter(None, column)))]
    figures = [column for column in filled if all(map(_is_figure, filter(None, column)))]
    codes = [column for column in figures if all(map(commune_code, filter(None, column)))]
    if len(names) == 1 or (len(names) > 1 and codes):
        # Of several, the first that holds codes says more than a population does.
        mixed = [column for column in filled if column not in names + figures]
        beside = (codes or mixed or figures or [[""] * len(rows)])[0]
        places = names[1] if len(names) > 1 else [""] * len(rows)
        return [
            Given(name, place or None, number=number or None)
            if name
            else Given(" ".join(filter(None, row.cells)))
            for row, name, place, number in zip(rows, names[0], places, beside, strict=True)
            if any(row.cells)
        ]
    for column in codes:
        if len(figures) == len(filled):
            return [Given(cell) for cell in column if cell]
    return []


def _has_bare_codes(header: Header) -> bool:
    position = header.columns.positions.get(Role.CODE)
    return position is not None and words_of(header.columns.headers[position]) in BARE_CODES


def _has_letters(cell: str) -> bool:
    return commune_code(cell) is None and any(sign.isalpha() for sign in cell)


def _is_figure(cell: str) -> bool:
    return commune_code(cell) is not None or not any(sign.isalpha() for sign in cell)


def _width(rows: Sequence[Row]) -> int:
    return max((len(row.cells) for row in rows), default=0)


def _column(rows: Sequence[Row], index: int) -> list[str]:
    return [row.cells[index] if index < len(row.cells) else "" for row in rows]
