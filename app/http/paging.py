"""The address of a page of a list, and the links to its neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self
from urllib.parse import urlencode

from fastapi import Request

from app.http.addresses import settled_base


class Paged(Protocol):
    """What asks for a page: so many items, after so many others."""

    @property
    def limit(self) -> int: ...
    @property
    def offset(self) -> int: ...


@dataclass(frozen=True, slots=True)
class PageAddress:
    """Where a page is asked for: outside address or empty, path, parameters as given."""

    base: str
    path: str
    query: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, request: Request) -> Self:
        """Give the address of a request, from outside where that is known."""
        return cls.on_site(request, settled_base(request))

    @classmethod
    def on_site(cls, request: Request, base: str = "") -> Self:
        """Give the address of a request, root-relative without `base`."""
        return cls(base, request.url.path, tuple(request.query_params.multi_items()))

    def links(self, asked: Paged, matched: int, returned: int) -> list[dict[str, str]]:
        """Link the page with itself and its neighbours.

        Parameters: `matched`, how many items there are on all pages; `returned`, on this
        one. The parameters as given are kept in every link; `next` is there exactly when
        more remain.
        """
        links = [{"rel": "self", "href": self._href(self.query)}]
        if returned and asked.offset + returned < matched:
            links.append({"rel": "next", "href": self._moved(asked, asked.offset + returned)})
        if asked.offset:
            before = max(0, asked.offset - asked.limit)
            links.append({"rel": "prev", "href": self._moved(asked, before)})
        return links

    def _moved(self, asked: Paged, offset: int) -> str:
        pairs = [pair for pair in self.query if pair[0] not in ("limit", "offset")]
        pairs += [("limit", str(asked.limit)), ("offset", str(offset))]
        # As questions are spelled (`app.http.questions`), so that a link leads to itself.
        return self._href(sorted(pairs, key=lambda pair: pair[0]))

    def _href(self, pairs: Sequence[tuple[str, str]]) -> str:
        question = f"?{urlencode(pairs, safe=',:')}" if pairs else ""
        return f"{self.base}{self.path}{question}"


# For whoever shows no links.
NOWHERE = PageAddress("", "", ())
