"""The members' directory: how long one question takes, with all of its counts."""

import random
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import product
from time import perf_counter
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

# The table of CPTS refers to that of tokens.
import app.accounts.models  # noqa: F401
from app.cpts.claims.repository import insert_claims
from app.cpts.demonstration.service import load_demonstration
from app.cpts.reading.filtering import Filter, Filters
from app.cpts.reading.filters import DEPARTMENT, REGION, STAGE, THEME, TIER
from app.cpts.writing.repository import insert_cpts, put_stages
from app.cpts.writing.rules import StageRecord
from app.database.sessions import session_scope, snapshot_scope
from app.directory.search.filters import (
    ACTION_STATE,
    MEMBERS_MIN,
    MISSION,
    NEAR,
    TEXT,
    THEME_MATCH,
    WITHIN_KM,
    Asked,
)
from app.directory.search.service import listed
from app.http.paging import NOWHERE
from app.http.repository import lock_registry
from app.progress import SilentProgress
from benchmarks.figures import Figure, Target, median, percentile
from benchmarks.scratch import ScratchServer, analyse, engine_on

TOPIC = "Annuaire des membres : 1 000 CPTS, 20 thèmes, textes de 1 000 signes"
CPTS, THEMES, SIGNS = 1_000, 20, 1_000
_SINCE = date(2020, 1, 1)
_PAGE = 20
_ROUNDS = 3
# One value of each filter, or none: every combination of them is asked.
CHOICES: tuple[tuple[Filter[Any], Any], ...] = (
    (TEXT, "insuffisance cardiaque"),
    (REGION, ("32",)),
    (STAGE, ("aci_signe",)),
    (TIER, ("2", "3")),
    (THEME, ("diabete", "insuffisance_cardiaque")),
    (MISSION, ("prevention",)),
    (ACTION_STATE, ("realise",)),
    (NEAR, "59350"),
)
# Asked one by one: what is costly by itself.
ALONE: tuple[tuple[str, dict[Filter[Any], Any]], ...] = (
    ("sans filtre", {}),
    ("un mot fréquent", {TEXT: "soins"}),
    ("un début de mot", {TEXT: "ca"}),
    ("une faute de frappe", {TEXT: "insufisance cardiaqe"}),
    ("des communes nombreuses", {TEXT: "saint"}),
    ("tous les thèmes", {THEME: ("diabete", "chutes"), THEME_MATCH: "all"}),
    ("à moins de 50 km", {NEAR: "35238", WITHIN_KM: 50.0}),
    ("un département, des membres", {DEPARTMENT: ("59",), MEMBERS_MIN: 100}),
)


def measure_directory(server: ScratchServer) -> list[Figure]:
    """Ask every combination of filters, and what is costly by itself."""
    with server.copy("bench_directory") as url, engine_on(url) as engine:
        fill_directory(engine)
        analyse(engine)
        questions = list(combinations())
        times = _asked(engine, [filters for _, filters in questions])
        medians = [median(each) for each in times]
        slowest = max(range(len(medians)), key=medians.__getitem__)
        figures = [
            Figure(
                TOPIC,
                f"{len(questions)} combinaisons, la médiane la plus longue",
                medians[slowest],
                "ms",
                target=Target("below", 30),
                note=questions[slowest][0],
            ),
            Figure(TOPIC, "toutes, médiane", median(medians), "ms"),
            Figure(TOPIC, "toutes, 95e centile", percentile(medians, 0.95), "ms"),
        ]
        alone = _asked(engine, [Filters(asked, limit=_PAGE) for _, asked in ALONE])
        figures += [
            Figure(TOPIC, label, median(each), "ms", target=Target("below", 30))
            for (label, _), each in zip(ALONE, alone, strict=True)
        ]
    return figures


def combinations() -> Iterator[tuple[str, Filters]]:
    """Give every combination of the choices, named by its filters."""
    for chosen in product((False, True), repeat=len(CHOICES)):
        asked = {
            key: value
            for (key, value), is_asked in zip(CHOICES, chosen, strict=True)
            if is_asked
        }
        name = ", ".join(key.name for key in asked) or "sans filtre"
        yield name, Filters(asked, limit=_PAGE)


def _asked(engine: Engine, questions: Sequence[Filters]) -> list[list[float]]:
    """Ask each question several times, in rounds, and give the milliseconds of each."""
    times: list[list[float]] = [[] for _ in questions]
    with snapshot_scope(engine) as session:
        for _ in range(10):
            listed(session, Asked(Filters(limit=_PAGE)), NOWHERE)
        for _ in range(_ROUNDS):
            for number, filters in enumerate(questions):
                began = perf_counter()
                listed(session, Asked(filters), NOWHERE)
                times[number].append(1000 * (perf_counter() - began))
    return times


def fill_directory(engine: Engine) -> None:
    """Have 1 000 CPTS with a territory, of 20 themes with a text each."""
    load_demonstration(engine, SilentProgress())
    chance = random.Random(11)
    with session_scope(engine) as session:
        lock_registry(session)
        known = list(session.scalars(text("SELECT id FROM cpts ORDER BY id")))
        free = list(
            session.scalars(
                text(
                    "SELECT code FROM commune WHERE code NOT IN"
                    " (SELECT commune_code FROM claim) ORDER BY code"
                )
            )
        )
        missing = CPTS - len(known)
        ids = insert_cpts(
            session,
            [{"name": f"Mesure {n}", "started_on": _SINCE} for n in range(missing)],
        )
        stage = StageRecord("aci_signe", _SINCE, _SINCE)
        put_stages(session, [(number, stage) for number in ids])
        share = len(free) // missing
        insert_claims(
            session,
            [
                (number, code, _SINCE)
                for position, number in enumerate(ids)
                for code in free[position * share : (position + 1) * share]
            ],
        )
        _write_sheets(session, [*known, *ids], chance)


def _write_sheets(session: Session, ids: Sequence[int], chance: random.Random) -> None:
    slugs = list(session.scalars(text("SELECT slug FROM theme ORDER BY slug")))
    words = vocabulary(session)
    session.execute(
        text(
            "INSERT INTO cpts_sheet (cpts_id, presentation, members_count, confirmed_on)"
            " SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:told AS text[]),"
            " CAST(:members AS bigint[]), CAST(:days AS date[]))"
        ),
        {
            "ids": list(ids),
            "told": [_text(words, chance) for _ in ids],
            "members": [chance.randint(20, 400) for _ in ids],
            "days": [date(2026, chance.randint(1, 12), 1) for _ in ids],
        },
    )
    actions = [(number, slug) for number in ids for slug in chance.sample(slugs, THEMES)]
    session.execute(
        text(
            "INSERT INTO cpts_action (cpts_id, theme_slug, state, year, text)"
            " SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:slugs AS text[]),"
            " CAST(:states AS text[]), CAST(:years AS bigint[]), CAST(:told AS text[]))"
        ),
        {
            "ids": [number for number, _ in actions],
            "slugs": [slug for _, slug in actions],
            "states": chance.choices(("en_projet", "en_cours", "realise"), k=len(actions)),
            "years": [chance.randint(2019, 2027) for _ in actions],
            "told": [_text(words, chance) for _ in actions],
        },
    )


def vocabulary(session: Session) -> list[str]:
    """List some thousands of words, those of themes and missions first: the frequent ones."""
    asked = text(
        "SELECT word FROM (SELECT regexp_split_to_table(label || ' ' || 'soins équipe patients"
        " professionnels cardiaque médecins infirmiers', '[^[:alpha:]]+') AS word, 0 AS rank"
        " FROM theme UNION ALL SELECT name, 1 FROM (SELECT DISTINCT name FROM commune"
        " WHERE name ~ '^[[:alpha:]]+$' ORDER BY name LIMIT 4000) c) w"
        " WHERE length(word) > 3 GROUP BY word ORDER BY min(rank), word"
    )
    return list(session.scalars(asked))


def _text(words: Sequence[str], chance: random.Random) -> str:
    """Write so many signs; as in a language, few words make up most of it."""
    drawn: list[str] = []
    length = 0
    while length < SIGNS:
        word = words[min(int(chance.paretovariate(0.6)) - 1, len(words) - 1)]
        drawn.append(word)
        length += len(word) + 1
    return " ".join(drawn)[:SIGNS]
