"""The pieces of evidence that a text holds, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.geography.evidence import codes, damage, districts, groupings, texts
from app.geography.evidence.texts import Wording
from tests.geography.evidence.country import departments


def read(text: str, *, beside_department: bool = False) -> tuple[Wording, ...]:
    return texts.wordings(text, departments(), beside_department=beside_department)


def within(text: str) -> set[tuple[str, frozenset[str]]]:
    return {(each.name, each.departments) for each in read(text)}


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ("Saint-Denis (974)", "Saint-Denis", "974"),
        ("Saint-Denis (La Réunion)", "Saint-Denis", "974"),
        ("Saint-Denis [93]", "Saint-Denis", "93"),
        ("Saint-Denis 974", "Saint-Denis", "974"),
        ("Saint-Denis_93", "Saint-Denis", "93"),
        ("93 - Saint-Denis", "Saint-Denis", "93"),
        ("93-Saint-Denis", "Saint-Denis", "93"),
        ("(93) Saint-Denis", "Saint-Denis", "93"),
        ("Saint-Denis dpt 93", "Saint-Denis", "93"),
        ("Pringy (Seine-et-Marne)", "Pringy", "77"),
        ("Tours, Indre et Loire", "Tours", "37"),
        ("Commune de Saint-Denis (93)", "Saint-Denis", "93"),
        ("Ponèon (04)", "Ponçon", "04"),
        ("Garde-Freinet (La) 83", "Garde-Freinet (La)", "83"),
    ],
)
def test_a_department_within_the_text_is_set_apart(text: str, name: str, code: str) -> None:
    assert (name, frozenset((code,))) in within(text)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("93200 Saint-Denis", "93200"),
        ("Saint-Denis (93200)", "93200"),
        ("93066 - Saint-Denis", "93066"),
        ("2A004 - Ajaccio", "2A004"),
        ("Corte (2B096)", "2B096"),
        ("4001 Aiglun", "04001"),
    ],
)
def test_five_signs_beside_a_name_are_a_code_to_be_compared(text: str, digits: str) -> None:
    assert digits in {each.digits for each in read(text)}


def test_a_digit_in_brackets_is_a_footnote_beside_a_department() -> None:
    beside = [e for e in read("Sergy (1)", beside_department=True) if e.name == "Sergy"]
    assert [each.departments for each in beside] == [frozenset()]
    assert "appel de note" in beside[0].notes[0]


def test_a_digit_in_brackets_may_be_a_department_or_a_footnote_elsewhere() -> None:
    assert {("Sergy", frozenset(("01",))), ("Sergy", frozenset())} <= within("Sergy (1)")


def test_a_slash_may_be_sur_or_stand_before_a_department() -> None:
    found = within("Champigny / Marne")
    assert {("Champigny sur Marne", frozenset()), ("Champigny", frozenset(("51",)))} <= found


def test_an_arrondissement_that_a_city_lacks_is_not_read_as_a_department() -> None:
    assert all(not each.departments for each in read("Lyon 10"))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Paris XIII", ("paris 13",)),
        ("Paris 13º", ("paris 13",)),
        ("Paris treizième", ("paris 13",)),
        ("13ème arrondissement de Paris", ("paris 13",)),
        ("Marseille, 8e", ("marseille 8",)),
        ("Marseille 1er, 2e, 3e", ("marseille 1", "marseille 2", "marseille 3")),
        ("Marseille 15 et 16", ("marseille 15", "marseille 16")),
        ("Marseille 15/16", ("marseille 15", "marseille 16")),
        ("Lyon 1er au 3e", ("lyon 1", "lyon 2", "lyon 3")),
        ("Lyon 10", ()),
        ("Marseille 13, 83", ()),
        ("Parisot", ()),
    ],
)
def test_arrondissements_are_read_as_people_number_them(
    text: str, keys: tuple[str, ...]
) -> None:
    assert districts.keys_in(text) == keys


@pytest.mark.parametrize(
    ("text", "marked"), [("13e", True), ("8e arr.", True), ("13", False), ("Ver", False)]
)
def test_a_number_alone_is_an_arrondissement_by_its_mark(text: str, marked: bool) -> None:
    assert districts.is_marked(text) is marked


@pytest.mark.parametrize(
    ("written", "numbered"),
    [
        (["Marseille 12", "Marseille 13"], {"marseille"}),
        (["Marseille 13", "Lyon 69"], set()),
        (["Marseille 12", "Marseille 13", "Lyon 69"], set()),
        (["Marseille 12", "Aix-en-Provence 13"], set()),
        (["Marseille 13"], set()),
    ],
)
def test_a_list_tells_whether_bare_numbers_are_arrondissements(
    written: list[str], numbered: set[str]
) -> None:
    assert districts.numbered_cities(written) == numbered


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('="04001"', "04001"),
        ("'04001", "04001"),
        ("4001,00", "04001"),
        ("4001.0", "04001"),
        ("04 001", "04001"),
        ("« 2a004 »", "2A004"),
        ("INSEE : 04001", "04001"),
        ("04001*", "04001"),
        ("1E3", None),
        ("04", None),
        ("040011", None),
    ],
)
def test_codes_are_read_in_the_dress_of_spreadsheets(text: str, code: str | None) -> None:
    assert codes.commune_code(text) == code


@pytest.mark.parametrize(
    ("damaged", "name"),
    [
        ("Barr\ufffdme", "Barrême"),
        ("Barr?me", "Barrême"),
        ("Barrme", "Barrême"),
        ("BarrÍme", "Barrême"),
        ("Barrˆme", "Barrême"),
        ("?chavanne", "Échavanne"),
        ("�le-de-Br�hat", "Île-de-Bréhat"),
        ("Barr\ufffd\ufffdme", "Barrême"),
    ],
)
def test_a_damaged_word_fits_what_it_was(damaged: str, name: str) -> None:
    assert damage.fits(damaged, name)


@pytest.mark.parametrize(
    ("damaged", "name"),
    [
        ("\ufffdchevannes", "Chevannes"),
        ("Barr\ufffdme", "Barème"),
        ("Barr\ufffdme", "Barrême-les-Bains"),
        ("Barme", "Barrême"),
        ("Prignac", "Prignac"),
    ],
)
def test_a_damaged_word_fits_nothing_else(damaged: str, name: str) -> None:
    assert not damage.fits(damaged, name)


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "mac_roman"])
def test_utf8_read_as_something_else_is_undone(encoding: str) -> None:
    damaged = "Méolans-Revel".encode().decode(encoding)
    assert damage.cleaned(damaged) == ("Méolans-Revel", True)


def test_what_is_sound_is_left_as_it_is() -> None:
    for text in ("L'Haÿ-les-Roses", "Œuilly", "ÎLE-DE-BRÉHAT", "Val‑de‑Chalvagne", "L’Escale"):
        assert not damage.is_damaged(damage.cleaned(text)[0])
        assert damage.cleaned(text)[1] is False


def test_an_epci_is_known_by_its_name_whatever_its_form_is_called() -> None:
    known = groupings.Groupings(
        [("200067742", "CC Serre-Ponçon"), ("1", "CA du Grand Lac"), ("2", "CC du Grand Lac")]
    )
    assert known.read("Communauté de communes de Serre-Ponçon") == ("200067742",)
    assert known.read("Serre Ponçon") == ("200067742",)
    assert known.read("Communauté d'agglomération Grand Lac") == ("1",)
    assert set(known.read("Grand Lac")) == {"1", "2"}
    assert not groupings.is_named("Cancon")


@given(st.text(max_size=80))
def test_any_text_is_read_without_an_error(text: str) -> None:
    cleaned, _ = damage.cleaned(text)
    for each in read(cleaned):
        assert each.keys
    codes.commune_code(text)
    codes.siren_code(text)
    damage.fits(text, "Échevannes")
    texts.cuts(cleaned)
