"""No statement grows with what it is given: sets of any size are one parameter."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert

from app.cpts.claims import repository as claims
from app.cpts.history import repository as history
from app.cpts.importing import repository as importing
from app.cpts.models import CptsStage
from app.cpts.writing import repository as writing
from app.cpts.writing.rules import StageRecord
from app.database.arrays import of_rows
from app.database.sessions import WritingSession, session_scope
from app.geography import repository as geography
from tests.conftest import Register

# More than the 65 535 parameters of a statement.
MANY = 70_000
DAY = date(2026, 1, 1)
IDS = range(10**9, 10**9 + MANY)
NAMES = [f"cpts inconnue {number}" for number in range(MANY)]
STATEMENTS: dict[str, Callable[[WritingSession], Any]] = {
    "registered": lambda s: importing.registered(s, NAMES, NAMES),
    "refusals": lambda s: importing.refusals(s, NAMES),
    "standing_claims": lambda s: importing.standing_claims(s, NAMES, DAY),
    "search_keys": lambda s: dict.fromkeys(importing.search_keys(s, NAMES), 0) and [],
    "drop_refusals": lambda s: importing.drop_refusals(s, [("04001", name) for name in NAMES]),
    "first_days": lambda s: writing.first_days(s, IDS),
    "periods_from": lambda s: claims.periods_from(s, IDS, DAY),
    "own_claims_from": lambda s: claims.own_claims_from(s, IDS, DAY),
    "planned_after": lambda s: claims.planned_after(s, IDS, DAY),
    "existing_cpts": lambda s: claims.existing_cpts(s, IDS),
    "forget_fulfilled_refusals": lambda s: claims.forget_fulfilled_refusals(s, IDS),
    "release_from": lambda s: claims.release_from(s, [(i, "04001") for i in IDS], DAY),
    "snapshot": lambda s: history.snapshot(s, IDS),
    "touch_cpts": lambda s: history.touch_cpts(s, IDS),
    "known_names": lambda s: geography.known_names(s, NAMES),
    "known_codes": lambda s: geography.known_codes(s, NAMES),
    "communes_by_postcode": lambda s: geography.communes_by_postcode(s, NAMES),
}


@pytest.fixture
def writing_session(engine: Engine) -> Iterator[WritingSession]:
    with session_scope(engine) as session:
        yield session


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_set_of_any_size_is_asked_at_once(writing_session: WritingSession, name: str) -> None:
    assert not STATEMENTS[name](writing_session)


def test_stages_and_themes_are_put_in_one_statement_each(
    writing_session: WritingSession, register: Register
) -> None:
    [cpts] = [register("CPTS A", "dynamique_identifiee")]
    later = date(2026, 3, 1)
    letter, association = (
        StageRecord(slug, later, DAY)
        for slug in ("lettre_intention_validee", "association_creee")
    )
    writing.put_stages(writing_session, [(cpts, letter), (cpts, association)])
    assert association in writing.stages_of(writing_session, cpts)
    undated = StageRecord("association_creee", None, DAY)
    writing.put_stages(writing_session, [(cpts, undated)])
    assert undated in writing.stages_of(writing_session, cpts)
    slugs = writing.theme_slugs(writing_session)[:2]
    writing.set_themes(writing_session, {cpts: slugs})
    assert sorted(writing.themes_of(writing_session, cpts)) == sorted(slugs)


def test_a_statement_of_many_rows_has_one_parameter_for_each_column() -> None:
    rows = [{"cpts_id": i, "stage_slug": "aci_signe", "since": DAY} for i in range(MANY)]
    statement = of_rows(insert(CptsStage), rows)
    assert len(statement.compile(dialect=postgresql.dialect()).params) == 3  # type: ignore[no-untyped-call]


def test_refusals_of_the_whole_country_are_recorded(
    writing_session: WritingSession,
) -> None:
    codes = list(writing_session.execute(text("SELECT code FROM commune")).scalars())
    assert len(codes) > 34_000
    rows = [
        importing.Refusal(code, "", None, f"CPTS {code}", None, "aci_signe") for code in codes
    ]
    importing.put_refusals(writing_session, rows, DAY)
    again = date(2026, 2, 1)
    importing.put_refusals(writing_session, rows, again)
    found = writing_session.execute(
        text("SELECT count(*), min(refused_on), max(refused_on) FROM refused_claim")
    ).one()
    assert tuple(found) == (len(codes), DAY, DAY)
    keys = writing_session.execute(text("SELECT commune_code, claimant_key FROM refused_claim"))
    importing.drop_refusals(writing_session, [(code, key) for code, key in keys])
    count = writing_session.execute(text("SELECT count(*) FROM refused_claim"))
    assert count.scalar_one() == 0
