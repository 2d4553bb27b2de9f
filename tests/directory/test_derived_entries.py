"""What the directory searches follows what CPTS wrote, whoever writes, and forgets it too."""

from collections.abc import Callable

from sqlalchemy import Engine, text

from app.cpts.demonstration.service import remove_demonstration
from app.cpts.verification.service import verify
from app.database.sessions import session_scope, snapshot_scope
from app.progress import SilentProgress
from tests.administration import administration

Register = Callable[..., int]


def run(engine: Engine, statement: str, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def entry(engine: Engine, cpts_id: int) -> dict[str, object]:
    with engine.connect() as connection:
        asked = text(
            "SELECT declared_themes, themes, planned_themes, current_themes, done_themes,"
            " tsvector_to_array(words) AS words FROM directory_entry WHERE cpts_id = :id"
        )
        return dict(connection.execute(asked, {"id": cpts_id}).mappings().one())


def words(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            row.word: row.entries
            for row in connection.execute(text("SELECT word, entries FROM directory_word"))
        }


SHEET = "INSERT INTO cpts_sheet (cpts_id, presentation) VALUES (:id, :told)"
ACTION = (
    "INSERT INTO cpts_action (cpts_id, theme_slug, state, text)"
    " VALUES (:id, :theme, :state, :told)"
)


def test_an_entry_holds_what_was_written_and_worked_on(
    engine: Engine, register: Register
) -> None:
    cpts_id = register("CPTS d'essai", communes=("59378",), themes=["diabete"])
    assert entry(engine, cpts_id)["themes"] == ["diabete"]
    run(engine, SHEET, id=cpts_id, told="Équipes de soins primaires")
    run(engine, ACTION, id=cpts_id, theme="chutes", state="realise", told="Ateliers")
    run(engine, ACTION, id=cpts_id, theme="diabete", state="en_projet", told="Dépistages")
    told = entry(engine, cpts_id)
    assert told["declared_themes"] == ["diabete"]
    assert told["themes"] == ["chutes", "diabete"]
    assert (told["planned_themes"], told["current_themes"]) == (["diabete"], [])
    assert told["done_themes"] == ["chutes"]
    # Without accents and endings.
    assert {"equip", "soin", "ateli", "depistag"} <= set(told["words"])  # type: ignore[call-overload]


def test_a_word_goes_with_the_last_text_that_holds_it(
    engine: Engine, register: Register
) -> None:
    one, two = (
        register(f"CPTS {n}", communes=(code,)) for n, code in enumerate(("59378", "59350"))
    )
    for cpts_id in (one, two):
        run(engine, SHEET, id=cpts_id, told="Ophtalmologie")
    assert words(engine) == {"ophtalmolog": 2}
    run(
        engine, "UPDATE cpts_sheet SET presentation = 'Cardiologie' WHERE cpts_id = :id", id=one
    )
    assert words(engine) == {"ophtalmolog": 1, "cardiolog": 1}
    run(engine, "DELETE FROM cpts_sheet WHERE cpts_id = :id", id=two)
    assert words(engine) == {"cardiolog": 1}


def test_a_cpts_that_is_removed_leaves_nothing_behind(engine: Engine) -> None:
    run(
        engine,
        "INSERT INTO cpts (name, started_on, demonstration)"
        " VALUES ('Démo', '2020-01-01', true)",
    )
    with engine.connect() as connection:
        cpts_id = int(connection.execute(text("SELECT id FROM cpts")).scalar_one())
    run(engine, SHEET, id=cpts_id, told="Ophtalmologie")
    run(engine, ACTION, id=cpts_id, theme="chutes", state="realise", told="Ateliers")
    run(
        engine,
        "INSERT INTO cpts_contact (cpts_id, name, kept_until)"
        " VALUES (:id, 'Camille Exemple', (now() AT TIME ZONE 'Europe/Paris')::date + 10)",
        id=cpts_id,
    )
    with session_scope(engine) as session:
        remove_demonstration(session)
    with engine.connect() as connection:
        for table in ("cpts_sheet", "cpts_action", "cpts_contact", "directory_entry"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
    assert words(engine) == {}


def test_the_verification_names_what_is_searched_otherwise_than_it_was_written(
    engine: Engine, register: Register
) -> None:
    one = register("CPTS Une", communes=("59378",), themes=["diabete"])
    other = register("CPTS Autre", communes=("59350",), themes=["chutes"])
    run(engine, SHEET, id=one, told="Équipes de soins primaires")
    run(engine, ACTION, id=one, theme="chutes", state="realise", told="Ateliers")

    def drift() -> list[str]:
        with snapshot_scope(engine) as session:
            return verify(session, SilentProgress())

    assert drift() == []
    damages = (
        f"UPDATE directory_entry SET words = words || 'intrus' WHERE cpts_id = {one}",
        f"UPDATE directory_entry SET done_themes = '{{}}' WHERE cpts_id = {one}",
        f"UPDATE directory_entry SET themes = '{{sommeil}}' WHERE cpts_id = {other}",
        "UPDATE directory_word SET entries = 7 WHERE word = 'ateli'",
    )
    with administration(engine) as connection:
        for damage in damages:
            connection.execute(text(damage))
    assert drift() == [
        f"CPTS {one} « CPTS Une » : annuaire inexact (mots, thèmes réalisés)",
        f"CPTS {other} « CPTS Autre » : annuaire inexact (thèmes)",
        "Mot « ateli » de l'annuaire : compté dans 7 CPTS au lieu de 1",
    ]
