"""CQL2 (OGC 21-065r2), text and JSON, as conditions over the columns of a collection.

`cql2` reads the language; here its tree becomes SQLAlchemy expressions, of operators and
properties that are listed, with values as parameters: nothing a client writes becomes SQL.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import cql2
from sqlalchemy import ColumnElement, and_, func, literal, not_, or_, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Boolean, Date, DateTime, Double, Text

from app.database.calendar import PARIS
from app.http.texts import refusal_at_the_door
from app.ogc.collections import GEOMETRY, Collection, Kind
from app.ogc.geometries import Unreadable, drawn_geometry
from app.ogc.systems import CoordinateSystem
from app.problems import Invalid

FilterLanguage = Literal["cql2-text", "cql2-json"]
MAXIMUM_FILTER = 16_000
# Terms of one filter: beyond, the planner of the database takes longer than an answer may.
MAXIMUM_TERMS = 500
_MAXIMUM_DEPTH = 60
# Of greater numbers, not every one can be told from its neighbours.
_MOST_WHOLE = 2**53

Node = Any
Sort = Literal["number", "text", "texts", "boolean", "day", "moment", "geometry"]
_SORTS: Mapping[Kind, Sort] = {
    "integer": "number",
    "number": "number",
    "text": "text",
    "texts": "texts",
    "boolean": "boolean",
    "day": "day",
    "moment": "moment",
}
_SORT_NAMES: Mapping[Sort, str] = {
    "number": "un nombre",
    "text": "un texte",
    "texts": "une liste de textes",
    "boolean": "true ou false",
    "day": "une date, DATE('AAAA-MM-JJ')",
    "moment": "un instant, TIMESTAMP('AAAA-MM-JJThh:mm:ssZ')",
    "geometry": "une géométrie",
}
_WRITTEN: Mapping[Sort, re.Pattern[str]] = {
    "day": re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII),
    "moment": re.compile(
        r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII
    ),
}
_COMPARISONS: Mapping[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "=": lambda one, other: one == other,
    "<>": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}
_SPATIAL: Mapping[str, str] = {
    "s_intersects": "ST_Intersects",
    "s_disjoint": "ST_Disjoint",
    "s_within": "ST_Within",
    "s_contains": "ST_Contains",
    "s_touches": "ST_Touches",
    "s_crosses": "ST_Crosses",
    "s_overlaps": "ST_Overlaps",
    "s_equals": "ST_Equals",
}
_ARRAYS: Mapping[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "a_contains": lambda one, other: one.contains(other),
    "a_containedby": lambda one, other: one.contained_by(other),
    "a_overlaps": lambda one, other: one.overlap(other),
    "a_equals": lambda one, other: one.contains(other) & one.contained_by(other),
}
OPERATORS = sorted(
    {"and", "or", "not", "between", "in", "like", "isNull", "casei", "accenti"}
    | set(_COMPARISONS)
    | set(_SPATIAL)
    | {"a_contains", "a_containedBy", "a_overlaps", "a_equals"}
)


@dataclass(frozen=True, slots=True)
class _Value:
    sort: Sort
    sql: Any


def refused(message: str, *accepted: str) -> Invalid:
    """Make the refusal of a filter."""
    return Invalid.at("query", "filter", message=message, accepted=accepted or None)


def condition_of(
    collection: Collection,
    columns: Any,
    given: str,
    language: FilterLanguage,
    system: CoordinateSystem,
) -> ColumnElement[bool]:
    """Give the condition that a filter is.

    Parameters: `columns`, of the collection's items; `given`, the text of the filter;
    `system`, of its coordinates. Raises `Invalid` for what is no CQL2, and for properties,
    operators and values that the collection does not know.
    """
    if len(given) > MAXIMUM_FILTER:
        raise refused("Ce filtre est trop long.", f"{MAXIMUM_FILTER} caractères au plus")
    try:
        read = cql2.parse_text if language == "cql2-text" else cql2.parse_json
        tree = read(given).to_json()
    except (cql2.ParseError, ValueError, RecursionError):
        raise refused(f"Ce filtre n'est pas du {language}.", language) from None
    return _Reading(collection, columns, system).condition(tree, 0)


class _Reading:
    def __init__(self, collection: Collection, columns: Any, system: CoordinateSystem) -> None:
        self._kinds = collection.kinds
        self._columns = columns
        self._system = system
        self._terms = self._nested = 0

    def condition(self, node: Node, depth: int) -> ColumnElement[bool]:
        if isinstance(node, bool) or (isinstance(node, dict) and "property" in node):
            return self._of_sort("boolean", node).sql  # type: ignore[no-any-return]
        operator, arguments = self._applied(node, depth)
        within = depth + 1
        if operator in ("and", "or"):
            if not arguments:
                raise refused(f"L'opérateur {operator} attend des conditions.")
            joined = and_ if operator == "and" else or_
            return joined(*(self.condition(each, within) for each in arguments))
        if operator == "not":
            (argument,) = _exactly(operator, 1, arguments)
            return not_(self.condition(argument, within))
        read = _PREDICATES.get(operator)
        if read is None:
            raise refused(f"L'opérateur {operator[:50]} n'est pas accepté.", *OPERATORS)
        return read(self, operator, arguments)

    def _applied(self, node: Node, depth: int) -> tuple[str, list[Node]]:
        self._terms += 1
        if depth > _MAXIMUM_DEPTH or self._terms > MAXIMUM_TERMS:
            raise refused("Ce filtre est trop complexe.", f"{MAXIMUM_TERMS} termes au plus")
        if not isinstance(node, dict) or not isinstance(node.get("args"), list):
            raise refused("Une condition est attendue.", *OPERATORS)
        return str(node.get("op", "")).lower(), node["args"]

    def comparison(self, operator: str, arguments: list[Node]) -> ColumnElement[bool]:
        one, other = self._alike(operator, 2, arguments)
        return _COMPARISONS[operator](one, other)

    def between(self, _operator: str, arguments: list[Node]) -> ColumnElement[bool]:
        value, low, high = self._alike("between", 3, arguments)
        between: ColumnElement[bool] = value.between(low, high)
        return between

    def among(self, _operator: str, arguments: list[Node]) -> ColumnElement[bool]:
        value, choices = _exactly("in", 2, arguments)
        if not isinstance(choices, list):
            raise refused("L'opérateur in attend une liste de valeurs.")
        if len(choices) > MAXIMUM_TERMS:
            raise refused("Ce filtre est trop complexe.", f"{MAXIMUM_TERMS} valeurs au plus")
        first, *others = self._alike("in", None, [value, *choices])
        return or_(*(first == other for other in others)) if others else ~true()

    def like(self, _operator: str, arguments: list[Node]) -> ColumnElement[bool]:
        value, pattern = _exactly("like", 2, arguments)
        text = self._of_sort("text", value).sql
        wanted = self._of_sort("text", pattern).sql
        written = _innermost(pattern)
        if not isinstance(written, str):
            raise refused("L'opérateur like attend un modèle entre apostrophes.")
        if (len(written) - len(written.rstrip("\\"))) % 2:
            raise refused("Un modèle ne finit pas par un caractère d'échappement.")
        like: ColumnElement[bool] = text.like(wanted, escape="\\")
        return like

    def is_null(self, _operator: str, arguments: list[Node]) -> ColumnElement[bool]:
        (argument,) = _exactly("isNull", 1, arguments)
        if argument == {"property": GEOMETRY}:
            nothing: ColumnElement[bool] = self._columns[GEOMETRY].is_(None)
            return nothing
        missing: ColumnElement[bool] = self._value(argument).sql.is_(None)
        return missing

    def spatial(self, operator: str, arguments: list[Node]) -> ColumnElement[bool]:
        one, other = (
            self._of_sort("geometry", each).sql for each in _exactly(operator, 2, arguments)
        )
        relation: ColumnElement[bool] = getattr(func, _SPATIAL[operator])(
            one, other, type_=Boolean
        )
        return relation

    def array(self, operator: str, arguments: list[Node]) -> ColumnElement[bool]:
        one, other = (
            self._of_sort("texts", each).sql for each in _exactly(operator, 2, arguments)
        )
        return _ARRAYS[operator](one, other)

    def _alike(self, operator: str, count: int | None, nodes: list[Node]) -> list[Any]:
        """Read values of one sort: the sort of the first that is no bare text decides."""
        if count is not None:
            nodes = _exactly(operator, count, nodes)
        values = [self._value(node) for node in nodes]
        sort: Sort = next((each.sort for each in values if each.sort != "text"), "text")
        if sort in ("texts", "geometry"):
            raise refused(f"L'opérateur {operator} ne compare pas {_SORT_NAMES[sort]}.")
        return [
            each.sql if each.sort == sort else self._of_sort(sort, node).sql
            for each, node in zip(values, nodes, strict=True)
        ]

    def _of_sort(self, sort: Sort, node: Node) -> _Value:
        if sort in ("day", "moment") and isinstance(node, str):
            # As JSON writes them, and as many clients do in text.
            node = {"date" if sort == "day" else "timestamp": node}
        value = self._value(node)
        if value.sort == "day" and sort == "moment" and not _is_property(node):
            return _temporal({"timestamp": f"{node['date']}T00:00:00Z"})
        if value.sort != sort:
            raise refused(f"Une valeur ne convient pas : {_SORT_NAMES[sort]} est attendu.")
        return value

    def _value(self, node: Node) -> _Value:
        if isinstance(node, str | bool | int | float):
            return _plain(node)
        if isinstance(node, list):
            if not all(isinstance(each, str) for each in node):
                raise refused("Une liste de textes est attendue.")
            return _Value("texts", literal([_read(each) for each in node], ARRAY(Text)))
        if isinstance(node, dict):
            if _is_property(node):
                return self._property(node["property"])
            if "op" in node:
                return self._function(node)
            if "date" in node or "timestamp" in node:
                return _temporal(node)
            if "type" in node or "bbox" in node:
                try:
                    return _Value("geometry", drawn_geometry(node, self._system))
                except Unreadable as error:
                    raise refused(str(error)) from None
        raise refused("Une valeur de ce filtre n'est pas acceptée.")

    def _property(self, name: Any) -> _Value:
        if name == GEOMETRY:
            return _Value("geometry", self._columns[GEOMETRY])
        if not isinstance(name, str) or name not in self._kinds:
            raise refused(
                f"Propriété inconnue : {str(name)[:100]}.", *sorted(self._kinds), GEOMETRY
            )
        return _Value(_SORTS[self._kinds[name]], self._columns[name])

    def _function(self, node: Node) -> _Value:
        operator, arguments = self._applied(node, self._nested)
        function = {"casei": func.lower, "accenti": func.unaccent}.get(operator)
        if function is None:
            raise refused(f"L'opérateur {operator[:50]} n'est pas accepté ici.", *OPERATORS)
        (argument,) = _exactly(operator, 1, arguments)
        self._nested += 1
        applied = function(self._of_sort("text", argument).sql, type_=Text)
        self._nested -= 1
        return _Value("text", applied)


_Predicate = Callable[[_Reading, str, list[Node]], ColumnElement[bool]]
_PREDICATES: Mapping[str, _Predicate] = {
    "between": _Reading.between,
    "in": _Reading.among,
    "like": _Reading.like,
    "isnull": _Reading.is_null,
    **dict.fromkeys(_COMPARISONS, _Reading.comparison),
    **dict.fromkeys(_SPATIAL, _Reading.spatial),
    **dict.fromkeys(_ARRAYS, _Reading.array),
}


def _exactly(operator: str, count: int, arguments: list[Node]) -> list[Node]:
    if len(arguments) != count:
        raise refused(f"L'opérateur {operator} attend {count} valeurs.")
    return arguments


def _is_property(node: Node) -> bool:
    return isinstance(node, dict) and "property" in node


def _innermost(node: Node) -> Node:
    while isinstance(node, dict) and isinstance(node.get("args"), list) and node["args"]:
        node = node["args"][0]
    return node


def _read(written: str) -> str:
    refusal = refusal_at_the_door(written)
    if refusal is not None:
        raise refused(refusal)
    return written


def _plain(value: str | bool | int | float) -> _Value:
    if isinstance(value, str):
        return _Value("text", literal(_read(value), Text))
    if isinstance(value, bool):
        return _Value("boolean", literal(value, Boolean))
    if not math.isfinite(value):
        raise refused("Un nombre fini est attendu.")
    # What reads the language makes every number one with decimals.
    whole = float(value).is_integer() and abs(value) < _MOST_WHOLE
    return _Value(
        "number", literal(int(value), BigInteger) if whole else literal(value, Double)
    )


def _temporal(node: Mapping[str, Any]) -> _Value:
    sort: Sort = "day" if "date" in node else "moment"
    written = node["date" if sort == "day" else "timestamp"]
    try:
        if not isinstance(written, str) or not _WRITTEN[sort].fullmatch(written):
            raise ValueError
        if sort == "day":
            return _Value("day", literal(date.fromisoformat(written), Date))
        moment = datetime.fromisoformat(written)
        # Of the first or last days of all, there is none in another time zone.
        moment.astimezone(PARIS)
        return _Value("moment", literal(moment, DateTime(timezone=True)))
    except (ValueError, OverflowError):
        raise refused(f"{_SORT_NAMES[sort].capitalize()}, est attendu.") from None
