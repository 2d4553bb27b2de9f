"""Lists that an API gives as JSON, as rows of a table: codes, or objects with their fields."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

_GEOMETRY = re.compile(rb'"(coordinates|rings|arcs|features|geometries)"\s*:')
_MOST_FIELDS = 200


def is_plain_json(content: bytes) -> bool:
    """Whether a JSON text draws nothing, so that it can only be a list."""
    return _GEOMETRY.search(content) is None


def json_rows(content: bytes) -> list[list[Any]]:
    """Give a JSON list as rows, below a header when its items are objects.

    The list is the whole text, or the longest list in it one level down (`results`,
    `records`). Fields of objects within an item count as its own; lists are joined by commas.
    Raises ValueError on what is no JSON or holds no list.
    """
    items = _items(orjson.loads(content))
    if not any(isinstance(item, dict) for item in items):
        return [[_cell(item)] for item in items]
    flat = [dict(_fields(item)) if isinstance(item, dict) else {} for item in items]
    header = list(dict.fromkeys(key for item in flat for key in item))[:_MOST_FIELDS]
    return [header, *([_cell(item.get(key)) for key in header] for item in flat)]


def _items(value: Any) -> Sequence[Any]:
    if isinstance(value, list):
        return value
    lists = (
        [e for e in value.values() if isinstance(e, list)] if isinstance(value, dict) else []
    )
    if not lists:
        raise ValueError("no list")
    return max(lists, key=len)


def _fields(item: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in item.items():
        if isinstance(value, dict):
            yield from ((k, v) for k, v in value.items() if not isinstance(v, dict))
        else:
            yield key, value


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value if isinstance(each, str | int | float))
    return None if isinstance(value, dict) else value
