"""The same answers as pages, in French."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from app import french
from app.http.content_policy import page_content_policy
from app.http.static_files import StaticFolder
from app.ogc.addresses import ROOT, Link
from app.ogc.collections import Collection
from app.ogc.repository import Item
from app.ogc.service import Page

_HERE = Path(__file__).parent
FOLDER = StaticFolder("ogc", _HERE / "static")
_YES_OR_NO = {True: "oui", False: "non"}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["shown"] = shown
    environment.filters["number"] = french.number
    environment.globals.update(style=FOLDER.address("ogc.css"), root=ROOT)
    return environment


def page(template: str, **values: Any) -> HTMLResponse:
    """Render a template of this room as an answer with its policy."""
    text = _environment().get_template(f"{template}.html").render(values)
    headers = {"Content-Security-Policy": page_content_policy()}
    return HTMLResponse(french.typeset(text), headers=headers)


def items_page(collection: Collection, found: Page) -> HTMLResponse:
    """Show a page of items as a table, without their geometries."""
    return page(
        "items",
        collection=collection,
        rows=[_properties(item) for item in found.items],
        addresses=[
            f"{collection.path}/items/{item.key}?"
            + (f"at={item.shown_on}&" if found.is_dated else "")
            + "f=html"
            for item in found.items
        ],
        matched=found.matched,
        links=found.links,
        following=_href(found.links, "next"),
        document=_href(found.links, "alternate"),
    )


def item_page(collection: Collection, item: Item, links: list[Link]) -> HTMLResponse:
    """Show an item."""
    return page(
        "item",
        collection=collection,
        key=item.key,
        properties=_properties(item),
        document=_href(links, "alternate"),
    )


def shown(value: Any) -> str:
    """Write the value of a property for a reader; a dash for none."""
    if value is None or value == []:
        return "–"
    if isinstance(value, bool):
        return _YES_OR_NO[value]
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _properties(item: Item) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = orjson.loads(item.properties)
    return properties


def _href(links: list[Link], rel: str) -> str | None:
    return next((each["href"] for each in links if each["rel"] == rel), None)
