"""The rules by which names are compared, without a database."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.geography import naming
from app.geography.naming import name_key

WORDS = st.lists(
    st.text(string.ascii_letters + "éèçâÉÇœ", min_size=3, max_size=9), min_size=1, max_size=4
)


@pytest.mark.parametrize(
    ("written", "official"),
    [
        ("SAINT ETIENNE", "Saint-Étienne"),
        ("st-étienne", "Saint-Étienne"),
        ("Ste Marie aux Mines", "Sainte-Marie-aux-Mines"),
        ("Bourg St Maurice", "Bourg-Saint-Maurice"),
        ("Stes Maries de la Mer", "Saintes-Maries-de-la-Mer"),
        ("Garde (La)", "La Garde"),
        ("GARDE, LA", "La Garde"),
        ("Garde - La", "La Garde"),
        ("GARDE LA", "La Garde"),
        ("Escale (L')", "L'Escale"),
        ("L’Escale", "L'Escale"),
        ("L Escale", "L'Escale"),
        ("Oeting", "Œting"),
        ("Villeneuve s/ Lot", "Villeneuve-sur-Lot"),
        ("Chalon s/Saône", "Chalon-sur-Saône"),
        ("Aulnay s/s Bois", "Aulnay-sous-Bois"),
        ("ND de Bellecombe", "Notre-Dame-de-Bellecombe"),
        ("Paris 14", "Paris 14e Arrondissement"),
        ("PARIS 14E", "Paris 14e Arrondissement"),
        ("Paris 14ème arr.", "Paris 14e Arrondissement"),
        ("14e arrondissement de Paris", "Paris 14e Arrondissement"),
        ("Paris XIVe", "Paris 14e Arrondissement"),
        ("Paris 75014", "Paris 14e Arrondissement"),
        ("Paris 75116", "Paris 16e Arrondissement"),
        ("Paris 01", "Paris 1er Arrondissement"),
        ("Lyon 3ème", "Lyon 3e Arrondissement"),
        ("Lyon cedex 03", "Lyon 3e Arrondissement"),
        ("Lyon 69003", "Lyon 3e Arrondissement"),
        ("Marseille-14", "Marseille 14e Arrondissement"),
        ("Marseille 13014", "Marseille 14e Arrondissement"),
        ("Toulon Cedex 9", "Toulon"),
    ],
)
def test_the_usual_liberties_lead_to_the_official_name(written: str, official: str) -> None:
    assert name_key(written) == name_key(official)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("La Garde", "Garde"),
        ("Saint-Étienne", "Sainte-Étienne"),
        ("Paris 14", "Paris 4"),
        ("Paris 21", "Paris 2"),
        ("Lyon 10", "Lyon 1"),
        ("Château-Chinon (Ville)", "Château-Chinon (Campagne)"),
    ],
)
def test_different_names_keep_different_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_a_name_with_an_article_is_stored_with_and_without_it() -> None:
    assert naming.name_keys("L'Île-Rousse") == ("l ile rousse", "ile rousse")
    assert naming.name_keys("Les Mées") == ("les mees", "mees")
    assert naming.name_keys("Lesmées") == ("lesmees",)
    assert naming.name_keys("La") == ("la",)


@given(WORDS)
def test_a_key_of_a_key_is_itself(words: list[str]) -> None:
    key = name_key("-".join(words))
    assert name_key(key) == key


@given(WORDS, st.sampled_from("- ’'_"))
def test_case_accents_and_joins_never_matter(words: list[str], join: str) -> None:
    name = " ".join(words)
    assert naming.spelling(join.join(words).upper()) == naming.spelling(name.upper())
    assert naming.spelling(name.upper()) == naming.spelling(name.lower())


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert set(naming.name_key(text)) <= set(string.ascii_lowercase + string.digits + " ")
    naming.commune_code(text)
    naming.siren_code(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("04001", "04001"),
        ("4001", "04001"),
        ("4001.0", "04001"),
        (" 13 055 ", "13055"),
        ("2a004", "2A004"),
        ("97411", "97411"),
        ("001", None),
        ("123456", None),
        ("AB123", None),
        ("١٢٣٤٥", None),
        ("Paris", None),
    ],
)
def test_insee_codes_are_read_with_or_without_their_zero(text: str, code: str | None) -> None:
    assert naming.commune_code(text) == code


def test_a_siren_code_is_nine_digits() -> None:
    assert naming.siren_code("200 054 781") == "200054781"
    assert naming.siren_code("200054781.0") == "200054781"
    assert naming.siren_code("20005478") is None


@pytest.mark.parametrize(
    ("damaged", "whole"),
    [
        ("Ubaye-Serre-Ponèon", "Ubaye-Serre-Ponçon"),
        ("Saint-Pierre-d'Argenèon", "Saint-Pierre-d'Argençon"),
        ("ARGENÈON", "ARGENÇON"),
        ("Sèvres", "Sèvres"),
        ("Mèze", "Mèze"),
    ],
)
def test_a_cedilla_is_restored_only_where_french_has_no_grave_accent(
    damaged: str, whole: str
) -> None:
    assert naming.restored_cedilla(damaged) == whole


def test_a_double_encoding_is_undone() -> None:
    assert naming.tidy("Saint-Ã‰tienne") == "Saint-Étienne"
    assert naming.tidy("PonÃ§on") == "Ponçon"
    assert naming.tidy("Châtillon") == "Châtillon"


def test_control_characters_and_half_characters_are_dropped() -> None:
    assert naming.tidy("\ufeffLa\u00a0Garde\x00 \ud800\u200b") == "La Garde"
