"""What a request asks, in one spelling: equal questions are kept, and answered, as one.

The spelling that is kept is also the one that the application reads, so that an answer
never shows how somebody else has written the question before.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute

from app.http.parameters import MAXIMUM_TEXT, MAXIMUM_VALUES

Pair = tuple[str, str]
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Questions:
    """Spells questions; knows which parameters of which address take several values.

    Only there does the order of values, or a repetition, mean nothing: elsewhere a
    repeated parameter is refused, and must stay one to be.
    """

    plain: Mapping[str, frozenset[str]] = field(default_factory=dict)
    patterns: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = ()

    @classmethod
    def of(cls, app: Any) -> "Questions":
        """Read the routes of an application, included routers among them."""
        plain: dict[str, frozenset[str]] = {}
        patterns = []
        for route in routes_of(app):
            names = frozenset(
                parameter.alias
                for parameter in get_flat_params(route.dependant)
                if isinstance(parameter.field_info, params.Query)
                and parameter.field_info.annotation is not None
                and "list[" in str(parameter.field_info.annotation)
            )
            if not names or "GET" not in (route.methods or ()):
                continue
            if "{" in route.path:
                patterns.append((route.path_regex, names))
            else:
                plain[route.path] = names
        return cls(plain, tuple(patterns))

    def spelled(self, path: str, query: bytes) -> bytes:
        """Give the one spelling of a query string.

        Parameters come by name, in one percent-encoding; what takes several values has
        each once, in order. Two queries get the same spelling only if every endpoint reads
        the same from both.
        """
        if not query:
            return query
        several = self._several(path)
        told: dict[str, list[str]] = {}
        # As Starlette reads it, so that nothing is lost or found.
        for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
            told.setdefault(name, []).append(value)
        pairs: list[Pair] = []
        for name in sorted(told):
            values = told[name]
            if name in several:
                values = _once_each(values)
            elif name in ("q", "bbox"):
                values = [_without_blanks(name, value) for value in values]
            pairs.extend((name, value) for value in values)
        return urlencode(pairs).encode("ascii")

    def _several(self, path: str) -> frozenset[str]:
        names = self.plain.get(path)
        if names is not None:
            return names
        return next((names for regex, names in self.patterns if regex.match(path)), _NONE)


def _once_each(values: list[str]) -> list[str]:
    if not any(values):
        return values[:1]
    parts = [part.strip() for value in values for part in value.split(",")]
    if "" in parts or len(parts) > MAXIMUM_VALUES:
        return values  # is refused, and for what was written
    return [",".join(sorted(set(parts)))]


def _without_blanks(name: str, value: str) -> str:
    if name == "bbox":
        return ",".join(part.strip() for part in value.split(","))
    # One that is too long is refused as a whole.
    return " ".join(value.split()) if len(value) <= MAXIMUM_TEXT else value


def routes_of(holder: Any) -> Iterator[APIRoute]:
    """Give the routes of an application or router, those of included routers among them."""
    routes: Iterable[Any] = holder.routes
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (included := getattr(route, "original_router", None)) is not None:
            yield from routes_of(included)


def methods_at(app: Any, path: str) -> list[str]:
    """Give the methods of all routes with an address, in order."""
    found = (route.methods or () for route in routes_of(app) if route.path_regex.match(path))
    return sorted({method for methods in found for method in methods})
