"""Numbers, dates and plurals in French."""

import re
from datetime import UTC, date, datetime

import pytest

from app import french
from app.settings import PROJECT_ROOT


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (999, "999"), (1234, "1\u202f234"), (-1500, "\u22121\u202f500"), (None, "—")],
)
def test_a_number_is_written_in_groups_of_three(value: int | None, written: str) -> None:
    assert french.number(value) == written


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (0.8432, "84,3\u202f%"),
        (1, "100\u202f%"),
        (0.99999, "99,9\u202f%"),
        (0, "0\u202f%"),
        (0.00001, "0,1\u202f%"),
        (0.5, "50\u202f%"),
        (None, "—"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: float, written: str) -> None:
    assert french.percent(share) == written


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (0.8432, "84,3\u202f%"),
        (0.5, "50,0\u202f%"),
        (1, "100,0\u202f%"),
        (0, "0,0\u202f%"),
        (0.99999, "99,9\u202f%"),
        (0.00001, "0,1\u202f%"),
        (None, "—"),
    ],
)
def test_shares_of_a_column_have_as_many_decimals(share: float, written: str) -> None:
    assert french.aligned_percent(share) == written


def test_a_day_is_written_out_and_a_moment_by_its_day_in_paris() -> None:
    assert french.day(date(2024, 3, 1)) == "1er\u00a0mars 2024"
    assert french.day("2026-12-31") == "31\u00a0décembre 2026"
    assert french.day(datetime(2026, 1, 31, 23, 30, tzinfo=UTC)) == "1er\u00a0février 2026"
    assert french.day(None) == "—"


def test_no_template_takes_the_day_of_a_moment_in_the_zone_of_the_server() -> None:
    templates = sorted((PROJECT_ROOT / "app").rglob("*.html"))
    assert templates
    wrong = [
        str(path.relative_to(PROJECT_ROOT))
        for path in templates
        if re.search(r"\.date\(\)\s*\|\s*day\b", path.read_text("utf-8"))
    ]
    assert wrong == []


def test_a_day_in_a_title_has_plain_spaces_and_one_in_figures_all_its_digits() -> None:
    assert french.long_date(date(2026, 8, 1)) == "1er août 2026"
    assert french.long_date(date(2026, 12, 25)) == "25 décembre 2026"
    assert french.short_date(date(2026, 8, 1)) == "01/08/2026"
    assert french.short_date(date(824, 12, 25)) == "25/12/0824"
    assert french.short_date(datetime(2026, 1, 31, 23, 30, tzinfo=UTC)) == "31/01/2026"


@pytest.mark.parametrize(
    ("month", "name"),
    list(
        enumerate(
            [
                "janvier",
                "février",
                "mars",
                "avril",
                "mai",
                "juin",
                "juillet",
                "août",
                "septembre",
                "octobre",
                "novembre",
                "décembre",
            ],
            start=1,
        )
    ),
)
def test_every_month_has_its_name(month: int, name: str) -> None:
    assert french.long_date(date(2026, month, 2)) == f"2 {name} 2026"
    assert french.day(date(2026, month, 1)) == f"1er\u00a0{name} 2026"


def test_amounts_have_their_unit_and_measures_no_decimal_too_many() -> None:
    assert french.euros(287_500) == "287\u202f500\u00a0€"
    assert french.euros(None) == "—"
    assert french.measure(12.50) == "12,5"
    assert french.measure(1200) == "1\u202f200"
    assert french.measure(0.004) == "0,004"
    assert french.measure(0.06, 1) == "0,1"
    assert french.number(1234.5, 2) == "1\u202f234,50"


def test_a_line_never_breaks_between_a_sign_and_its_word() -> None:
    assert french.typeset("« Quoi ? » Ceci : oui ; non ! <b>8</b> % »") == (
        "«\u00a0Quoi\u202f?\u00a0» Ceci\u00a0: oui\u202f; non\u202f! <b>8</b>\u202f%\u00a0»"
    )


def test_apostrophes_of_a_page_are_typographic_wherever_they_are_read() -> None:
    assert french.typeset("<b>L'Épine</b>, Côte-d&#39;Or, l'<a href=\"/x\">INSEE</a>") == (
        '<b>L’Épine</b>, Côte-d’Or, l’<a href="/x">INSEE</a>'
    )
    assert french.typeset('<img src="x" alt="Carte d&#39;Oze : 2 %">') == (
        '<img src="x" alt="Carte d’Oze\u00a0: 2\u202f%">'
    )


@pytest.mark.parametrize(
    "page",
    [
        '<a href="/x?a=1&amp;q=l&#39;i">?region=32</a> {{ name }} <code>d\'a ;b :c ?d</code>',
        "<script>a ? 'b' : d'e</script><style>a :hover{content:'é'}</style>",
        '<textarea name="a">L\'Épine ; « Gap »</textarea><input value="L&#39;Épine : 1">',
        "12:30 http://a.example/?b=c&#39; '12' ",
    ],
)
def test_what_is_not_read_stays_as_it_is(page: str) -> None:
    assert french.typeset(page) == page


def test_names_are_sorted_as_in_a_dictionary() -> None:
    rows = [{"name": name} for name in ("Occitanie", "Île-de-France", "Hauts-de-France")]
    names = [row["name"] for row in french.by_name(rows)]
    assert names == ["Hauts-de-France", "Île-de-France", "Occitanie"]


def test_none_and_one_take_the_singular() -> None:
    written = [french.counted(count, "commune") for count in (0, 1, 2)]
    assert written == ["0\u00a0commune", "1\u00a0commune", "2\u00a0communes"]
    assert french.counted(3, "cheval", "chevaux") == "3\u00a0chevaux"


def test_a_time_of_day_is_that_of_paris() -> None:
    assert french.clock("2026-07-01T12:05:59+00:00").replace(french.SPACE, " ") == "14 h 05"
    assert french.clock(datetime(2026, 1, 1, 23, 30, tzinfo=UTC))[0] == "0"
    assert french.clock(None) == french.UNKNOWN
