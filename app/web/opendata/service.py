"""The published files of one snapshot of the registry, and the page that lists them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

import orjson

from app.cpts.reading import repository as registry
from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import FILTERS
from app.cpts.reading.repository import FoundCpts
from app.cpts.reading.schemas import Detail
from app.cpts.reading.service import (
    COMPOSITION_COLUMNS,
    accepted_values,
    check_filters,
    check_values,
    compositions,
)
from app.cpts.references import repository as references
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.files.cells import csv_table
from app.files.office_tables import Sheet
from app.http.repository import current_revision
from app.web.layout.repository import holds_demonstration
from app.web.layout.sources import LICENCE
from app.web.opendata import feed, layers, office, repository, rules, schemas
from app.web.opendata.columns import COMPOSITIONS, CPTS

ENTRIES_A_PAGE = 100


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file of the page: address below `/donnees/`, what it is, and for whom."""

    name: str
    title: str
    format: str
    purpose: str
    schema: str


@dataclass(frozen=True, slots=True)
class OfficeTable:
    """A table of the page for offices: addresses `/donnees/NAME-excel.csv` and `NAME.xlsx`."""

    name: str
    title: str


OFFICE_TABLES = (
    OfficeTable("cpts", "Les CPTS, une ligne chacune"),
    OfficeTable("compositions", "Les communes de chaque CPTS, une ligne par commune"),
)
FILES = (
    PublishedFile("cpts.csv", "Les CPTS", "CSV", "Programmes : une ligne par CPTS.", "cpts"),
    PublishedFile(
        "compositions.csv",
        "Les communes de chaque CPTS",
        "CSV",
        "Programmes : une ligne par CPTS et commune.",
        "compositions",
    ),
    PublishedFile(
        "cpts.gpkg", "Les territoires", "GeoPackage", "QGIS, ArcGIS, R (sf).", "territoires"
    ),
    PublishedFile(
        "cpts.geojson", "Les territoires", "GeoJSON", "Cartes sur le web.", "territoires"
    ),
    PublishedFile(
        "cpts.parquet",
        "Les territoires",
        "GeoParquet",
        "Analyse : geopandas, DuckDB, Arrow.",
        "territoires",
    ),
)


def page_values(session: ReadingSession) -> dict[str, Any]:
    """Give what the page of open data shows."""
    return {
        "files": FILES,
        "office_tables": OFFICE_TABLES,
        "filters": [key.name for key in FILTERS],
        "changed_at": current_revision(session).changed_at,
        "tables": [
            ("cpts", "cpts.csv", CPTS),
            ("compositions", "compositions.csv", COMPOSITIONS),
        ],
        "licence": LICENCE,
    }


def _found(
    session: ReadingSession, filters: Filters
) -> tuple[date, list[FoundCpts], list[Mapping[str, Any]]]:
    check_filters(session, filters)
    day = filters.at or today()
    _, found = registry.find_cpts(session, filters, day)
    courses = registry.courses(session, [cpts.id for cpts in found], day)
    return (
        day,
        found,
        [
            orjson.loads(cpts.properties)
            | {"stages": courses[cpts.id].stages, "communes": courses[cpts.id].communes}
            for cpts in found
        ],
    )


def cpts_csv(session: ReadingSession, filters: Filters) -> bytes:
    """Give the CPTS as CSV (UTF-8, comma); raises `Invalid` for unknown values."""
    _, _, items = _found(session, filters)
    rows = ([column.read(item) for column in CPTS] for item in items)
    return csv_table((column.name for column in CPTS), rows)


def cpts_sheet(session: ReadingSession, filters: Filters) -> Sheet:
    """Give the CPTS as a table for offices; raises `Invalid` for unknown values."""
    _, _, items = _found(session, filters)
    return office.cpts_sheet(items)


def compositions_sheet(session: ReadingSession, filters: Filters) -> Sheet:
    """Give CPTS and commune as a table for offices; raises `Invalid` for unknown values."""
    _, _, rows = compositions(session, filters)
    return office.compositions_sheet(COMPOSITION_COLUMNS, rows)


def cpts_geoparquet(session: ReadingSession, filters: Filters, detail: Detail) -> bytes:
    """Give the CPTS with their territories as GeoParquet; raises `Invalid`."""
    day, found, items = _found(session, filters)
    territories = repository.territories(session, [cpts.id for cpts in found], day, detail)
    return layers.geoparquet(items, territories)


def cpts_geopackage(session: ReadingSession, filters: Filters, detail: Detail) -> bytes:
    """Give the CPTS with their territories as a GeoPackage; raises `Invalid`."""
    day, found, items = _found(session, filters)
    territories = repository.territories(session, [cpts.id for cpts in found], day, detail)
    return layers.geopackage(
        items,
        territories,
        description=f"CPTS de France au {day.isoformat()}. {LICENCE['title']}.",
        written_at=current_revision(session).changed_at,
    )


def table_schema(session: ReadingSession, name: str) -> bytes | None:
    """Give a Table Schema (`cpts`, `territoires`, `compositions`), None for another name."""
    write = schemas.SCHEMAS.get(name)
    if write is None:
        return None
    return _json(write(accepted_values(session)))


def data_package(session: ReadingSession) -> bytes:
    """Give the Data Package that describes all files."""
    return _json(
        schemas.data_package(
            accepted_values(session),
            changed_at=current_revision(session).changed_at,
            day=today(),
            demonstration=holds_demonstration(session),
        )
    )


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """Which part of the feed is asked for: codes, and the entry to read on from."""

    regions: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    before: int | None = None

    def address(self) -> str:
        """Give the root-relative address of this part."""
        pairs = [("region", code) for code in self.regions]
        pairs += [("department", code) for code in self.departments]
        pairs += [("before", str(self.before))] if self.before else []
        return f"/donnees/changements.atom{'?' if pairs else ''}{urlencode(pairs)}"


def changes_feed(session: ReadingSession, asked: FeedRequest, base: str) -> bytes:
    """Give the feed of changes; raises `Invalid` for unknown codes.

    Parameters: `base`, the outside address that the links begin with.
    """
    check_values(session, region=asked.regions, department=asked.departments)
    found = repository.recorded_changes(
        session,
        before=asked.before,
        limit=ENTRIES_A_PAGE + 1,
        regions=asked.regions,
        departments=asked.departments,
    )
    page, more = found[:ENTRIES_A_PAGE], found[ENTRIES_A_PAGE:]
    labels = references.stage_labels(session)
    codes = {code for change in page for side in rules.moved(change) for code in side}
    names = repository.commune_names(session, sorted(codes)) if codes else {}
    told = [(change, rules.news(change, labels, names)) for change in page]
    entries = [(change, news) for change, news in told if news is not None]
    territory = ",".join((*asked.regions, *asked.departments))
    return feed.atom(
        entries,
        identity=uuid.uuid5(uuid.NAMESPACE_URL, f"{base}/donnees/changements/{territory}").urn,
        updated=_latest(session, entries),
        base=base,
        address=asked.address(),
        following=replace(asked, before=page[-1].id).address() if more else None,
    )


def _latest(
    session: ReadingSession, entries: list[tuple[repository.RecordedChange, rules.News]]
) -> datetime:
    if entries:
        return entries[0][0].changed_at
    return current_revision(session).changed_at
