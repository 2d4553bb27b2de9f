"""Letters outlive the fictitious CPTS that they named."""

from sqlalchemy import Engine, text

from app.cpts.demonstration.service import remove_demonstration
from app.database.sessions import session_scope
from tests.administration import administration
from tests.letters.desk import LILLE, MARCQ, MONS, Bearer, Desk, Register


def test_demonstration_data_is_removed_whatever_letters_named_it(
    desk: Desk, bearer: Bearer, register: Register, engine: Engine
) -> None:
    fictitious = register("Démo CPTS", communes=(LILLE,))
    register("Démo dynamique", "dynamique_identifiee", (MONS,))
    with administration(engine) as connection:
        connection.execute(text("UPDATE cpts SET demonstration = true"))
    editor = bearer("editor", cpts=fictitious)
    amendment = desk.deposit(LILLE, MARCQ, kind="amendment", cpts=fictitious, by=editor)["id"]
    other = desk.deposit(MONS, by=editor)["id"]
    own = register("CPTS réelle", "dynamique_identifiee")
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE cpts SET created_by = (SELECT id FROM api_token WHERE cpts_id = :demo)"
                " WHERE id = :own"
            ),
            {"demo": fictitious, "own": own},
        )
    with session_scope(engine) as session:
        assert remove_demonstration(session) == 2
    assert desk.letter(amendment)["cpts"] is None
    assert desk.letter(amendment)["timeline"][0]["actor"] == "essai editor"
    [conciliation] = desk.conciliations(desk.admin)
    assert conciliation["cpts"] == []
    desk.decide(amendment, desk.ars)
    assert desk.decide(amendment, desk.am).status_code == 422
    # Nothing disputes its commune any more: the next step lets it go on.
    assert desk.letter(other)["state"] == "en_conciliation"
    assert desk.decide(other, desk.ars).json()["state"] == "deposee"
    assert desk.decide(other, desk.am).json()["state"] == "validee"


def test_a_conciliation_whose_dynamic_has_gone_ends_on_demand(
    desk: Desk, register: Register
) -> None:
    dynamic = register("Une dynamique", "dynamique_identifiee", (LILLE,))
    letter = desk.deposit(LILLE)["id"]
    ended = desk.client.delete(f"/api/v1/cpts/{dynamic}", headers=desk.admin)
    assert ended.status_code == 204
    response = desk.post(f"/letters/{letter}/conciliation", {})
    assert response.status_code == 200
    assert response.json()["state"] == "deposee"
    [conciliation] = desk.conciliations(desk.admin)
    assert conciliation["open"] is False
