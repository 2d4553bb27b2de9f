"""The order of a table, and the addresses that keep what a reader has chosen. Plain Python."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

Pairs = Sequence[tuple[str, str]]

# By the value of `sort` in the address: what it orders by. Names come sorted already.
ORDERS: Mapping[str, Callable[[Mapping[str, Any]], Any] | None] = {
    "name": None,
    "stage": lambda cpts: cpts["rank"],
    "population": lambda cpts: cpts["population"],
    "tier": lambda cpts: (cpts["tier"] or 0, cpts["population"]),
    "communes": lambda cpts: cpts["commune_count"],
}
DEFAULT_SORT = "name"
# What one looks for first in a column of figures is the largest.
_DESCENDING_FIRST = ("stage", "population", "tier", "communes")


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a sortable column: where its link leads, and how it is sorted now.

    `sorted_as` is `ascending`, `descending` or None, as `aria-sort` has it.
    """

    name: str
    label: str
    address: str
    sorted_as: str | None


def in_order(items: Iterable[Mapping[str, Any]], sort: str) -> list[Mapping[str, Any]]:
    """Put CPTS, given in the order of their names, in the order of `sort`.

    Parameters: `sort`, one of `ORDERS`; « - » before it for the largest first. Equals stay
    in the order of their names.
    """
    key = ORDERS[sort.removeprefix("-")]
    items = list(items)
    if key is None:
        return items[::-1] if sort.startswith("-") else items
    return sorted(items, key=key, reverse=sort.startswith("-"))


def counts_of_choices(
    items: Iterable[Mapping[str, Any]],
    held: Mapping[str, Callable[[Mapping[str, Any]], Collection[str]]],
    asked: Mapping[str, Collection[str]],
) -> dict[str, Counter[str]]:
    """Count by filter and value how many CPTS would remain with that choice.

    In its own filter a choice stands instead of those that were made.
    Parameters: `items`, CPTS before these filters; `held`, by the name of a filter, which of
    its values a CPTS has; `asked`, the values chosen, none for a filter that is not used.
    """
    counts: dict[str, Counter[str]] = {name: Counter() for name in held}
    for item in items:
        has = {name: values(item) for name, values in held.items()}
        failed = [
            name
            for name, values in has.items()
            if asked.get(name) and not set(values) & set(asked[name])
        ]
        for name in [failed[0]] if len(failed) == 1 else () if failed else held:
            counts[name].update(set(has[name]))
    return counts


def columns(path: str, chosen: Pairs, sort: str, labels: Mapping[str, str]) -> list[Column]:
    """Give the heads of the sortable columns.

    Parameters: `path` of the page; `chosen`, the filters of its address; `sort`, the
    present order; `labels`, of the columns by the name of their order.
    """
    heads = []
    for name, label in labels.items():
        present = sort.removeprefix("-") == name
        if present:
            following = name if sort.startswith("-") else f"-{name}"
        else:
            following = f"-{name}" if name in _DESCENDING_FIRST else name
        descending = sort.startswith("-")
        heads.append(
            Column(
                name,
                label,
                address(path, with_sort(chosen, following)) + "#liste",
                ("descending" if descending else "ascending") if present else None,
            )
        )
    return heads


def with_sort(chosen: Pairs, sort: str) -> list[tuple[str, str]]:
    """Add an order to the filters of an address, which leaves out the usual one."""
    return [*chosen, *([("sort", sort)] if sort != DEFAULT_SORT else [])]


def address(path: str, pairs: Pairs) -> str:
    """Write a root-relative address with its parameters."""
    return f"{path}?{urlencode(pairs)}" if pairs else path
