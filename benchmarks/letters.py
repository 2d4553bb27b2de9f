"""The check of a letter: does its time grow with the registry, and what does overlay find?"""

import http.client
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from sqlalchemy import Engine

from app.database.sessions import snapshot_scope
from app.geography.resolution import Given
from app.letters.check.repository import land_borders, registry_state
from app.letters.check.service import Question, check_letter
from benchmarks.figures import Figure, Target, median, percentile, ratio
from benchmarks.overlay import Beside, beside_overlay
from benchmarks.scratch import ScratchServer, analyse, engine_on
from benchmarks.servers import free_port, service
from benchmarks.territories import draw_letters, fill_registry

TOPIC = "Vérifier une lettre de 60 communes"
LETTER_SIZE = 60
LETTERS = 20
ROUNDS = 10
MANY = 30_000
# The answer tells more conflicts and neighbours where every commune has its own CPTS.
_STEADY = Target("below", 1.5, of="ratio")

Letters = Sequence[Sequence[str]]
Check = Callable[[Sequence[str]], None]


def measure_letters(server: ScratchServer) -> list[Figure]:
    """Check the same letters in a registry of the usual size and in one of 30 000 CPTS.

    The two are asked in turn, letter by letter, so that whatever else the machine does
    weighs on both alike.
    """
    with (
        server.copy("cpts_many") as many_url,
        engine_on(server.url) as few_engine,
        engine_on(many_url) as many_engine,
    ):
        letters = draw(few_engine)
        fill_registry(many_engine, MANY)
        analyse(many_engine)
        few, many = (beside_overlay(engine, letters) for engine in (few_engine, many_engine))
        inside = timed([inside_service(few_engine), inside_service(many_engine)], letters)
        with _over_http(server.url) as few_http, _over_http(many_url) as many_http:
            over = timed([few_http, many_http], letters)
    figures = [
        *_growth("dans le service", (few, inside[0]), (many, inside[1])),
        *_growth("par HTTP", (few, over[0]), (many, over[1])),
    ]
    for beside, seconds in zip((few, many), inside, strict=True):
        figures += _overlay_figures(beside, median(seconds))
    return figures


def _growth(
    label: str, small: tuple[Beside, list[float]], large: tuple[Beside, list[float]]
) -> list[Figure]:
    figures = []
    for registry, seconds in (small, large):
        grown = registry is large[0]
        figures.append(
            Figure(
                TOPIC,
                f"{label}, {registry.cpts} CPTS",
                median(seconds) * 1e3,
                "ms",
                ratio(median(seconds), median(small[1])) if grown else None,
                f"{small[0].cpts} CPTS" if grown else None,
                _STEADY if grown else None,
                f"95 % sous {percentile(seconds, 0.95) * 1e3:.1f} ms ; {len(seconds)} "
                f"vérifications, {registry.conflicts} CPTS en conflit en moyenne",
            )
        )
    return figures


def _overlay_figures(beside: Beside, own_s: float) -> list[Figure]:
    topic = f"{TOPIC}, à côté de geopandas.overlay ({beside.cpts} CPTS)"
    figures = [
        Figure(
            topic,
            "geopandas.overlay, territoires déjà en mémoire",
            median(beside.seconds) * 1e3,
            "ms",
            ratio(median(beside.seconds), own_s),
            "le service",
            note=f"95 % sous {percentile(beside.seconds, 0.95) * 1e3:.1f} ms ; lire les "
            f"territoires : {beside.read_s:.1f} s",
        )
    ]
    for found in beside.found:
        figures += [
            Figure(
                topic,
                f"faux conflits d'overlay, lettre {found.scale}",
                found.false,
                f"sur {found.true} vrais",
                note=f"{found.false_beyond_hectare} encore sans les morceaux de moins d'un "
                f"hectare ; {found.missed} vrais manqués",
            ),
            Figure(
                topic,
                f"faux conflits du service, même polygone {found.scale}",
                found.own_false,
                f"sur {found.true} vrais",
                note=f"{found.own_missed} vrais manqués",
            ),
        ]
    return figures


def draw(engine: Engine) -> list[list[str]]:
    """Draw the letters that are checked: neighbouring communes of the engine's geography."""
    with snapshot_scope(engine) as session:
        borders = land_borders(session, registry_state(session))
    return draw_letters(borders, LETTER_SIZE, LETTERS)


def inside_service(engine: Engine) -> Check:
    """Give the check of a letter without HTTP, each in a session of its own."""

    def check(letter: Sequence[str]) -> None:
        with snapshot_scope(engine) as session:
            check_letter(session, Question(given=[Given(code, None) for code in letter]))

    return check


@contextmanager
def _over_http(url: str) -> Iterator[Check]:
    settings = {"DATABASE_URL": url, "CPTS_DEMO": "0", "CPTS_CHECKS_PER_MINUTE": "1000000"}
    with service(free_port(), settings=settings) as base:
        parts = urlsplit(base)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

        def check(letter: Sequence[str]) -> None:
            body = json.dumps({"communes": list(letter)})
            headers = {"Content-Type": "application/json"}
            try:
                connection.request("POST", "/api/v1/letters/check", body, headers)
                answer = connection.getresponse()
            except (ConnectionError, http.client.RemoteDisconnected):
                # Idle for long while the other registry was asked: the server hung up.
                connection.close()
                connection.request("POST", "/api/v1/letters/check", body, headers)
                answer = connection.getresponse()
            told = json.loads(answer.read())
            if answer.status != 200 or len(told["territory"]["communes"]) != len(letter):
                raise AssertionError(f"the check answered {answer.status}")

        try:
            yield check
        finally:
            connection.close()


def timed(checks: Sequence[Check], letters: Letters) -> list[list[float]]:
    """Give, for each check, the seconds of every letter `ROUNDS` times.

    The checks take turns; each has answered every letter once before, not counted.
    """
    for letter in letters:
        for check in checks:
            check(letter)
    seconds: list[list[float]] = [[] for _ in checks]
    for _ in range(ROUNDS):
        for letter in letters:
            for check, taken in zip(checks, seconds, strict=True):
                began = time.perf_counter()
                check(letter)
                taken.append(time.perf_counter() - began)
    return seconds
