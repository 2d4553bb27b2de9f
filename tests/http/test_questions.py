"""Equal questions get one spelling, and different ones never the same."""

import random
from urllib.parse import parse_qsl, quote, quote_plus

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from app.http.parameters import parse_bbox, separated
from app.http.questions import Questions
from app.main import create_app
from app.settings import DatabaseSettings, Settings

LIST, OTHER = "/api/v1/cpts", "/api/v1/unknown"


@pytest.fixture(scope="module")
def questions() -> Questions:
    app: FastAPI = create_app(
        Settings(database=DatabaseSettings(url="postgresql://nobody@127.0.0.1/nothing"))
    )
    return Questions.of(app)


def spelled(questions: Questions, query: str, path: str = LIST) -> bytes:
    return questions.spelled(path, query.encode())


@pytest.mark.parametrize(
    ("query", "same"),
    [
        ("", "&"),
        ("region=32", "region=32&"),
        ("region=32", "&&region=32"),
        ("region=32", "region=32&region=32"),
        ("region=32", "region=32,32,%2032"),
        ("region=32", "region=+32++"),
        ("region=32", "%72egion=%33%32"),
        ("region=32&region=11", "region=11&region=32"),
        ("region=32&region=11", "region=32%2c11"),
        ("region=32&limit=5", "limit=5&region=32"),
        ("q=val+d%27or", "q=++val%20%20d'or+"),
        ("bbox=1,2,3,4", "bbox=+1,2,%203,4"),
        ("region=", "region=&region="),
    ],
)
def test_one_question_has_one_spelling(questions: Questions, query: str, same: str) -> None:
    assert spelled(questions, query) == spelled(questions, same)


@pytest.mark.parametrize(
    ("query", "other"),
    [
        ("limit=5", "limit=5&limit=5"),
        ("limit=5&limit=6", "limit=6&limit=5"),
        ("limit=5", "limit=+5"),
        ("region=32", "region=32&region="),
        ("region=32", "region=32,"),
        ("region=", ""),
        ("q=ab", "q=a+b"),
        ("q=a%26limit=5", "q=a&limit=5"),
        ("q=a%3D", "q=a="[:-1]),
        ("q=+" * 1 + "a" * 200, "q=" + "a" * 200),
        ("region=32", "Region=32"),
    ],
)
def test_different_questions_are_spelled_differently(
    questions: Questions, query: str, other: str
) -> None:
    assert spelled(questions, query) != spelled(questions, other)


def test_where_a_parameter_is_taken_once_its_repetition_stays(questions: Questions) -> None:
    for path in (OTHER, "/recherche"):
        assert spelled(questions, "region=32&region=32", path) == b"region=32&region=32"


def test_the_addresses_that_take_several_values_are_known(questions: Questions) -> None:
    assert {"region", "department", "stage", "theme", "tier"} <= questions.plain[LIST]
    assert "region" in questions.plain["/maps/cpts"]
    assert "region" in questions.plain["/lettres"]
    assert any("stage" in names for _, names in questions.patterns)


NAMES = st.sampled_from(["region", "stage", "limit", "q", "bbox", "x&y", "é", "", "at"])
TEXTS = st.text(st.sampled_from(list("abé 1,+%&=;#\t\u2028\U0001f3e5")), max_size=6)
PAIRS = st.lists(st.tuples(NAMES, TEXTS), max_size=6)


def read(path: str, query: bytes) -> object:
    """Give what endpoints read of a query, as they read it."""
    told = QueryParams(query)
    seen: dict[str, object] = {}
    for name in set(told):
        values = told.getlist(name)
        if path == LIST and name in ("region", "stage"):
            try:
                seen[name] = ("several", frozenset(separated(values)), not any(values))
            except Exception as refused:
                seen[name] = ("refused", str(refused), tuple(values))
        elif name == "q":
            seen[name] = tuple(tuple(value.split()) for value in values)
        elif name == "bbox":
            seen[name] = tuple(_box(value) for value in values)
        else:
            seen[name] = tuple(values)
    return seen


def _box(text: str) -> object:
    try:
        return parse_bbox(text)
    except ValueError:
        return tuple(part.strip() for part in text.split(","))


def written(pairs: list[tuple[str, str]], chance: random.Random) -> bytes:
    def one(text: str) -> str:
        spelt = chance.choice((quote(text), quote_plus(text), quote(text, safe="")))
        return str(spelt)

    return "&".join(
        "&" * chance.randint(0, 2) + f"{one(name)}={one(value)}" for name, value in pairs
    ).encode()


@given(PAIRS, st.randoms(), st.sampled_from([LIST, OTHER]))
def test_a_spelling_reads_as_the_question_and_is_its_own(
    questions: Questions, pairs: list[tuple[str, str]], chance: random.Random, path: str
) -> None:
    query = written(pairs, chance)
    canonical = questions.spelled(path, query)
    assert read(path, canonical) == read(path, query)
    assert questions.spelled(path, canonical) == canonical
    # However it was written, and in whichever order its parameters came.
    shuffled = sorted(pairs, key=lambda pair: hash((pair[0], chance)))
    assert questions.spelled(path, written(shuffled, chance)) == canonical


@given(PAIRS, PAIRS, st.randoms(), st.sampled_from([LIST, OTHER]))
def test_two_different_questions_never_share_a_spelling(
    questions: Questions,
    pairs: list[tuple[str, str]],
    others: list[tuple[str, str]],
    chance: random.Random,
    path: str,
) -> None:
    query, other = written(pairs, chance), written(others, chance)
    same = questions.spelled(path, query) == questions.spelled(path, other)
    assert same == (read(path, query) == read(path, other))


@given(st.binary(max_size=40))
def test_any_bytes_are_spelled_without_loss(questions: Questions, query: bytes) -> None:
    canonical = questions.spelled(OTHER, query)
    told = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    again = parse_qsl(canonical.decode("latin-1"), keep_blank_values=True)
    if not {"q", "bbox"} & {name for name, _ in told}:
        assert sorted(told, key=lambda pair: pair[0]) == again
