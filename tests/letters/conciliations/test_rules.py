"""Which letters meet in which conciliation, without a database."""

from hypothesis import given
from hypothesis import strategies as st

from app.letters.conciliations.rules import (
    OUTCOME_LABELS,
    Arrangement,
    Dispute,
    Meeting,
    Outcome,
    arrange,
    meetings,
)


def between(letter: int, other: int, commune: str = "a") -> Dispute:
    return Dispute(letter, other, None, commune)


def with_cpts(letter: int, cpts: int, commune: str = "a") -> Dispute:
    return Dispute(letter, None, cpts, commune)


def test_every_outcome_has_its_words() -> None:
    assert set(OUTCOME_LABELS) == set(Outcome)
    assert OUTCOME_LABELS == {
        "territoire_partage": "Territoire partagé",
        "projets_reunis": "Projets réunis",
        "retrait": "Retrait",
    }


def test_letters_meet_that_share_a_commune_directly_or_through_others() -> None:
    found = meetings([between(5, 6, "x"), between(1, 2, "a"), between(2, 3, "b")])
    assert found == [Meeting({1, 2, 3}, set(), {"a", "b"}), Meeting({5, 6}, set(), {"x"})]


def test_a_letter_that_joins_two_meetings_makes_them_one() -> None:
    found = meetings([between(1, 2, "a"), between(3, 4, "b"), with_cpts(3, 9, "c")])
    assert len(found) == 2
    found = meetings(
        [
            *(between(1, 2, "a"), between(3, 4, "b")),
            *(with_cpts(1, 8, "e"), with_cpts(3, 9, "c")),
            between(2, 3, "d"),
        ]
    )
    assert found == [Meeting({1, 2, 3, 4}, {8, 9}, {"a", "b", "c", "d", "e"})]


def test_a_dynamic_joins_no_letters_that_dispute_it() -> None:
    found = meetings([with_cpts(1, 9, "a"), with_cpts(2, 9, "b")])
    assert found == [Meeting({1}, {9}, {"a"}), Meeting({2}, {9}, {"b"})]


def test_meetings_come_in_the_order_of_their_oldest_letters() -> None:
    found = meetings([between(2, 8), between(7, 1, "b"), between(5, 4, "c")])
    assert [min(each.letters) for each in found] == [1, 2, 4]


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(1, 8), st.sampled_from("abcd"))))
def test_a_letter_is_in_one_meeting_and_every_dispute_in_that_of_its_letters(
    drawn: list[tuple[int, int, str]],
) -> None:
    found = meetings(between(*each) for each in drawn)
    letters = [letter for each in found for letter in each.letters]
    assert len(letters) == len(set(letters))
    for letter, other, commune in drawn:
        (own,) = [each for each in found if letter in each.letters]
        assert other in own.letters
        assert commune in own.communes


def test_a_meeting_without_a_conciliation_is_fresh() -> None:
    meeting = Meeting({1, 2})
    assert arrange([meeting], {}) == Arrangement({}, {}, (meeting,), ())


def test_a_conciliation_keeps_the_meeting_of_its_letters() -> None:
    first, second = Meeting({1, 2}), Meeting({3, 4})
    found = arrange([first, second], {10: [3], 11: [2, 7]})
    assert found == Arrangement({10: second, 11: first}, {}, (), ())
    assert found.kept[10] is second


def test_of_conciliations_that_meet_the_oldest_stays() -> None:
    meeting = Meeting({1, 2, 3})
    found = arrange([meeting], {12: [1], 10: [2], 11: [3]})
    assert found == Arrangement({10: meeting}, {11: 10, 12: 10}, (), ())


def test_a_conciliation_without_a_dispute_is_over_and_the_next_is_still_judged() -> None:
    meeting = Meeting({5, 6})
    found = arrange([meeting], {10: [1, 2], 11: [5], 12: [3]})
    assert found == Arrangement({11: meeting}, {}, (), (10, 12))


def test_of_letters_that_part_the_meeting_of_the_oldest_keeps_the_conciliation() -> None:
    first, second = Meeting({1, 2}), Meeting({3, 4})
    found = arrange([first, second], {10: [1, 2, 3, 4]})
    assert found == Arrangement({10: first}, {}, (second,), ())
    assert found.fresh[0] is second


def test_meetings_that_look_alike_are_not_taken_for_one_another() -> None:
    # Equal, and yet two: only one of them has the conciliation.
    one, other = Meeting({1}, {9}, {"a"}), Meeting({1}, {9}, {"a"})
    found = arrange([one, other], {10: [1]})
    assert found.kept[10] is one
    assert len(found.fresh) == 1
    assert found.fresh[0] is other
