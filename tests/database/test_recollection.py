"""What is kept of the reference data is found under its mark only, and within its limit."""

import pytest
from sqlalchemy import Engine, text

from app.database.calendar import today
from app.database.recollection import Recollection
from app.database.sessions import snapshot_scope
from app.geography.kept import KeptGeography
from app.geography.resolution import Given, resolve
from tests.administration import administration


class Source:
    """Tells the length of words of up to four letters, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def read(self, words: object) -> dict[str, list[str]]:
        given = list(words)  # type: ignore[call-overload]
        self.asked.append(given)
        return {word: list(word) for word in given if len(word) <= 4}


def test_only_what_is_not_kept_is_read() -> None:
    source, kept = Source(), Recollection(100)
    assert kept.values(1, "w", ["ab", "abcde"], source.read) == {"ab": ["a", "b"]}
    assert kept.values(1, "w", ["ab", "abcde", "c"], source.read) == {
        "ab": ["a", "b"],
        "c": ["c"],
    }
    # What there is not is remembered as well; another mark or kind is another thing.
    assert source.asked == [["ab", "abcde"], ["c"]]
    kept.values(2, "w", ["ab"], source.read)
    kept.values(1, "v", ["ab"], source.read)
    assert source.asked[2:] == [["ab"], ["ab"]]


def test_what_was_not_asked_for_longest_goes_first() -> None:
    # Each weighs three: its two letters, and itself.
    source, kept = Source(), Recollection(6)
    for word in ("ab", "cd", "ab", "ef", "ab", "cd"):
        kept.values(1, "w", [word], source.read)
    assert source.asked == [["ab"], ["cd"], ["ef"], ["cd"]]
    # More than is kept at all passes by and drives nothing out.
    kept.values(1, "w", ["a", "b", "c", "d"], source.read)
    kept.values(1, "w", ["cd"], source.read)
    assert source.asked[4:] == [["a", "b", "c", "d"]]


@pytest.mark.parametrize(
    "change",
    [
        # Each undoes itself.
        "UPDATE commune SET name = reverse(name) WHERE code = '05061'",
        """UPDATE commune_population SET population = 99999 - population
           WHERE commune_code = '05061'""",
    ],
)
def test_a_change_of_the_reference_data_is_seen_at_once(engine: Engine, change: str) -> None:
    def facts() -> object:
        with snapshot_scope(engine) as session:
            kept = KeptGeography.of(session)
            named = resolve(session, [Given("05061")], kept=kept)[0].communes
            return named, kept.communes_by_code(["05061"], today())

    before = facts()
    with administration(engine) as connection:
        connection.execute(text(change))
    try:
        assert facts() != before
    finally:
        with administration(engine) as connection:
            connection.execute(text(change))
    assert facts() == before
