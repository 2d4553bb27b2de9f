"""Addresses under `/ogc`, and the links that answers hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self
from urllib.parse import urlencode

from fastapi import Request

from app.http.addresses import outside_address
from app.http.geojson import GEOJSON

ROOT = "/ogc"
JSON, HTML = "application/json", "text/html"
SCHEMA = "application/schema+json"
Link = dict[str, str]
Pairs = Sequence[tuple[str, str]]


def link(href: str, rel: str, media_type: str, title: str) -> Link:
    """Make a link of OGC API; `title` is French."""
    return {"href": href, "rel": rel, "type": media_type, "title": title}


@dataclass(frozen=True, slots=True)
class Address:
    """Where something is asked for.

    Parameters: `base`, the outside address, whole, because not every client can read a
    link without it; `path`; `query`, the parameters, but the form of the answer.
    """

    base: str
    path: str
    query: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, request: Request) -> Self:
        """Give the address of a request."""
        query = tuple(pair for pair in request.query_params.multi_items() if pair[0] != "f")
        return cls(outside_address(request).base, request.url.path, query)

    def to(self, path: str, query: Pairs = ()) -> str:
        """Give the whole address of a root-relative one."""
        question = f"?{urlencode(query, safe=',:/')}" if query else ""
        return f"{self.base}{path}{question}"

    def forms(self, form: str, media_type: str = JSON) -> list[Link]:
        """Link an answer with itself and with its other form.

        Parameters: `form` of the answer, `json` or `html`; `media_type` of the first.
        """
        types = {"json": (media_type, "Ce document"), "html": (HTML, "Cette page, en HTML")}
        return [
            link(
                self.to(self.path, [*self.query, ("f", each)]),
                "self" if each == form else "alternate",
                *types[each],
            )
            for each in types
        ]


@dataclass(frozen=True, slots=True)
class ItemsAddress:
    """The address of a page of items in a form, of which it makes the links."""

    address: Address
    form: str

    def links(self, *, day: date | None, after: str | None) -> list[Link]:
        """Link a page with itself and the next.

        Parameters: `day` that is shown, on which the next page stays, None where what is
        asked for says it; `after`, the key after which it begins, None for the last page.
        """
        links = self.address.forms(self.form, GEOJSON)
        if after is not None:
            kept = [pair for pair in self.address.query if pair[0] not in ("at", "after")]
            query = [*kept, ("after", after), ("f", self.form)]
            if day is not None:
                query.append(("at", day.isoformat()))
            media_type = GEOJSON if self.form == "json" else HTML
            # As questions are spelled (`app.http.questions`), so that a link leads to itself.
            href = self.address.to(self.address.path, sorted(query, key=lambda pair: pair[0]))
            links.append(link(href, "next", media_type, "Page suivante"))
        collection = self.address.path.removesuffix("/items")
        links.append(link(self.address.to(collection), "collection", JSON, "La collection"))
        return links
