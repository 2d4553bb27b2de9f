"""Sitemaps, tiers in words, and where a preview puts its points."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from app.cpts.references.rules import tier_range
from app.web.information import rules
from app.web.information.drawing import Shape, fitting

NAMESPACE = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


@pytest.mark.parametrize(("count", "parts"), [(0, 0), (1, 1), (20_000, 1), (20_001, 2)])
def test_a_list_fills_as_many_sitemaps_as_it_needs(count: int, parts: int) -> None:
    assert rules.parts_of(count) == parts
    entries: list[rules.Entry] = [(f"/{n}", None) for n in range(count)]
    found = [rules.part(entries, position) for position in range(1, parts + 2)]
    assert [entry for part in found for entry in part] == entries
    assert found[-1] == []
    assert all(len(part) <= 50_000 for part in found)


def test_a_change_late_in_the_evening_of_utc_is_of_the_next_day_in_paris() -> None:
    late = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    assert b"<lastmod>2026-03-05</lastmod>" in rules.sitemap("https://a.test", [("/d", late)])


def test_a_sitemap_escapes_addresses_and_dates_them() -> None:
    body = rules.sitemap(
        "https://cpts.example", [("/a?b=1&c=2", datetime(2026, 3, 4, tzinfo=UTC)), ("/d", None)]
    )
    urls = ET.fromstring(body).findall("s:url", NAMESPACE)
    assert [url.findtext("s:loc", "", NAMESPACE) for url in urls] == [
        "https://cpts.example/a?b=1&c=2",
        "https://cpts.example/d",
    ]
    assert [url.findtext("s:lastmod", None, NAMESPACE) for url in urls] == ["2026-03-04", None]


def test_the_inhabitants_of_each_tier_are_told_without_gap() -> None:
    bounds = [(0, 40_000), (40_000, 80_000), (80_000, 175_001), (175_001, None)]
    told = [tier_range(start, end) for start, end in bounds]
    assert [text.replace("\u202f", " ") for text in told] == [
        "moins de 40 000 habitants",
        "de 40 000 à 79 999 habitants",
        "de 80 000 à 175 000 habitants",
        "plus de 175 000 habitants",
    ]


def test_a_shape_fills_its_box_keeps_its_form_and_points_north() -> None:
    square = [(2.0, 60.0), (3.0, 60.0), (3.0, 60.5), (2.0, 60.5), (2.0, 60.0)]
    shape = Shape({"type": "Polygon", "coordinates": [square]}, None)
    projected = fitting([shape], (100, 50, 300, 250)).to_pixels(square)
    xs, ys = [x for x, _ in projected], [y for _, y in projected]
    # At 60° a degree of longitude is half as long as one of latitude: a square.
    assert max(xs) - min(xs) == pytest.approx(max(ys) - min(ys), rel=0.02)
    assert (min(ys), max(ys)) == pytest.approx((50, 250), abs=2)
    assert (min(xs) + max(xs)) / 2 == pytest.approx(200)
    assert projected[2][1] < projected[0][1]
