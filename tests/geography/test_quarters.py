"""The parts of a divided city, however they are written: each is read, none is guessed."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from app.database.sessions import ReadingSession, snapshot_scope
from app.geography.repository import communes_in_polygon
from app.geography.resolution import Given, Resolution, resolve, translate_codes
from tests import quarters

# Lille, whose Hellemmes and Lomme are communes associated with it.
LILLE, LOOS = "59350", "59360"
QUARTERS = ("Fives", "Le Port", "Nord et Sud")
CODES = [f"{LILLE}-0{n}" for n in (1, 2, 3)]
FIVES, PORT, NORTH_AND_SOUTH = CODES
# Gap, divided by IRIS.
GAP, IRIS = "05061", ("050610101", "050610102")


@pytest.fixture(scope="module")
def session(session_engine: Engine) -> Iterator[ReadingSession]:
    """The reference geography with two divided cities."""
    quarters.divide_commune(session_engine, LILLE, QUARTERS)
    quarters.divide_commune(session_engine, GAP, ["Centre 1", "Fives"], code=list(IRIS))
    with snapshot_scope(session_engine) as session:
        yield session
    quarters.undivide_all(session_engine)


def one(session: ReadingSession, row: Given) -> Resolution:
    (answer,) = resolve(session, [row])
    return answer


def codes(answer: Resolution) -> list[str]:
    return [unit.code for unit in answer.communes]


@pytest.mark.parametrize(
    ("row", "meant"),
    [
        (Given("Lille"), CODES),
        (Given("LILLE (59)"), CODES),
        (Given("59350"), CODES),
        (Given("Lille", code="59350", postcode="59000", department="Nord"), CODES),
        (Given(postcode="59800"), CODES),
        (Given("Lille – Fives"), [FIVES]),
        (Given("Lille - Fives"), [FIVES]),
        (Given("lille fives"), [FIVES]),
        (Given("Lille-Fives"), [FIVES]),
        (Given("Lille (Fives)"), [FIVES]),
        (Given("Lille (quartier de Fives)"), [FIVES]),
        (Given("Lille quartier Fives"), [FIVES]),
        (Given("Fives (Lille)"), [FIVES]),
        (Given("quartier Fives à Lille"), [FIVES]),
        (Given("Lille (Port)"), [PORT]),
        (Given("Lille – Le Port"), [PORT]),
        (Given("Lille (quartiers Nord et Sud)"), [NORTH_AND_SOUTH]),
        (Given("Lille : Fives et Le Port"), [FIVES, PORT]),
        (Given("Lille (Fives / Port)"), [FIVES, PORT]),
        (Given("Lille - Fives - Port"), [FIVES, PORT]),
        (Given("Lille – Port, Fives, Loos"), [FIVES, PORT, LOOS]),
        (Given("Lille, Loos"), [*CODES, LOOS]),
        (Given("Fives", code="59350"), [FIVES]),
        (Given("Fives", "59"), [FIVES]),
        (Given("Fives", postcode="59000"), [FIVES]),
        (Given("Fives (05)"), [IRIS[1]]),
        (Given("59350-01"), [FIVES]),
        (Given("Lille – Fives (59350-01)"), [FIVES]),
        (Given("Fives", code="59350-01"), [FIVES]),
        (Given("Lille", code="59350-01"), [FIVES]),
        (Given("050610101"), [IRIS[0]]),
        (Given("50610101"), [IRIS[0]]),
        (Given("050610101 Gap"), [IRIS[0]]),
        (Given("Gap (050610101)"), [IRIS[0]]),
        (Given("Gap – Centre 1"), [IRIS[0]]),
        (Given("Gap", code="050610102.0"), [IRIS[1]]),
        (Given("Gap", quarter="050610102"), [IRIS[1]]),
        (Given(code=GAP, quarter="Centre 1"), [IRIS[0]]),
        (Given(quarter="50610102"), [IRIS[1]]),
        (Given("Lille", "59", LILLE, "59000", quarter="Fives / Port"), [FIVES, PORT]),
        (Given("Loos", quarter="Centre"), [LOOS]),
        (Given(quarter="593600000"), [LOOS]),
    ],
)
def test_what_names_parts_is_read(
    session: ReadingSession, row: Given, meant: list[str]
) -> None:
    answer = one(session, row)
    assert (answer.outcome, sorted(codes(answer))) == ("resolved", sorted(meant)), answer


def test_the_city_alone_means_all_its_parts_and_says_so(session: ReadingSession) -> None:
    answer = one(session, Given("Lille"))
    assert answer.note == "Lille : ses 3 quartiers"
    assert not answer.corrected
    arrondissements = one(session, Given("Marseille"))
    assert arrondissements.note == "Marseille : ses 16 arrondissements"


@pytest.mark.parametrize(
    "row",
    [
        Given("Lille en partie"),
        Given("Lille (en partie)"),
        Given("Lille (en partie)", code=LILLE, postcode="59000"),
        Given("Lille (quartiers Ouest)", code=LILLE),
        Given("Lille (pour partie)", "59"),
        Given("Lille Ouest"),
        Given("Lille", code=LILLE, quarter="Ouest"),
    ],
)
def test_a_part_that_is_not_told_is_asked_for(session: ReadingSession, row: Given) -> None:
    answer = one(session, row)
    assert answer.outcome == "ambiguous"
    assert [unit.code for unit in answer.candidates] == [LILLE, *CODES]
    assert "Lille est divisée : lesquels de ses 3 quartiers ?" in (answer.note or "")


def test_a_quarter_alone_is_no_answer(session: ReadingSession) -> None:
    # A commune goes before it.
    communes = {unit.code for unit in one(session, Given("Le Port")).candidates}
    assert communes == {"09231", "97407"}
    answer = one(session, Given("Fives"))
    assert (answer.outcome, answer.bare) == ("ambiguous", True)
    assert {unit.code for unit in answer.candidates} == {FIVES, IRIS[1]}


def test_beside_another_part_a_commune_called_as_a_quarter_is_asked_for(
    session: ReadingSession,
) -> None:
    """« Port » is a commune of the Ain, and here most likely the quarter."""
    (port,) = (each for each in resolve(session, [Given("Port")]))
    assert codes(port) == ["01307"]
    _, port = resolve(session, [Given("Lille (Fives)"), Given("Port")])
    assert (port.outcome, port.candidates[0].code) == ("ambiguous", PORT)
    assert "01307" in {unit.code for unit in port.candidates}
    # The whole city, a department or a code leaves no doubt.
    for rows in (
        [Given("Lille"), Given("Port")],
        [Given("Lille (Fives)"), Given("Port", "01")],
        [Given("Lille (Fives)"), Given("Port", code="01307")],
    ):
        assert codes(resolve(session, rows)[1]) == ["01307"]
    assert one(session, Given("Lille – Fives, Port, Loos")).outcome == "ambiguous"
    doubted = resolve(session, [Given("Lille (Port)"), Given("Fives", doubt="barré")])
    assert doubted[1].outcome == "ambiguous"


def test_a_quarter_is_that_of_the_city_of_its_list(session: ReadingSession) -> None:
    rows = [Given("Lille (Port)"), Given("Fives"), Given("Fives"), Given("Gap – Centre 1")]
    answers = resolve(session, rows, lists=["a", "a", "b", "b"])
    assert [codes(answer) for answer in answers] == [[PORT], [FIVES], [IRIS[1]], [IRIS[0]]]
    assert answers[1].corrected
    assert "« Fives » lu « Lille – Fives »" in (answers[1].note or "")
    both = resolve(session, [*rows], lists=["a"] * 4)
    assert [answer.outcome for answer in both] == [
        "resolved",
        "ambiguous",
        "ambiguous",
        "resolved",
    ]


@pytest.mark.parametrize(
    "row",
    [
        Given("Loos – Fives"),
        Given("Fives", code=LOOS),
        Given("Lille – Fives", code="59350-02"),
        Given("Lille", code="050610101"),
    ],
)
def test_a_contradiction_is_no_answer(session: ReadingSession, row: Given) -> None:
    assert one(session, row).outcome != "resolved"


def test_former_communes_and_groupings_lead_to_all_parts(session: ReadingSession) -> None:
    former = one(session, Given("Hellemmes-Lille"))
    assert (former.outcome, codes(former)) == ("resolved", CODES)
    assert "aujourd'hui Lille (59)" in (former.note or "")
    by_code = one(session, Given("59298"))
    assert codes(by_code) == CODES
    grouping = one(session, Given("Métropole européenne de Lille"))
    assert set(CODES) < set(codes(grouping))
    assert (grouping.note or "").endswith("95 communes")


def test_codes_of_a_write_are_those_of_parts(session: ReadingSession) -> None:
    asked = [LILLE, IRIS[0], "59350-02", "59298", "59350-77", "123456789", "59350-2"]
    told = translate_codes(session, asked)
    assert told.communes == {*CODES, IRIS[0]}
    assert told.translated == {LILLE: CODES, "59298": CODES}
    assert told.unknown == ["59350-77", "123456789", "59350-2"]


def test_a_polygon_takes_the_parts_that_lie_in_it(
    session: ReadingSession, session_engine: Engine
) -> None:
    west, *_ = quarters.bands(quarters.polygon_of(session_engine, LILLE), QUARTERS)
    shares = dict(communes_in_polygon(session, west.polygon.wkb))
    assert LILLE not in shares
    assert shares[FIVES] > 0.98
    assert shares.get(PORT, 0) < 0.01
