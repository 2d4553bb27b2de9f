"""Items of a collection as GeoJSON: one snapshot, pages by key."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, Subquery

from app.cpts.reading.filtering import Filters
from app.cpts.reading.repository import coverage
from app.cpts.reading.service import check_filters
from app.cpts.stages import RECOGNISED_STAGES
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.http.parameters import RowId
from app.http.repository import current_revision
from app.ogc import repository
from app.ogc.addresses import ItemsAddress
from app.ogc.collections import GEOMETRY, SHOWN_ON, Collection, items_of
from app.ogc.filtering import condition_of, refused
from app.ogc.geometries import Unreadable, touching
from app.ogc.parameters import AskedDrawing, AskedItems, Span
from app.ogc.repository import Item, ValuesRefused
from app.ogc.systems import CRS84, OutsideSystem
from app.problems import Invalid, NotFound


@dataclass(frozen=True, slots=True)
class Page:
    """A page of items.

    Parameters: `matched` counts those of all pages; `links` lead to others; `is_dated`,
    whether they are of days that were asked for, not of whatever day it is.
    """

    items: list[Item]
    matched: int
    links: list[dict[str, str]]
    is_dated: bool


def page_of(
    session: ReadingSession,
    collection: Collection,
    asked: AskedItems,
    filters: Filters,
    address: ItemsAddress,
) -> Page:
    """Give a page of items, in the order of their keys.

    Whoever follows `next` meets each item that stays exactly once, whatever else changes
    meanwhile: a page begins after a key, and all pages are of one day, or of the days of
    one span. Raises `Invalid`.
    """
    day = asked.at or today()
    own_days = _own_days(collection, asked)
    items = items_of(collection)
    conditions = _conditions(session, collection, asked, filters, items)
    told: dict[str, Any] = {
        "day": day,
        "span": own_days or (day, day),
        "coverage": _coverage(session, collection, day),
    }
    after = _key(collection, asked.after) if asked.after else None
    try:
        found = _found(
            session,
            collection,
            items,
            conditions,
            detail=asked.detail,
            system=asked.system,
            after=after,
            # One more, which tells whether more remain.
            limit=asked.limit + 1,
            **told,
        )
        page = found[: asked.limit]
        is_whole = after is None and len(found) == len(page)
        matched = (
            len(page) if is_whole else repository.count(session, items, conditions, **told)
        )
    except ValuesRefused:
        if asked.filter is None:
            raise
        raise refused("Ce filtre ne peut pas être appliqué avec ces valeurs.") from None
    following = str(page[-1].key) if len(found) > len(page) else None
    # `at` would leave out what had ended by then.
    links = address.links(day=None if own_days else day, after=following)
    is_dated = asked.at is not None or own_days is not None
    return Page(page, matched, links, is_dated)


def collection_body(session: ReadingSession, page: Page) -> bytes:
    """Write a page as a FeatureCollection, dated by the last change of the registry."""
    head = orjson.dumps(
        {
            "type": "FeatureCollection",
            "numberMatched": page.matched,
            "numberReturned": len(page.items),
            "timeStamp": current_revision(session).changed_at,
            "links": page.links,
        },
        option=orjson.OPT_UTC_Z,
    )
    features = ",".join(item.feature() for item in page.items)
    return head[:-1] + b',"features":[' + features.encode() + b"]}"


def item_of(
    session: ReadingSession, collection: Collection, key: str, asked: AskedDrawing
) -> Item:
    """Give one item; raises `NotFound` where the collection has none of this key that day."""
    day = asked.at or today()
    items = items_of(collection)
    try:
        wanted = _key(collection, key)
    except Invalid:
        raise NotFound("Cet élément n'existe pas.") from None
    found = _found(
        session,
        collection,
        items,
        [items.c[collection.key] == wanted],
        day=day,
        span=(day, day),
        detail=asked.detail,
        system=asked.system,
        limit=1,
        coverage=_coverage(session, collection, day),
    )
    if not found:
        raise NotFound("Cet élément n'existe pas ce jour-là.")
    return found[0]


def item_body(item: Item, links: list[dict[str, str]]) -> bytes:
    """Write an item as a Feature."""
    return item.feature(f',"links":{orjson.dumps(links).decode()}').encode()


def _found(*of: Any, **asked: Any) -> list[Item]:
    try:
        return repository.find(*of, **asked)
    except OutsideSystem:
        raise Invalid.at(
            "query",
            "crs",
            message="Des éléments sont trop loin de là où ce système vaut : n'en demandez "
            "que de sa région, ou dans un autre système.",
            accepted=["region=…", "bbox=…", CRS84.uri],
        ) from None


def _conditions(
    session: ReadingSession,
    collection: Collection,
    asked: AskedItems,
    filters: Filters,
    items: Subquery,
) -> list[ColumnElement[bool]]:
    day = asked.at or today()
    filters = replace(filters, at=day)
    check_filters(session, filters)
    shown_on = items.c[SHOWN_ON] if _own_days(collection, asked) else day
    conditions = list(collection.narrowing(filters, shown_on, items.c))
    if asked.box is not None:
        try:
            conditions.append(touching(items.c[GEOMETRY], asked.box, asked.box_system))
        except Unreadable as error:
            raise Invalid.at("query", "bbox", message=str(error)) from None
    if asked.span is not None:
        conditions += _lasting(collection, asked.span, items.c)
    if asked.filter is not None:
        conditions.append(
            condition_of(
                collection,
                items.c,
                asked.filter,
                asked.filter_language,
                asked.filter_system,
            )
        )
    return conditions


def _own_days(collection: Collection, asked: AskedItems) -> Span | None:
    """Give the span whose items are each of a day of its own; None where all are of one."""
    if asked.at is not None or collection.begun is None:
        return None
    return asked.span


def _lasting(collection: Collection, span: Span, columns: Any) -> list[ColumnElement[bool]]:
    """Say that an item lasts at some time of a span; what has no time always does."""
    if collection.begun is None or collection.ended is None:
        return []
    begun, ended = columns[collection.begun], columns[collection.ended]
    return [begun <= span[1], ended.is_(None) | (ended > span[0])]


def _coverage(session: ReadingSession, collection: Collection, day: date) -> str | None:
    if collection.coverage is None:
        return None
    return coverage(session, collection.coverage, list(RECOGNISED_STAGES), day)


_ROW_ID: TypeAdapter[int] = TypeAdapter(RowId)


def _key(collection: Collection, written: str) -> int | str:
    if not collection.key_is_number:
        return written
    try:
        return _ROW_ID.validate_python(written)
    except ValidationError:
        raise Invalid.at(
            "query", "after", message="La clé d'un élément est attendue.", accepted=["1, 2, …"]
        ) from None
