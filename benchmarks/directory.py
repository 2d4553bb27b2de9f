"""The members' directory: how long one question takes, with all of its counts."""

import http.client
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import product
from time import perf_counter
from typing import Any
from urllib.parse import urlencode, urlsplit

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.accounts.service import create_token
from app.cpts.claims.repository import insert_claims
from app.cpts.demonstration.service import load_demonstration
from app.cpts.reading.filtering import Filter, Filters
from app.cpts.reading.filters import BBOX, DEPARTMENT, REGION, STAGE, THEME, TIER, UPDATED_SINCE
from app.cpts.writing.repository import insert_cpts, put_stages
from app.cpts.writing.rules import StageRecord
from app.database.sessions import session_scope
from app.directory.search.filters import (
    ACTION_STATE,
    MEMBERS_MIN,
    MISSION,
    NEAR,
    TEXT,
    THEME_MATCH,
    WITHIN_KM,
)
from app.http.parameters import Bbox
from app.http.repository import lock_registry
from app.progress import SilentProgress
from benchmarks.figures import Figure, Target, median, percentile
from benchmarks.scratch import ScratchServer, analyse, engine_on
from benchmarks.servers import free_port, service

# Gives the milliseconds that the answer to a question took.
Ask = Callable[[Filters], float]

TOPIC = "Annuaire des membres : 1 000 CPTS, 20 thèmes, textes de 1 000 signes"
CPTS, THEMES, SIGNS = 1_000, 20, 1_000
_SINCE = date(2020, 1, 1)
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_PAGE = 20
_ROUNDS, _TIMES = 5, 9
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
    ("un rectangle, modifiées depuis", {BBOX: Bbox(1, 48, 3, 52), UPDATED_SINCE: _MOMENT}),
)


def measure_directory(server: ScratchServer) -> list[Figure]:
    """Ask every combination of filters over HTTP, and what is costly by itself."""
    with server.copy("bench_directory") as url, engine_on(url) as engine:
        token = fill_directory(engine)
        analyse(engine)
        settings = {
            "DATABASE_URL": url,
            "CPTS_DEMO": "0",
            # Nobody's contacts are withheld: every answer has all that it may have.
            "CPTS_CONTACTS_PER_DAY": str(CPTS),
        }
        with service(free_port(), settings=settings) as base, _asking(base, token) as ask:
            return [
                *_combined(ask),
                *_alone(ask),
                _never_asked(ask, engine),
                *_first(ask, engine),
            ]


def _combined(ask: Ask) -> list[Figure]:
    questions = list(combinations())
    times = _asked(ask, [filters for _, filters in questions])
    medians = [median(each) for each in times]
    slowest = max(range(len(medians)), key=medians.__getitem__)
    return [
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


def _alone(ask: Ask) -> list[Figure]:
    times = _asked(ask, [Filters(asked, limit=_PAGE) for _, asked in ALONE])
    return [
        Figure(TOPIC, label, median(each), "ms", target=Target("below", 30))
        for (label, _), each in zip(ALONE, times, strict=True)
    ]


def _never_asked(ask: Ask, engine: Engine) -> Figure:
    """Ask with words and a place that nobody has asked for, so that nothing is kept of them."""
    chance = random.Random(12)
    with session_scope(engine) as session:
        words = chance.sample(vocabulary(session)[50:], 2 * _PAGE)
        codes = chance.sample(
            list(session.scalars(text("SELECT code FROM commune ORDER BY code"))), _PAGE
        )
    pairs = zip(words[::2], words[1::2], strict=True)
    times = [
        ask(Filters({TEXT: " ".join(pair), NEAR: code}, limit=_PAGE))
        for pair, code in zip(pairs, codes, strict=True)
    ]
    label = "des mots et une commune que personne n'a demandés"
    return Figure(TOPIC, label, median(times), "ms", target=Target("below", 30))


def _first(ask: Ask, engine: Engine) -> list[Figure]:
    """Ask when views are to be noted, and right after a change, when nothing kept is of use."""
    before = {
        "qui voit ces contacts pour la première fois": "DELETE FROM contact_view",
        "la première réponse après un changement": "UPDATE cpts_sheet SET version = version + 1"
        " WHERE cpts_id = (SELECT min(s.cpts_id) FROM cpts_sheet s)",
    }
    figures = []
    for label, statement in before.items():
        times = []
        for _ in range(_TIMES):
            with session_scope(engine) as session:
                session.execute(text(statement))
            times.append(ask(Filters(limit=_PAGE)))
        figures.append(Figure(TOPIC, label, median(times), "ms"))
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


def _asked(ask: Ask, questions: Sequence[Filters]) -> list[list[float]]:
    """Ask each question several times, in rounds, and give the milliseconds of each."""
    for _ in range(10):
        ask(Filters(limit=_PAGE))
    times: list[list[float]] = [[] for _ in questions]
    for _ in range(_ROUNDS):
        for number, filters in enumerate(questions):
            times[number].append(ask(filters))
    return times


@contextmanager
def _asking(base: str, token: str) -> Iterator[Ask]:
    """Have a connection on which a question is asked, that gives the milliseconds it took."""
    parts = urlsplit(base)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    headers = {"Authorization": f"Bearer {token}"}

    def ask(filters: Filters) -> float:
        query = urlencode([*filters.pairs(), ("limit", str(filters.limit))])
        began = perf_counter()
        connection.request("GET", f"/api/v1/members/cpts?{query}", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        taken = 1000 * (perf_counter() - began)
        if answer.status != 200 or b'"contacts_withheld":true' in body:
            raise AssertionError(f"the directory answered {answer.status}")
        return taken

    try:
        yield ask
    finally:
        connection.close()


def fill_directory(engine: Engine) -> str:
    """Have 1 000 CPTS with a territory, of 20 themes with a text each, and persons to call.

    Gives the token of a member.
    """
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
        _write_contacts(session)
        return create_token(session, role="member", label="Mesure")


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


def _write_contacts(session: Session) -> None:
    session.execute(
        text(
            "INSERT INTO cpts_contact (cpts_id, position, role, name, email, phone, kept_until)"
            " SELECT c.id, n, 'Coordination', 'Personne fictive', n || '@exemple.example',"
            " '01 99 00 00 00', CURRENT_DATE + 700 FROM cpts c, generate_series(1, 2) AS s (n)"
        )
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
