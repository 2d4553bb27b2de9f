"""What a map shows for a filter."""

from datetime import date

import pytest

from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import (
    BBOX,
    DEPARTMENT,
    REGION,
    SEARCH,
    STAGE,
    THEME,
    TIER,
)
from app.cpts.reading.schemas import DETAILS
from app.http.parameters import Bbox
from app.maps.repository import DepartmentExtent
from app.maps.rules import (
    coarser_detail,
    first_view,
    follows_data,
    heading,
    outline_detail,
    padded_box,
    tier_label,
)
from app.maps.subjects import AskedSubject, Subject, window

NORD = DepartmentExtent("59", "Nord", "32", (2.0, 49.9, 4.3, 51.1))
CORSE = DepartmentExtent("2A", "Corse-du-Sud", "94", (8.5, 41.3, 9.4, 42.4))
GUADELOUPE = DepartmentExtent("971", "Guadeloupe", "01", (-61.8, 15.8, -61.0, 16.5))
EXTENTS = [NORD, CORSE, GUADELOUPE]
LABELS = {
    "region": {"32": "Hauts-de-France"},
    "department": {"59": "Nord"},
    "stage": {"aci_signe": "ACI signé"},
    "theme": {"diabete": "Diabète"},
}


def test_without_a_filter_metropolitan_france_is_shown_with_corsica() -> None:
    assert first_view(Filters(), EXTENTS) == (2.0, 41.3, 9.4, 51.1)
    assert not follows_data(Filters(at=date(2025, 1, 1)))


def test_a_filter_of_a_place_shows_that_place() -> None:
    assert first_view(Filters({REGION: ("32",)}), EXTENTS) == NORD.bounds
    assert first_view(Filters({DEPARTMENT: ("971",)}), EXTENTS) == GUADELOUPE.bounds
    box = Bbox(1, 2, 3, 4)
    assert first_view(Filters({BBOX: box, REGION: ("32",)}), EXTENTS) == box


def test_a_department_is_shown_rather_than_the_region_beside_it() -> None:
    assert first_view(Filters({REGION: ("32",), DEPARTMENT: ("2A",)}), EXTENTS) == CORSE.bounds


def test_of_places_on_both_sides_of_an_ocean_the_metropolitan_ones_are_shown() -> None:
    assert first_view(Filters({DEPARTMENT: ("971", "59")}), EXTENTS) == NORD.bounds


def test_the_title_names_every_filter() -> None:
    assert heading(Filters(), LABELS) == "CPTS de France"
    filters = Filters(
        {
            REGION: ("32",),
            DEPARTMENT: ("59",),
            STAGE: ("aci_signe",),
            TIER: ("2",),
            THEME: ("diabete",),
            SEARCH: "lille",
            BBOX: Bbox(1, 2, 3, 4),
        },
        at=date(2026, 1, 1),
    )
    assert heading(filters, LABELS) == (
        "CPTS – Hauts-de-France – Nord (59) – ACI signé – taille 2 – Diabète – « lille » "
        "– zone choisie – au 1er janvier 2026"
    )


@pytest.mark.parametrize(
    ("bounds", "label"),
    [
        ((1, 0, 40_000), "Taille 1 : moins de 40 000 habitants"),
        ((2, 40_000, 80_000), "Taille 2 : de 40 000 à 79 999 habitants"),
        ((3, 80_000, 175_001), "Taille 3 : de 80 000 à 175 000 habitants"),
        ((4, 175_001, None), "Taille 4 : plus de 175 000 habitants"),
    ],
)
def test_the_legend_tells_the_inhabitants_of_a_tier(
    bounds: tuple[int, int, int | None], label: str
) -> None:
    assert tier_label(*bounds).replace("\N{NARROW NO-BREAK SPACE}", " ") == label


def test_outlines_of_departments_have_no_finer_scale_than_department() -> None:
    assert outline_detail("full") == "department"
    assert outline_detail("national") == "national"


def test_a_widened_box_stays_on_the_globe() -> None:
    assert padded_box((-180.0, -90.0, 180.0, 90.0), 0.06) == (-180.0, -90.0, 180.0, 90.0)
    assert padded_box((0.0, 0.0, 10.0, 20.0), 0.1) == (-1.0, -2.0, 11.0, 22.0)


def test_a_map_shows_its_cpts_whole_and_a_commune_among_others() -> None:
    assert window(Subject("CPTS", ("59001",), (0.0, 40.0, 1.0, 41.0), cpts=1)) == (
        -0.06,
        39.94,
        1.06,
        41.06,
    )
    box = window(Subject("Gap", ("05061",), (6.0, 44.0, 6.01, 44.02)))
    assert box
    west, south, east, north = box
    assert east - west == pytest.approx(0.13)
    assert north - south == pytest.approx(0.13)
    assert (west + east) / 2 == pytest.approx(6.005)
    assert window(Subject("CPTS sans commune", (), None, cpts=1)) is None


def test_a_subject_is_written_as_it_was_read() -> None:
    assert AskedSubject(cpts=3).pairs() == [("cpts", "3")]
    assert AskedSubject(commune="2A004").pairs() == [("commune", "2A004")]
    assert AskedSubject().pairs() == []


def test_what_lies_around_is_a_scale_coarser() -> None:
    assert [coarser_detail(each) for each in DETAILS] == [
        "national",
        "national",
        "region",
        "department",
    ]
