"""Which commune is meant, on the real communes of France."""

import random
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import pytest
from sqlalchemy import Engine, event, text

from app.database.sessions import ReadingSession, snapshot_scope
from app.geography.resolution import Given, Resolution, resolve, translate_codes
from tests.exploration import examples

Found = TypeVar("Found")


@pytest.fixture
def session(session_engine: Engine) -> Iterator[ReadingSession]:
    with snapshot_scope(session_engine) as session:
        yield session


def one(session: ReadingSession, given: str, department: str | None = None) -> Resolution:
    (answer,) = resolve(session, [Given(given, department)])
    return answer


def part_of(communes: Sequence[Found]) -> Sequence[Found]:
    """Give some of all communes, others at every run."""
    part = examples(len(communes) // 8, many=len(communes))
    return random.sample(communes, part)


def codes(answer: Resolution) -> list[str]:
    return [commune.code for commune in answer.communes]


@pytest.mark.parametrize(
    ("given", "department", "code"),
    [
        ("04001", None, "04001"),
        ("2A004", None, "2A004"),
        ("13055.0", None, None),
        ("Digne-les-Bains", None, "04070"),
        ("DIGNE LES BAINS", "4", "04070"),
        ("L'Île-Rousse", None, "2B134"),
        ("l'ile rousse", "2b", "2B134"),
        ("La Garde", "83", "83062"),
        ("La Garde", "4", "04092"),
        ("La Garde", "Var", "83062"),
        ("Saint-Denis (974)", None, "97411"),
        ("Saint-Denis", "974", "97411"),
        ("Paris 14e Arrondissement", None, "75114"),
        ("Château-Chinon (Ville)", None, "58062"),
    ],
)
def test_an_exact_code_or_name_resolves_without_correction(
    session: ReadingSession, given: str, department: str | None, code: str | None
) -> None:
    answer = one(session, given, department)
    assert (answer.outcome, answer.corrected) == ("resolved", False)
    if code:
        assert codes(answer) == [code]
        assert answer.note is None


@pytest.mark.parametrize(
    ("given", "department", "code", "said"),
    [
        ("4001", None, "04001", "zéro initial"),
        ("St-Étienne", "42", "42218", "Saint-Étienne"),
        ("Garde (La)", "83", "83062", "La Garde"),
        ("Mans", "72", "72181", "Le Mans"),
        ("Mans", None, "72181", "Le Mans"),
        ("Lyon 3ème", None, "69383", "Lyon 3e Arrondissement"),
        ("Marseille 14", None, "13214", "Marseille 14e Arrondissement"),
        ("14e arrondissement", "13", "13214", "Marseille 14e Arrondissement"),
        ("Villeneuve s/ Lot", "47", "47323", "Villeneuve-sur-Lot"),
        ("Saintetienne", "42", "42218", "Saint-Étienne"),
        ("Ubaye-Serre-Ponèon", "4", "04033", "Ubaye-Serre-Ponçon"),
        ("Saint-Pierre-d'Argenèon", "5", "05154", "Argençon"),
        ("Ubaye-Serre-PonÃ§on", None, "04033", "Ubaye-Serre-Ponçon"),
        ("Toulon (quartier est)", "83", "83137", "quartier est"),
    ],
)
def test_a_liberty_is_corrected_and_told(
    session: ReadingSession, given: str, department: str | None, code: str, said: str
) -> None:
    answer = one(session, given, department)
    assert (answer.outcome, answer.corrected) == ("resolved", True)
    assert codes(answer) == [code]
    assert said in (answer.note or "")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("Bruis", "05024"),
        ("Montmorin", "05024"),
        ("Sainte-Marie", "05024"),
        ("Chauffayer", "05039"),
        ("Les Costes", "05039"),
        ("Costes", "05039"),
        ("Saint-Eusèbe-en-Champsaur", "05039"),
        ("Ristolas", "05001"),
    ],
)
def test_a_former_name_leads_to_the_commune_of_today_within_its_department(
    session: ReadingSession, given: str, code: str
) -> None:
    answer = one(session, given, "5")
    assert (answer.outcome, codes(answer), answer.corrected) == ("resolved", [code], True)
    assert "aujourd'hui" in (answer.note or "")


def test_a_name_of_today_goes_before_a_former_one_of_the_same_department(
    session: ReadingSession,
) -> None:
    kinds = session.execute(
        text(
            "SELECT kind, commune_code FROM commune_name"
            " WHERE key = 'courcelles' AND department_code = '25' ORDER BY 2"
        )
    ).all()
    assert [tuple(row) for row in kinds] == [("former", "25138"), ("current", "25171")]
    answer = one(session, "Courcelles", "25")
    assert (codes(answer), answer.corrected) == (["25171"], False)


def test_several_communes_of_a_name_are_an_ambiguity_with_all_of_them(
    session: ReadingSession,
) -> None:
    answer = one(session, "Saint-Denis")
    assert answer.outcome == "ambiguous"
    assert answer.communes == ()
    assert {"11339", "30247", "93066", "97411"} == {c.code for c in answer.candidates}
    assert {c.department for c in answer.candidates} == {"11", "30", "93", "974"}


def test_an_unreadable_department_narrows_nothing_and_is_named(session: ReadingSession) -> None:
    answer = one(session, "Saint-Denis", "région Sud")
    assert answer.outcome == "ambiguous"
    assert "région Sud" in (answer.note or "")


def test_a_name_of_another_department_is_a_contradiction_and_told(
    session: ReadingSession,
) -> None:
    answer = one(session, "Toulon", "4")
    assert (answer.outcome, answer.contradictory) == ("ambiguous", True)
    assert answer.candidates[0].code == "83137"
    assert "département" in (answer.note or "")


def test_an_unknown_name_gets_the_nearest_ones(session: ReadingSession) -> None:
    answer = one(session, "Draguignon", "83")
    assert answer.outcome == "unknown"
    assert answer.candidates[0].code == "83050"
    assert len(answer.candidates) <= 5


@pytest.mark.parametrize("nothing", ["", "  ", "?!", "\x00", "\ud800", "99999", "zzzzzz", "字"])
def test_nonsense_is_unknown(session: ReadingSession, nothing: str) -> None:
    answer = one(session, nothing)
    assert (answer.outcome, answer.communes, answer.corrected) == ("unknown", (), False)


@pytest.mark.parametrize(
    ("given", "count", "first"),
    [
        ("Paris", 20, "75101"),
        ("75056", 20, "75101"),
        ("LYON", 9, "69381"),
        ("Marseille", 16, "13201"),
        ("13055", 16, "13201"),
    ],
)
def test_a_city_means_all_its_arrondissements(
    session: ReadingSession, given: str, count: int, first: str
) -> None:
    answer = one(session, given)
    assert (answer.outcome, answer.corrected) == ("resolved", False)
    assert (len(codes(answer)), codes(answer)[0]) == (count, first)


def test_an_epci_code_means_all_its_communes(session: ReadingSession) -> None:
    answer = one(session, "200 054 781")
    members = session.execute(
        text("SELECT array_agg(code ORDER BY code) FROM commune WHERE epci_code = '200054781'")
    ).scalar_one()
    assert (answer.outcome, answer.corrected) == ("resolved", False)
    assert codes(answer) == members
    assert len(members) > 100


def test_a_former_code_is_translated_and_told(session: ReadingSession) -> None:
    answer = one(session, "05002")
    assert (answer.outcome, codes(answer), answer.corrected) == ("resolved", ["05139"], True)
    assert "ancienne commune Agnières-en-Dévoluy" in (answer.note or "")


def test_a_former_code_whose_territory_was_shared_out_is_ambiguous(
    session: ReadingSession,
) -> None:
    answer = one(session, "08227")
    assert answer.outcome == "ambiguous"
    assert {c.code for c in answer.candidates} == {"08203", "08454"}


def test_a_postal_code_is_no_insee_code_but_its_communes_are_proposed(
    session: ReadingSession,
) -> None:
    answer = one(session, "42000")
    assert answer.outcome == "unknown"
    assert [c.code for c in answer.candidates] == ["42218"]
    assert "code postal" in (answer.note or "")


def test_a_postal_code_of_paris_that_once_was_an_insee_code_is_ambiguous(
    session: ReadingSession,
) -> None:
    answer = one(session, "75014")
    assert answer.outcome == "ambiguous"
    assert {c.code for c in answer.candidates} == {"75114", "92014"}


def test_answers_come_in_the_order_of_the_texts_even_when_repeated(
    session: ReadingSession,
) -> None:
    given = [Given("Toulon", "83"), Given("?"), Given("Gap", "5"), Given("Toulon", "83")]
    answers = resolve(session, given)
    assert [answer.given for answer in answers] == given
    assert [answer.outcome for answer in answers] == [
        *("resolved", "unknown", "resolved", "resolved")
    ]


def test_every_commune_is_found_by_its_name_and_department(session: ReadingSession) -> None:
    rows = session.execute(text("SELECT code, name, department_code FROM commune")).all()
    assert len(rows) == 34_917
    rows = part_of(rows)
    answers = resolve(session, [Given(name, department) for _, name, department in rows])
    wrong = [
        (row.code, answer)
        for row, answer in zip(rows, answers, strict=True)
        if codes(answer) != [row.code] or answer.corrected
    ]
    assert wrong == []


def test_every_commune_is_found_by_its_code(session: ReadingSession) -> None:
    rows = part_of(session.execute(text("SELECT code FROM commune")).scalars().all())
    answers = resolve(session, [Given(code) for code in rows])
    assert [codes(answer) for answer in answers] == [[code] for code in rows]


def test_the_number_of_queries_does_not_grow_with_the_texts(session: ReadingSession) -> None:
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    def questions(texts: int) -> int:
        asked.clear()
        names = [Given(f"Saint-Martin {number}", "05") for number in range(texts)]
        resolve(session, [*names, Given("Toulon", "83"), Given("zzz"), Given("42000")])
        return len(asked)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    few, many = questions(20), questions(2_000)
    event.remove(connection, "before_cursor_execute", note)
    # Nine at most, and the same again for texts that are lists.
    assert 0 < many <= few <= 18


def test_codes_of_a_write_are_translated_to_communes_of_today(session: ReadingSession) -> None:
    translation = translate_codes(session, ["83137", "05002", "13055", "83137"])
    assert translation.unknown == []
    assert translation.translated == {
        "05002": ["05139"],
        "13055": [str(code) for code in range(13201, 13217)],
    }
    assert {"83137", "05139", "13201", "13216"} <= translation.communes
    assert len(translation.communes) == 18


def test_codes_that_lead_nowhere_are_listed_in_the_order_given(session: ReadingSession) -> None:
    given = ["99999", "08227", "Toulon", "4001", "200054781", "\x00", "83137"]
    translation = translate_codes(session, given)
    assert translation.unknown == given[:-1]
    assert translation.communes == {"83137"}
    assert [c.code for c in translation.candidates["08227"]] == ["08203", "08454"]


def test_no_code_at_all_translates_to_nothing(session: ReadingSession) -> None:
    assert translate_codes(session, []).communes == frozenset()
    assert resolve(session, []) == []
