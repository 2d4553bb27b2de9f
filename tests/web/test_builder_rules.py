"""Which commune may come next, and how a pasted list is taken apart."""

from collections.abc import Set

import pytest

from app.problems import Invalid
from app.web.letters.builder.rules import next_free
from app.web.letters.builder.service import MOST_LINES, lines_of

# a – b – c – d in a row, and e beside b.
BORDERS = {
    "a": {"b": 100.0},
    "b": {"a": 100.0, "c": 300.0, "e": 500.0},
    "c": {"b": 300.0, "d": 700.0},
    "d": {"c": 700.0},
    "e": {"b": 500.0},
    "island": {},
}


def test_free_neighbours_come_first_the_longest_border_before_the_others() -> None:
    assert next_free({"b"}, BORDERS, lambda _codes: set()) == (
        1,
        [("e", 500.0), ("c", 300.0), ("a", 100.0)],
    )


def test_held_communes_are_looked_through_to_the_free_ones_behind() -> None:
    held = {"b", "c", "e"}
    assert next_free({"a"}, BORDERS, lambda codes: codes & held) == (3, [("d", 700.0)])


def test_nothing_is_found_where_all_is_held_or_too_far() -> None:
    assert next_free({"a"}, BORDERS, set) == (0, [])
    assert next_free({"a"}, BORDERS, lambda codes: codes & {"b"}, furthest=1) == (0, [])
    assert next_free({"island"}, BORDERS, lambda _codes: set()) == (0, [])


def test_holders_are_asked_for_once_a_ring() -> None:
    asked: list[set[str]] = []

    def taken(codes: Set[str]) -> set[str]:
        asked.append(set(codes))
        return set(codes)

    next_free({"a"}, BORDERS, taken)
    assert asked == [{"b"}, {"c", "e"}, {"d"}]


def test_a_pasted_list_is_taken_line_by_line_and_codes_word_by_word() -> None:
    pasted = "Gap\r\n05061, 05132;2A004\t97411\n\n  Saint-Denis (974) ;\nPuy, la\n"
    assert lines_of(pasted) == [
        "Gap",
        "05061",
        "05132",
        "2A004",
        "97411",
        "Saint-Denis (974)",
        "Puy, la",
    ]


def test_null_characters_never_reach_the_database() -> None:
    assert lines_of("G\0ap\n") == ["Gap"]


@pytest.mark.parametrize("pasted", ["", " \n ;\n", "x" * 201, "Gap\n" * (MOST_LINES + 1)])
def test_what_is_no_list_is_refused(pasted: str) -> None:
    with pytest.raises(Invalid):
        lines_of(pasted)
