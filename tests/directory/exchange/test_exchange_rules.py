"""Columns of tables of sheets, and how rows join what a sheet tells, without a database."""

from typing import Any

from app.directory.exchange.rules import (
    HEADINGS,
    Line,
    Outcome,
    entries_of,
    joined_actions,
    joined_contacts,
    number_of,
    state_of,
    values_of,
)
from app.files.tables import Row, Table
from app.files.words import words_of

Told = tuple[dict[str, Any], Line]


def line() -> Line:
    return Line("", 1, "", "", Outcome.SKIPPED)


def action(theme: str, text: str, **more: Any) -> dict[str, Any]:
    return {
        "theme": theme,
        "state": "en_cours",
        "year": None,
        "text": text,
        "links": [],
        **more,
    }


def contact(name: str, email: str | None = None, **more: Any) -> dict[str, Any]:
    return {"role": "", "name": name, "email": email, "phone": None, **more}


def test_no_heading_means_two_things() -> None:
    words = [words_of(word) for meant in HEADINGS.values() for word in meant]
    assert len(words) == len(set(words))


def test_rows_below_the_heading_are_read_by_what_its_columns_say() -> None:
    rows = (
        Row(1, ("Liste de la fédération",)),
        Row(3, ("", "Nom CPTS", "THÉMATIQUE", "Remarque", "E-mail")),
        Row(4, ("", "CPTS du Nord", "diabète", "x", "a@exemple.example")),
        Row(6, ("", "CPTS du Sud")),
    )
    read = entries_of(Table("Feuille", rows))
    assert read is not None
    assert [(each.row, dict(each.cells)) for each in read] == [
        (4, {"cpts": "CPTS du Nord", "theme": "diabète", "email": "a@exemple.example"}),
        (6, {"cpts": "CPTS du Sud"}),
    ]
    assert read[0].columns == {"cpts", "theme", "email"}
    assert entries_of(Table("", (Row(1, ("CPTS", "Adresse")),))) is None
    assert entries_of(Table("", (Row(1, ("Thématique", "Nom")),))) is None


def test_cells_are_read_as_people_write_them() -> None:
    assert [state_of(text) for text in ("", "En cours", "RÉALISÉ", "en_projet", "fini")] == [
        "en_cours", "en_cours", "realise", "en_projet", "fini",
    ]  # fmt: skip
    assert [number_of(text) for text in ("1 200", "douze", "1.5")] == [1200, "douze", "1.5"]
    assert values_of("a ; b\nc;;") == ["a", "b", "c"]


def test_actions_join_by_theme_and_text_and_else_come_last() -> None:
    standing = [action("diabete", "a"), action("chutes", "b"), action("chutes", "c")]
    told: list[Told] = [
        (action("diabete", "autre", year=2025), line()),
        (action("chutes", "c"), line()),
        (action("chutes", "d"), line()),
        (action("sommeil", ""), line()),
        (action("sommeil", ""), line()),
    ]
    joined = joined_actions(standing, told, replace=False)
    assert [(each["theme"], each["text"]) for each in joined] == [
        ("diabete", "autre"), ("chutes", "d"), ("chutes", "c"), ("sommeil", ""),
    ]  # fmt: skip
    assert [each.outcome for _, each in told[3:]] == [Outcome.LOADED, Outcome.UNCHANGED]
    assert joined[0]["year"] == 2025
    assert [each.outcome for _, each in told[:3]] == [
        Outcome.LOADED, Outcome.UNCHANGED, Outcome.LOADED,
    ]  # fmt: skip
    assert standing[0]["text"] == "a"
    only = joined_actions(standing, [(action("chutes", "c"), line())], replace=True)
    assert only == [action("chutes", "c")]


def test_contacts_join_by_address_and_else_by_name_and_an_empty_cell_says_nothing() -> None:
    standing = [contact("Camille", "c@x.example", phone="0499000001"), contact("Dominique")]
    told: list[Told] = [
        (contact("Camille Mariée", "C@x.example"), line()),
        (contact("DOMINIQUE", "d@x.example"), line()),
        (contact("Autre", "e@x.example"), line()),
        (contact("Autre", "e@x.example"), line()),
    ]
    joined = joined_contacts(standing, told, replace=False)
    assert [(each["name"], each["email"], each["phone"]) for each in joined] == [
        ("Camille Mariée", "C@x.example", "0499000001"),
        ("DOMINIQUE", "d@x.example", None),
        ("Autre", "e@x.example", None),
    ]
    assert told[3][1].outcome is Outcome.UNCHANGED
    only = joined_contacts(standing, told[:1], replace=True)
    assert [each["name"] for each in only] == ["Camille Mariée"]
