"""The form of query parameters, without a database."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, get_args

import pytest
from fastapi import FastAPI
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.http.parameters import Bbox, RowId, parse_bbox
from app.main import create_app
from app.settings import DatabaseSettings, Settings


def test_a_box_is_read_in_the_order_of_crs84() -> None:
    assert parse_bbox("5.9,43.9,7.1,45.2") == Bbox(5.9, 43.9, 7.1, 45.2)
    assert parse_bbox(" -61.9, 15.8 ,-61,1.65e1") == Bbox(-61.9, 15.8, -61.0, 16.5)


def test_a_box_may_be_a_point() -> None:
    assert parse_bbox("2,48,2,48") == Bbox(2, 48, 2, 48)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b,c,d",
        "1,2,3",
        "1,2,3,4,5",
        "1,2,,4",
        "nan,1,2,3",
        "1,2,inf,4",
        "1,2,Infinity,4",
        "1,2,1e999,4",
        "1_0,2,30,4",
        "١,2,3,4",
        "3,2,1,4",
        "1,4,2,3",
        "-181,0,0,1",
        "0,0,180.5,1",
        "0,-91,1,0",
        "0,0,1,90.1",
        "0x1,0,2,3",
    ],
)
def test_a_box_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"nombres|rectangle|longitudes|latitudes"):
        parse_bbox(text)


@given(st.text(alphabet="0123456789,.-+eE naif", max_size=40))
def test_a_box_is_within_the_world_or_refused(text: str) -> None:
    try:
        box = parse_bbox(text)
    except ValueError:
        return
    assert -180 <= box.west <= box.east <= 180
    assert -90 <= box.south <= box.north <= 90


NOT_DIGITS = ["1_0", "+1", " 1", "1.0", "1e1", "0x1", "１", "١", "--1", "", "9" * 40]


@pytest.mark.parametrize("text", NOT_DIGITS)
def test_a_number_in_an_address_is_digits(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(RowId).validate_python(text)


def test_digits_are_a_number() -> None:
    assert TypeAdapter(RowId).validate_python("10") == 10
    assert TypeAdapter(RowId).validate_python(str(2**63 - 1)) == 2**63 - 1
    for beyond in ("0", "-1", str(2**63)):
        with pytest.raises(ValidationError):
            TypeAdapter(RowId).validate_python(beyond)


def _routes(routes: Iterable[Any]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from _routes(route.original_router.routes)


def _is_a_number(kind: Any) -> bool:
    return kind is int or any(_is_a_number(part) for part in get_args(kind))


def _numbers(app: FastAPI) -> list[tuple[str, str, TypeAdapter[Any]]]:
    found = []
    for route in _routes(app.routes):
        for parameter in get_flat_params(route.dependant):
            info = parameter.field_info
            kind = info.annotation
            if _is_a_number(kind):
                annotated: Any = Annotated[kind, *info.metadata] if info.metadata else kind
                adapter = TypeAdapter[Any](annotated)
                found.append((route.path, parameter.alias, adapter))
    return found


def test_every_number_in_an_address_of_the_service_is_read_as_digits() -> None:
    # Assembling connects to nothing.
    nowhere = DatabaseSettings(url="postgresql://localhost/nowhere")
    numbers = _numbers(create_app(Settings(database=nowhere)))
    assert {name for _, name, _ in numbers} >= {"cpts_id", "letter_id", "limit", "members"}
    for path, name, adapter in numbers:
        for text in ("1_0", "+10", " 10", "10.0", "１０"):
            try:
                read = adapter.validate_python(text)
            except ValidationError:
                continue
            pytest.fail(f"{path}, {name} : {text!r} → {read}")
