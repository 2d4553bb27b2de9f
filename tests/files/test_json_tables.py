"""Lists that an API gives as JSON."""

import itertools

import orjson

from app.files.json_tables import json_rows


def test_objects_are_rows_below_a_header_of_all_their_fields() -> None:
    content = orjson.dumps(
        {"results": [{"code": "04001", "cpts": {"name": "A"}}, {"x": [1, 2]}]}
    )
    assert list(json_rows(content)) == [
        ["code", "name", "x"],
        ["04001", "A", None],
        [None, None, "1, 2"],
    ]


def test_codes_alone_are_rows_of_one_cell() -> None:
    assert list(json_rows(b'["04001", "04004"]')) == [["04001"], ["04004"]]


def test_rows_are_made_one_at_a_time() -> None:
    # As a matrix, this would be half a million of lists of two hundred cells each.
    wide = {str(number): number for number in range(200)}
    content = b"[" + orjson.dumps(wide) + b",{}" * 500_000 + b"]"
    header, first, second = itertools.islice(json_rows(content), 3)
    assert len(header) == 200
    assert first == list(range(200))
    assert second == [None] * 200
