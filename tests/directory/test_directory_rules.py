"""The plain rules of the directory: reasons, likeness, freshness, links to mail."""

from datetime import date
from typing import Any

import pytest

from app.database.calendar import year_before
from app.directory.comparable.rules import Profile, likeness
from app.directory.search.rules import Hit, Wish, distance_told, reasons
from app.web.directory.rules import address, mailboxes, mailto, people_of

THEMES = {"diabete": "Diabète", "chutes": "Chutes"}


def action(theme: str, state: str, year: int | None = None) -> dict[str, object]:
    return {
        "theme": theme,
        "theme_label": THEMES[theme],
        "mission": "parcours",
        "state": state,
        "year": year,
    }


ITEM = {
    "themes": [
        {"slug": slug, "label": label, "mission": "parcours"} for slug, label in THEMES.items()
    ],
    "actions": [action("diabete", "en_projet"), action("diabete", "realise", 2024)],
    "members_count": 120,
}  # fmt: skip


@pytest.mark.parametrize(
    ("day", "since"),
    [
        (date(2026, 11, 30), date(2025, 11, 30)),
        (date(2024, 2, 29), date(2023, 2, 28)),
        (date(2025, 2, 28), date(2024, 2, 28)),
        (date(1, 1, 1), date(1, 1, 1)),
        (date(1, 12, 31), date(1, 1, 1)),
    ],
)
def test_a_confirmation_is_fresh_for_a_year(day: date, since: date) -> None:
    assert year_before(day) == since


def test_what_is_done_is_the_first_reason_and_a_theme_without_action_comes_after() -> None:
    told = reasons(Hit(1), ITEM, Wish(themes=THEMES, missions={}))
    assert told == [
        "Action réalisée : Diabète (2024)",
        "Action en projet : Diabète",
        "Travaille sur « Chutes »",
    ]


def test_only_actions_in_the_states_asked_for_are_reasons() -> None:
    told = reasons(Hit(1), ITEM, Wish(themes={}, missions={}, states=("realise",)))
    assert told == ["Action réalisée : Diabète (2024)"]


def test_where_the_words_were_and_how_far_it_is_are_reasons() -> None:
    wish = Wish(themes={}, missions={}, text="lille", near="Lille", members=True)
    assert reasons(Hit(1, 12.4, (1, 2, 4)), ITEM, wish) == [
        "Son nom ou son sigle répond à « lille »",
        "Une de ses communes répond à « lille »",
        "À 12 km de Lille",
        "120 membres",
    ]


@pytest.mark.parametrize(
    ("km", "told"),
    [(0, "Comprend Lille"), (0.4, "À moins de 1 km de Lille"), (1.6, "À 2 km de Lille")],
)
def test_distances_are_told_in_words(km: float, told: str) -> None:
    assert distance_told(km, "Lille") == told


OWN = Profile(1, "Une", 2, 100.0, date(2020, 1, 1), THEMES)


def test_the_more_alike_the_higher_and_each_likeness_is_said() -> None:
    twin = likeness(OWN, Profile(2, "Deux", 2, 100.0, date(2020, 1, 1), THEMES), 0.0)
    assert twin.score == pytest.approx(1)
    assert twin.reasons == [
        "Même taille (2)",
        "Densité proche (100 habitants par km²)",
        "Du même âge (depuis 2020)",
        "2 thèmes en commun : Diabète, Chutes",
        "Territoire voisin",
    ]
    for other, km in (
        (Profile(3, "Trois", 3, 100.0, date(2020, 1, 1), THEMES), 0.0),
        (Profile(3, "Trois", 2, 250.0, date(2020, 1, 1), THEMES), 0.0),
        (Profile(3, "Trois", 2, 100.0, date(2023, 1, 1), THEMES), 0.0),
        (Profile(3, "Trois", 2, 100.0, date(2020, 1, 1), {"chutes": "Chutes"}), 0.0),
        (Profile(3, "Trois", 2, 100.0, date(2020, 1, 1), THEMES), 150.0),
    ):
        assert 0 < likeness(OWN, other, km).score < twin.score


def test_what_nobody_knows_is_no_likeness() -> None:
    unknown = Profile(2, "Deux")
    assert likeness(Profile(1, "Une"), unknown, None).score == 0
    assert likeness(OWN, unknown, None).reasons == []


@pytest.mark.parametrize(
    "hostile",
    [
        "a@b.example?subject=x",
        "a@b.example&bcc=c@d.example",
        "a@b.example\r\nBcc: c@d.example",
        "a@b.example,c@d.example",
        "a@b.example;c@d.example",
        "Nom <a@b.example>",
        "a b@c.example",
        "a@b",
        "",
    ],
)
def test_only_an_address_alone_is_written_to(hostile: str) -> None:
    assert mailboxes([{"email": hostile}, {"email": "ok@b.example"}]) == ["ok@b.example"]


def test_what_an_address_may_hold_stays_part_of_it() -> None:
    told = mailboxes([{"email": "a&bcc=c@e.example"}, {"email": None}])
    assert mailto(told) == "mailto:?bcc=a%26bcc%3Dc@e.example"
    assert mailto([]) is None
    assert mailto([f"personne{n}@exemple.example" for n in range(100)]) is None


def test_without_contacts_the_association_is_who_to_call() -> None:
    item: dict[str, Any] = {
        "name": "CPTS d'essai", "website": None, "address": None, "email": "c@e.example",
        "phone": None, "contacts": [],
    }  # fmt: skip
    [row] = people_of([item])
    assert (row["role"], row["email"], row["cpts"]) == (
        "Association",
        "c@e.example",
        "CPTS d'essai",
    )


def test_another_choice_begins_at_the_first_page() -> None:
    pairs = [("theme", "diabete"), ("page", "3")]
    assert address("/membres", pairs) == "/membres?theme=diabete"
    assert address("/membres", pairs, page="4") == "/membres?theme=diabete&page=4"
    assert address("/membres", pairs, theme=None) == "/membres"
