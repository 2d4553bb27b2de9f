"""What a password, a name and an address must be; how a browser is called."""

import pytest

from app.accounts.people.rules import (
    address_spelled,
    browser_called,
    check_password,
    name_spelled,
    password_spelled,
)
from app.problems import Invalid

KNOWN = ("Zélie Planté-Témoin", "zelie.plante@exemple.example")


@pytest.mark.parametrize(
    "password",
    [
        "",
        "x" * 11,
        "tracteur vi",
        "123456789012",
        "motdepasse1234",
        "azertyuiop123",
        "passwordpassword",
        "aaaaaaaaaaaaaaaa",
        "abcdefghijklmnop",
        "ZéliePlanté2024",
        "zelie.plante 12",
        "plante temoin 1",
        "x" * 201,
    ],
)
def test_a_password_that_is_short_long_common_or_of_ones_name_is_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password, known=KNOWN)
    assert refused.value.extensions["errors"][0]["loc"] == ["body", "password"]
    assert password not in refused.value.detail or not password


@pytest.mark.parametrize(
    "password",
    ["tracteur violet nuage", "Gk7#vQ2!pLx9", "girafe timbre océan", "é" * 3 + "Zk9-xw-42-bh"],
)
def test_a_password_that_is_long_and_of_no_list_is_taken(password: str) -> None:
    check_password(password, known=KNOWN)


def test_a_password_is_the_same_whichever_way_its_accents_were_typed() -> None:
    assert password_spelled("oce\u0301an") == password_spelled("oc\u00e9an")


@pytest.mark.parametrize(
    ("given", "spelled"),
    [(" Zelie@Exemple.FR ", "zelie@exemple.fr"), ("a.b+c@exemple.fr", "a.b+c@exemple.fr")],
)
def test_an_address_is_known_in_lower_case(given: str, spelled: str) -> None:
    assert address_spelled(given) == spelled


@pytest.mark.parametrize(
    "given",
    [
        "",
        "x",
        "a@b",
        "a b@exemple.fr",
        "a@exemple.fr\nBcc: b@exemple.fr",
        "a@exemple.fr, b@exemple.fr",
    ],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(Invalid):
        address_spelled(given)


@pytest.mark.parametrize("given", ["", "  ", "x" * 121, "Zélie\u202eéilèZ", "a\0b"])
def test_what_is_no_name_is_refused(given: str) -> None:
    with pytest.raises(Invalid):
        name_spelled(given)


def test_a_name_loses_its_needless_spaces_and_keeps_its_letters() -> None:
    assert name_spelled("  Zélie \t d’Œuvre ") == "Zélie d’Œuvre"


@pytest.mark.parametrize(
    ("sent", "called"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox, Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140",
            "Edge, Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18) Version/18 Safari/604.1", "Safari, iPhone"),
        ("<script>", "navigateur inconnu"),
        ("", "navigateur inconnu"),
    ],
)
def test_a_browser_is_called_so_that_its_owner_knows_it(sent: str, called: str) -> None:
    assert browser_called(sent) == called
