"""Which communes a polygon holds."""

from app.geography.rules import DOUBTFUL_SHARES, INSIDE_SHARE, lies_inside


def test_a_commune_lies_inside_from_half_its_area_on() -> None:
    assert not lies_inside(0.4999)
    assert lies_inside(0.5)
    assert lies_inside(1)


def test_half_a_commune_is_worth_a_look() -> None:
    low, high = DOUBTFUL_SHARES
    assert 0 < low < INSIDE_SHARE < high < 1
