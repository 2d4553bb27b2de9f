"""Lists that an API gives as JSON, as rows of a table: codes, or objects with their fields."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import orjson

_GEOMETRY = re.compile(rb'"(coordinates|rings|arcs|features|geometries)"\s*:')
_MOST_FIELDS = 200


def is_plain_json(content: bytes) -> bool:
    """Whether a JSON text draws nothing, so that it can only be a list."""
    return _GEOMETRY.search(content) is None


def json_rows(content: bytes) -> Iterator[list[Any]]:
    """Give a JSON list as rows, below a header when its items are objects.

    The list is the whole text, or the longest list in it one level down (`results`,
    `records`). Fields of objects within an item count as its own; lists are joined by commas.
    Raises ValueError on what is no JSON or holds no list.
    """
    items = _items(orjson.loads(content))
    return _rows(items)


def _rows(items: Sequence[Any]) -> Iterator[list[Any]]:
    # One at a time: an item of few fields is a row as wide as all others.
    if not any(isinstance(item, dict) for item in items):
        yield from ([_cell(item)] for item in items)
        return
    names = (key for item in items for key, _ in _fields(item))
    header = list(islice(dict.fromkeys(names), _MOST_FIELDS))
    yield header
    for item in items:
        fields = dict(_fields(item))
        yield [_cell(fields.get(key)) for key in header]


def _items(value: Any) -> Sequence[Any]:
    if isinstance(value, list):
        return value
    lists = (
        [e for e in value.values() if isinstance(e, list)] if isinstance(value, dict) else []
    )
    if not lists:
        raise ValueError("no list")
    return max(lists, key=len)


def _fields(item: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(item, dict):
        return
    for key, value in item.items():
        if isinstance(value, dict):
            yield from ((k, v) for k, v in value.items() if not isinstance(v, dict))
        else:
            yield key, value


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value if isinstance(each, str | int | float))
    return None if isinstance(value, dict) else value
