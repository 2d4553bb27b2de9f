"""A row means only what everything in it agrees on: each kind of row that lists really hold."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, text

from app.database.sessions import ReadingSession, snapshot_scope
from app.geography.evidence.departments import NAMES, NAMES_OF_COMMUNES
from app.geography.naming import bare_key, spelling
from app.geography.resolution import Given, Resolution, resolve
from tests.exploration import examples


@pytest.fixture
def session(session_engine: Engine) -> Iterator[ReadingSession]:
    with snapshot_scope(session_engine) as session:
        yield session


def one(session: ReadingSession, row: Given) -> Resolution:
    (answer,) = resolve(session, [row])
    return answer


def codes(answer: Resolution) -> list[str]:
    return [commune.code for commune in answer.communes]


def possible(answer: Resolution) -> set[str]:
    return {commune.code for commune in answer.candidates}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (Given("Pringy", "Seine-et-Marne"), "77378"),
        (Given("Pringy (Seine-et-Marne)"), "77378"),
        (Given("Tours, Indre et Loire"), "37261"),
        (Given("PARIS", code="75113"), "75113"),
        (Given("Paris", postcode="75013"), "75113"),
        (Given("PARIS", postcode="75116"), "75116"),
        (Given("75013 PARIS"), "75113"),
        (Given("69003 Lyon"), "69383"),
        (Given("13001 MARSEILLE"), "13201"),
        (Given("75113 Paris"), "75113"),
        (Given("Lyon 3e", code="69123"), "69383"),
        (Given("Paris", district="13"), "75113"),
        (Given("Marseille", district="XIII"), "13213"),
        (Given("13e", "75"), "75113"),
        (Given("8e arr.", "69"), "69388"),
        (Given("Paris XIII"), "75113"),
        (Given("Saint-Denis", postcode="93200"), "93066"),
        (Given("Saint-Denis", epci="200054781"), "93066"),
        (Given("Champigny / Marne", "94"), "94017"),
        (Given("Villeneuve / Lot", "47"), "47323"),
        (Given("Villeneuve s/ Lot", "47"), "47323"),
        (Given("Villeneuve-lès-Avignon", "30"), "30351"),
        (Given("Saint-Denis", "9D"), "97411"),
        (Given("2A004 - Ajaccio"), "2A004"),
        (Given("Corte (2B096)"), "2B096"),
        (Given('="04001"'), "04001"),
        (Given("'04001"), "04001"),
        (Given("4001,00"), "04001"),
        (Given("04 001"), "04001"),
        (Given("Aix-en-Provence", number="13100"), "13001"),
    ],
)
def test_what_agrees_is_read(session: ReadingSession, row: Given, code: str) -> None:
    answer = one(session, row)
    assert (answer.outcome, codes(answer)) == ("resolved", [code])


@pytest.mark.parametrize(
    ("row", "meant", "said"),
    [
        (Given("Aiglun", code="04160"), {"04001", "04160"}, ("Aiglun", "04160")),
        (Given("Gap", code="04160"), {"05061", "04160"}, ("Gap", "Reillanne")),
        (Given("Mende", code="48004"), {"48095", "48004"}, ("Mende", "Altier")),
        (Given("48004 Mende"), {"48095", "48004"}, ("Mende", "Altier")),
        (Given("Gap", postcode="04160"), {"05061"}, ("Gap", "code postal 04160")),
        (Given("La Garde (04)", "83"), {"04092", "83062"}, ("texte : 04", "donné : 83")),
        (Given("Gap (04)"), {"05061"}, ("Gap", "04")),
        (Given("04001", "83"), {"04001"}, ("04001", "83")),
        (Given("Marseille", code="13001"), {"13055", "13001"}, ("Marseille", "Aix-en")),
        (Given("Gap", epci="CC Serre-Ponçon"), {"05061"}, ("Gap", "Serre-Ponçon")),
        (Given("Lyon", district="13"), {"69123"}, ("Lyon", "arrondissement")),
        (Given("Gap", number="04160"), {"05061", "04160"}, ("Gap", "04160")),
    ],
)
def test_what_disagrees_is_ambiguous_and_each_meaning_is_told(
    session: ReadingSession, row: Given, meant: set[str], said: tuple[str, ...]
) -> None:
    answer = one(session, row)
    assert (answer.outcome, answer.contradictory, answer.communes) == ("ambiguous", True, ())
    assert meant <= possible(answer)
    assert all(part in (answer.note or "") for part in said)


@pytest.mark.parametrize("department", ["04 / 83", "04, 83", "83-04", "04 et 83", "Var et 04"])
def test_every_department_of_a_cell_counts(session: ReadingSession, department: str) -> None:
    assert possible(one(session, Given("La Garde", department))) == {"04092", "83062"}
    assert codes(one(session, Given("Gap", f"{department}, 05"))) == ["05061"]


@pytest.mark.parametrize(
    ("row", "code", "said"),
    [
        (Given("Sainte-Croix (1)", "02"), "02675", "« (1) »"),
        (Given("Bruis (1)", "05"), "05024", "« (1) »"),
        (Given("Barrême*", "04"), "04022", "« * »"),
        (Given("Annot¹", "04"), "04008", "« ¹ »"),
        (Given("Gap ?"), "05061", "« ? »"),
        (Given("Gap", "région Sud"), "05061", "région Sud"),
        (Given("Gap", code="05999"), "05061", "05999"),
        (Given("Gap", code="05000"), "05061", "05000"),
        (Given("Gap", epci="Truc"), "05061", "Truc"),
        (Given("Gap", district="sud"), "05061", "sud"),
        (Given("Gap", postcode="inconnu"), "05061", "inconnu"),
        (Given("Veynes", number="3183"), "05179", "3183"),
        (Given("Embrun 6200"), "05046", "6200"),
        (Given("Veynes (3 183 hab.)"), "05179", "3 183 hab."),
    ],
)
def test_what_cannot_be_read_is_named_and_the_row_is_corrected(
    session: ReadingSession, row: Given, code: str, said: str
) -> None:
    answer = one(session, row)
    assert (codes(answer), answer.corrected) == ([code], True)
    assert said in (answer.note or "")


def test_an_unknown_name_beside_a_code_is_a_slip_or_another_place(
    session: ReadingSession,
) -> None:
    slip = one(session, Given("Digne les Bain", code="04070"))
    assert (codes(slip), slip.corrected) == (["04070"], True)
    other = one(session, Given("Zzzville", code="04018"))
    assert (other.outcome, possible(other)) == ("ambiguous", {"04018"})
    assert "Zzzville" in (other.note or "")


def test_a_number_that_is_a_department_and_a_district_is_ambiguous(
    session: ReadingSession,
) -> None:
    marseille, lyon = resolve(session, [Given("Marseille 13"), Given("Lyon 69")])
    assert (marseille.outcome, possible(marseille)) == ("ambiguous", {"13055", "13213"})
    assert len(lyon.communes) == 9
    twelfth, thirteenth = resolve(session, [Given("Marseille 12"), Given("Marseille 13")])
    assert (codes(twelfth), codes(thirteenth)) == (["13212"], ["13213"])


def test_arrondissements_told_together_are_meant_together(session: ReadingSession) -> None:
    assert codes(one(session, Given("Marseille 1er, 2e, 3e"))) == ["13201", "13202", "13203"]
    assert codes(one(session, Given("Marseille 15 et 16"))) == ["13215", "13216"]


def test_figures_without_header_are_judged_as_a_column(session: ReadingSession) -> None:
    rows = [Given("Gap", number="40895"), Given("Veynes", number="3183")]
    assert [codes(each) for each in resolve(session, rows)] == [["05061"], ["05179"]]
    places = [Given("La Garde", number="83"), Given("Saint-Denis", number="974")]
    assert [codes(each) for each in resolve(session, places)] == [["83062"], ["97411"]]
    mixed = [Given("La Garde", number="83"), Given("Gap", number="40895")]
    assert resolve(session, mixed)[0].outcome == "ambiguous"


def test_lone_codes_of_a_list_of_postal_codes_are_no_insee_codes(
    session: ReadingSession,
) -> None:
    postal, both = resolve(session, [Given("04000"), Given("13001")])
    assert (postal.outcome, both.outcome) == ("unknown", "ambiguous")
    assert possible(both) == {"13001", "13201"}
    assert codes(one(session, Given("13001"))) == ["13001"]


@pytest.mark.parametrize(
    ("written", "department", "code"),
    [
        ("Barr\ufffdme", "04", "04022"),
        ("Barr?me", "04", "04022"),
        ("Barrme", "04", "04022"),
        ("\ufffdchevannes", "21", "21240"),
        ("?chavanne", "70", "70205"),
        ("MÃ©olans-Revel", "04", "04161"),
        ("Barrême".encode("mac_roman").decode("latin-1"), "04", "04022"),
        ("Barrême".encode("cp850").decode("cp1252"), "04", "04022"),
        ("Barrême".encode().decode("cp850"), "04", "04022"),
    ],
)
def test_a_damaged_name_is_the_only_one_of_the_department_that_it_fits(
    session: ReadingSession, written: str, department: str, code: str
) -> None:
    answer = one(session, Given(written, department))
    assert (codes(answer), answer.corrected) == ([code], True)


def test_a_damaged_name_that_fits_nothing_of_the_department_is_unknown(
    session: ReadingSession,
) -> None:
    assert one(session, Given("Barr\ufffdme", "05")).outcome == "unknown"
    # In lower case it may have lost its first letter.
    assert possible(one(session, Given("chevannes", "21"))) == {"21169", "21240"}
    assert codes(one(session, Given("Chevannes", "21"))) == ["21169"]


def test_epci_are_read_by_name_and_lists_part_by_part(session: ReadingSession) -> None:
    named = one(session, Given("Communauté de communes de Serre-Ponçon"))
    assert (named.outcome, len(named.communes)) == ("resolved", 17)
    listed = one(session, Given("Gap, Veynes et Embrun", "05"))
    assert (codes(listed), listed.corrected) == (["05046", "05061", "05179"], True)
    assert one(session, Given("Gap, Zzzville et Embrun", "05")).outcome == "unknown"


def test_a_remark_that_takes_a_place_out_is_asked_about(session: ReadingSession) -> None:
    answer = one(session, Given("Altier (retirée)", "48"))
    assert (answer.outcome, possible(answer)) == ("ambiguous", {"48004"})


def test_the_context_points_to_candidates_and_chooses_none(session: ReadingSession) -> None:
    (answer,) = resolve(session, [Given("La Garde")], context=("83",))
    assert answer.outcome == "ambiguous"
    assert [commune.code for commune in answer.suggested] == ["83062"]


def test_the_rest_of_a_list_is_a_context_that_is_told(session: ReadingSession) -> None:
    rows = [Given("Toulon"), Given("Hyères"), Given("La Garde"), Given("Le Castellet")]
    *_, garde, castellet = resolve(session, rows)
    for answer, code in ((garde, "83062"), (castellet, "83035")):
        assert answer.outcome == "ambiguous"
        assert [c.code for c in answer.suggested] == [code]
        assert answer.candidates[0].code == code
        assert f"({code}) : les autres lignes sont de 83" in (answer.note or "")


def test_each_list_is_its_own_context(session: ReadingSession) -> None:
    rows = [
        Given(n) for n in ("Toulon", "Hyères", "La Garde", "Manosque", "Sisteron", "La Garde")
    ]
    answers = resolve(session, rows, lists=[1, 1, 1, 2, 2, 2])
    # The rows are equal, their lists are not.
    assert [c.code for c in answers[2].suggested] == ["83062"]
    assert [c.code for c in answers[5].suggested] == ["04092"]


def test_stated_departments_settle_what_is_ambiguous(session: ReadingSession) -> None:
    rows = [Given("La Garde"), Given("Gap"), Given("La Garde", "04 / 83"), Given("75013")]
    garde, gap, either, postal = resolve(session, rows, settled_in=("83", "75"))
    for answer, code in ((garde, "83062"), (either, "83062"), (postal, "75113")):
        assert codes(answer) == [code]
        assert answer.corrected
        assert "précisé par le département donné pour la liste" in (answer.note or "")
    # What is not ambiguous is what it was.
    assert (codes(gap), gap.corrected) == (["05061"], False)


@pytest.mark.parametrize(
    "row",
    [
        Given("La Garde", "04 / 38"),
        Given("La Garde (04)", "83"),
        Given("Gap", code="04160"),
        Given("Altier (retirée)", "48"),
        Given("Saint-Denis"),
    ],
)
def test_stated_departments_never_go_against_a_row(session: ReadingSession, row: Given) -> None:
    (answer,) = resolve(session, [row], settled_in=("83", "48"))
    assert answer.outcome == "ambiguous"


def test_two_of_one_name_in_the_stated_departments_stay_two(session: ReadingSession) -> None:
    (answer,) = resolve(session, [Given("La Garde")], settled_in=("04", "83"))
    assert answer.outcome == "ambiguous"
    assert [c.code for c in answer.suggested] == ["04092", "83062"]


def test_a_list_in_one_cell_is_settled_part_by_part(session: ReadingSession) -> None:
    (answer,) = resolve(session, [Given("Aiglun, Allons et La Garde")], settled_in=("04",))
    assert codes(answer) == ["04001", "04005", "04092"]


def test_postal_codes_of_a_neighbouring_department_are_read_by_their_table(
    session: ReadingSession,
) -> None:
    rows = session.execute(
        text(
            "SELECT c.code, c.name, p.postcode FROM commune c JOIN commune_postcode p"
            " ON p.commune_code = c.code"
            " WHERE c.department_code <> left(p.postcode, 2)"
            " AND left(p.postcode, 2) NOT IN ('97', '20')"
        )
    ).all()
    assert len(rows) > 10
    beside = resolve(session, [Given(row.name, postcode=row.postcode) for row in rows])
    before = resolve(session, [Given(f"{row.postcode} {row.name.upper()}") for row in rows])
    assert [codes(each) for each in beside] == [[row.code] for row in rows]
    assert [codes(each) for each in before] == [[row.code] for row in rows]


def test_every_statement_takes_a_number_of_parameters_that_does_not_grow(
    session: ReadingSession,
) -> None:
    # One parameter per row would be beyond what the protocol allows for 65 536 of them.
    engine = session.get_bind()
    asked: dict[str, int] = {}

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_more: Any) -> None:
        asked[statement] = len(given)

    def parameters(number: int) -> dict[str, int]:
        asked.clear()
        rows = [Given(f"Inconnue {each}", "05", code=f"{each:05}") for each in range(number)]
        answers = resolve(session, [*rows, Given("Gap", "05")])
        assert codes(answers[-1]) == ["05061"]
        return dict(asked)

    event.listen(engine, "before_cursor_execute", note)
    try:
        few = parameters(20)
        assert len(few) > 1
        assert parameters(2_000) == few
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture(scope="module")
def units(session_engine: Engine) -> list[tuple[str, str, str, str, str]]:
    """(code, name, department, postal code, name of the department) of each unit."""
    with snapshot_scope(session_engine) as session:
        rows = session.execute(
            text(
                "SELECT c.code, c.name, c.department_code, min(p.postcode), d.name"
                " FROM commune c JOIN commune_postcode p ON p.commune_code = c.code"
                " JOIN department d ON d.code = c.department_code GROUP BY 1, 2, 3, 5"
                " ORDER BY 1"
            )
        ).all()
    return [tuple(row) for row in rows]


@settings(
    max_examples=examples(8, many=200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_an_answer_never_contradicts_a_piece_that_can_be_read(
    session: ReadingSession, units: list[tuple[str, str, str, str, str]], data: st.DataObject
) -> None:
    unit = st.integers(0, len(units) - 1)
    near = st.tuples(unit, st.integers(-3, 3), st.booleans()).map(
        lambda d: (d[0], max(0, min(len(units) - 1, d[0] + d[1])) if d[2] else d[0])
    )
    drawn = data.draw(st.lists(st.tuples(near, st.integers(1, 15), st.booleans()), min_size=30))
    rows, said = [], []
    for number, ((first, second), pieces, within) in enumerate(drawn):
        # The pieces of a row speak of one unit, or of two that stand near each other.
        name, place, code, postal = (
            units[first if (pieces + number + bit) % 3 else second] for bit in range(4)
        )
        text_of = f"{name[1]} ({place[4]})" if within and pieces & 1 else name[1]
        rows.append(
            Given(
                text_of,
                place[2] if pieces & 2 else None,
                code[0] if pieces & 4 else None,
                postal[3] if pieces & 8 else None,
            )
        )
        said.append((place if pieces & 2 or text_of != name[1] else None, code, postal, pieces))
    served = {
        (row.postcode, row.commune_code)
        for row in session.execute(text("SELECT postcode, commune_code FROM commune_postcode"))
    }
    for row, answer, (stood, code, postal, pieces) in zip(
        rows, resolve(session, rows), said, strict=True
    ):
        for commune in answer.communes:
            if stood is not None:
                assert commune.department == stood[2], row
            if pieces & 4:
                assert commune.code == code[0], row
            if pieces & 8:
                assert (postal[3], commune.code) in served, row


def test_departments_that_are_names_of_communes_too_are_known(session: ReadingSession) -> None:
    names = session.execute(text("SELECT DISTINCT name FROM commune_name")).scalars()
    communes = {bare_key(spelling(name)) for name in names}
    both = {name for name in NAMES if bare_key(name) in communes}
    assert both == NAMES_OF_COMMUNES


def test_a_place_in_doubt_is_never_taken(session: ReadingSession) -> None:
    answer = one(session, Given("Gap", doubt="barré : fait-elle partie de la CPTS ?"))
    assert (answer.outcome, possible(answer)) == ("ambiguous", {"05061"})
    assert answer.note == "barré : fait-elle partie de la CPTS ?"


@pytest.mark.parametrize(
    "row",
    [
        Given("Gap", "05", epci="CC Serre-Ponçon"),
        Given("Gap", code="05061", epci="CC Serre-Ponçon"),
        Given("Gap", postcode="05000", epci="CC Serre-Ponçon"),
    ],
)
def test_an_epci_of_before_does_not_refuse_what_all_else_agrees_on(
    session: ReadingSession, row: Given
) -> None:
    answer = one(session, row)
    assert (codes(answer), answer.corrected) == (["05061"], True)
    assert "Serre-Ponçon" in (answer.note or "")


@pytest.mark.parametrize(
    "row",
    [
        Given("Gap", epci="CC Serre-Ponçon"),
        Given(code="05061", epci="CC Serre-Ponçon"),
        Given("Gap", "05", epci="Métropole de Lyon"),
        Given("Gap", "04", code="05061", epci="CC Serre-Ponçon"),
    ],
)
def test_an_epci_contradicts_a_single_piece_and_one_from_far_away(
    session: ReadingSession, row: Given
) -> None:
    assert one(session, row).contradictory


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (Given("LaCelle", "03"), "03047"),
        (Given("MontDauphin", "05"), "05082"),
        (Given("LHospitalet", "04"), "04095"),
        (Given("Marseille1erArrondissement"), "13201"),
        (Given("Paris13e", "75"), "75113"),
        (Given("AcheuxenAmiénois", "80"), "80003"),
    ],
)
def test_words_run_together_are_read_within_their_department(
    session: ReadingSession, row: Given, code: str
) -> None:
    answer = one(session, row)
    assert (codes(answer), answer.corrected) == ([code], True)


@pytest.mark.parametrize(
    ("row", "some"),
    [
        (Given("LaCelle"), {"19095", "03047"}),
        (Given("ArchailDraix", "04"), {"04009", "04072"}),
        (Given("MontcornetenArdenne", "08"), {"08125", "08297"}),
    ],
)
def test_words_run_together_that_several_units_bear_are_ambiguous(
    session: ReadingSession, row: Given, some: set[str]
) -> None:
    answer = one(session, row)
    assert answer.outcome == "ambiguous"
    assert some <= possible(answer)
