"""The form of query parameters, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.http.parameters import Bbox, parse_bbox


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
