"""Reading `cpts.csv`, which says what a CPTS is, and `compositions.csv`: what it holds."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.cpts.importing.entries import Entry
from app.cpts.importing.listing import Listing
from app.cpts.importing.published import rules
from app.cpts.importing.published.rules import NotAsPublished, PublishedCpts
from app.cpts.writing.rules import StageRecord
from app.failures import Failure
from app.files.cells import without_guard
from app.files.sources import Format, Source, unusable

Cells = Mapping[str, str | None]
# Headers that are recognised, and the one of today that each is read as.
_HEADERS = {
    rules.CPTS_HEADER: rules.CPTS_HEADER,
    rules.COMPOSITIONS_HEADER: rules.COMPOSITIONS_HEADER,
    rules.FORMER_COMPOSITIONS_HEADER: rules.COMPOSITIONS_HEADER,
}


@dataclass(frozen=True)
class PublishedTable:
    """One of the two tables: its cells by column, None when empty, and its rows' numbers."""

    source: Source
    header: tuple[str, ...]
    rows: Sequence[tuple[int, Cells]]


def published_table(source: Source) -> PublishedTable | None:
    """Read a table that has the exact header of a published one, None when it has not."""
    if source.format is not Format.CSV or source.encoding is not None:
        return None
    try:
        text = source.path.read_bytes().decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = tuple(next(reader, ()))
        if header not in _HEADERS:
            return None
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error):
        return None
    numbered = []
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            if not any(row):
                continue
            raise _altered(source, number, "elle n'a pas autant de cellules que l'en-tête")
        cells = {
            name: without_guard(cell) or None for name, cell in zip(header, row, strict=True)
        }
        numbered.append((number, cells))
    return PublishedTable(source, _HEADERS[header], numbered)


def tables_listing(tables: Sequence[PublishedTable]) -> Listing:
    """Give the listing of `compositions.csv`, of `cpts.csv` with it, or of the latter alone.

    Raises `Failure` (exit status 2) on two tables of one kind, on two that contradict each
    other, and on CPTS with communes that no table names.
    """
    by_header = {table.header: table for table in tables}
    if len(by_header) < len(tables):
        raise unusable(
            f"« {tables[0].source.name} » et « {tables[1].source.name} » sont la même table : "
            "c'est cpts.csv et compositions.csv qu'il faut réunir."
        )
    described = by_header.get(rules.CPTS_HEADER)
    composed = by_header.get(rules.COMPOSITIONS_HEADER)
    entries: list[Entry] = []
    found: dict[str, PublishedCpts] = {}
    if described is not None:
        found = _described(described, entries)
    if composed is not None:
        found = _composed(composed, entries, found, described)
    if not found:
        raise unusable(f"« {tables[0].source.name} » n'a aucune ligne sous son en-tête.")
    _check_whole(described, composed, found)
    remarks = [f"« {table.source.name} » : fichier publié par ce service." for table in tables]
    if described is None:
        remarks.append(
            "Sans cpts.csv (--with), ni thématiques, ni coordonnées, ni CPTS sans commune."
        )
    return Listing(entries, remarks, has_stages=True, published=list(found.values()))


def _described(table: PublishedTable, entries: list[Entry]) -> dict[str, PublishedCpts]:
    found: dict[str, PublishedCpts] = {}
    for number, cells in table.rows:
        try:
            columns, remarks = rules.published_columns(cells)
            key = str(rules.published_number(cells["id"]))
            cpts = PublishedCpts(
                rules.published_name(cells["name"]),
                columns,
                _stages(cells),
                rules.published_themes(cells["themes"]),
                rules.published_truth(cells["demonstration"]),
                rules.published_number(cells["commune_count"]),
                remarks=remarks,
            )
        except NotAsPublished as error:
            raise _altered(table.source, number, str(error)) from error
        if key in found:
            raise _altered(table.source, number, f"l'identifiant {key} est déjà donné")
        if cpts.commune_count == 0:
            cpts = replace(cpts, rows=(len(entries),))
            entries.append(Entry(number, cpts.name, sheet=table.source.name))
        found[key] = cpts
    return found


def _composed(
    table: PublishedTable,
    entries: list[Entry],
    described: dict[str, PublishedCpts],
    other: PublishedTable | None,
) -> dict[str, PublishedCpts]:
    found = dict(described)
    rows: dict[str, list[int]] = {}
    for number, cells in table.rows:
        try:
            key = str(rules.published_number(cells["cpts_id"]))
            columns, remarks = rules.published_columns(cells, "cpts_")
            cpts = PublishedCpts(
                rules.published_name(cells["cpts_name"]),
                columns,
                _stages(cells),
                (),
                rules.published_truth(cells["demonstration"]),
                remarks=remarks,
            )
            held = rules.published_period(cells["held_from"], cells["held_until"])
        except NotAsPublished as error:
            raise _altered(table.source, number, str(error)) from error
        standing = found.setdefault(key, cpts) if other is None else found.get(key)
        if standing is None or standing.commune_count == 0 or not _agree(standing, cpts):
            where = f"« {other.source.name} »" if other else "une ligne du dessus"
            raise _altered(
                table.source, number, f"{where} ne dit pas la même chose de la CPTS {key}"
            )
        rows.setdefault(key, []).append(len(entries))
        entries.append(
            Entry(
                number,
                cpts.name,
                cells["commune_name"] or "",
                cells["commune_code"] or "",
                department=cells["department"] or "",
                sheet=table.source.name if other else "",
                held=held,
            )
        )
    return {
        key: replace(cpts, rows=tuple(rows[key])) if key in rows else cpts
        for key, cpts in found.items()
    }


def _agree(one: PublishedCpts, two: PublishedCpts) -> bool:
    shared = ("acronym", "finess")
    return (
        one.name == two.name
        and one.demonstration == two.demonstration
        and list(one.stages) == list(two.stages)
        and all(one.columns.get(column) == two.columns.get(column) for column in shared)
    )


def _check_whole(
    described: PublishedTable | None,
    composed: PublishedTable | None,
    found: Mapping[str, PublishedCpts],
) -> None:
    """Refuse a CPTS whose communes are not all there: it would enter without them."""
    if described is None:
        return
    for cpts in found.values():
        wanted = cpts.commune_count or 0
        listed = len(cpts.rows) if wanted else 0
        if wanted == listed:
            continue
        if composed is None:
            raise unusable(
                f"« {described.source.name} » ne dit pas quelles communes tiennent les CPTS : "
                "donnez aussi compositions.csv (--with compositions.csv)."
            )
        raise unusable(
            f"« {cpts.name} » a {wanted} communes dans « {described.source.name} » et {listed} "
            f"dans « {composed.source.name} » : téléchargez les deux fichiers en même temps, "
            "avec les mêmes filtres."
        )


def _stages(cells: Cells) -> Sequence[StageRecord]:
    stages = rules.published_stages(cells["stages"])
    if (stages[-1].slug if stages else None) != cells["stage"]:
        raise NotAsPublished(f"le stade ({cells['stage']}) n'est pas le dernier de « stages »")
    return stages


def _altered(source: Source, number: int, why: str) -> Failure:
    return rules.altered(source, f"ligne {number}", why)
