"""The check of a letter: does its time grow with the registry, and what does overlay find?"""

import http.client
import json
import time
from collections.abc import Callable, Sequence
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
# A tenth is within what one run differs from the next by.
_STEADY = Target("below", 1.5, of="ratio")

Letters = Sequence[Sequence[str]]


def measure_letters(server: ScratchServer) -> list[Figure]:
    """Check the same letters in a registry of the usual size and in one of 30 000 CPTS."""
    with engine_on(server.url) as engine:
        letters = _draw(engine)
        few = beside_overlay(engine, letters)
        inside_few = _timed_service(engine, letters)
    over_few = _timed_http(server.url, letters)
    with server.copy("cpts_many") as url:
        with engine_on(url) as engine:
            fill_registry(engine, MANY)
            analyse(engine)
            many = beside_overlay(engine, letters)
            inside_many = _timed_service(engine, letters)
        over_many = _timed_http(url, letters)
    registries = ((few, inside_few, over_few), (many, inside_many, over_many))
    figures: list[Figure] = []
    for label, position in (("dans le service", 1), ("par HTTP", 2)):
        for registry in registries:
            seconds: list[float] = registry[position]
            grown = registry is registries[1]
            before: list[float] = registries[0][position]
            figures.append(
                Figure(
                    TOPIC,
                    f"{label}, {registry[0].cpts} CPTS",
                    median(seconds) * 1e3,
                    "ms",
                    ratio(median(seconds), median(before)) if grown else None,
                    f"{few.cpts} CPTS" if grown else None,
                    _STEADY if grown else None,
                    f"95 % sous {percentile(seconds, 0.95) * 1e3:.1f} ms ; {len(seconds)} "
                    f"vérifications, {registry[0].conflicts} conflits en moyenne",
                )
            )
    for beside, inside, _ in registries:
        figures += _overlay_figures(beside, median(inside))
    return figures


def _overlay_figures(beside: Beside, own_s: float) -> list[Figure]:
    topic = f"{TOPIC}, beside geopandas.overlay ({beside.cpts} CPTS)".replace(
        "beside", "à côté de"
    )
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


def _draw(engine: Engine) -> list[list[str]]:
    with snapshot_scope(engine) as session:
        borders = land_borders(session, registry_state(session))
    return draw_letters(borders, LETTER_SIZE, LETTERS)


def _timed_service(engine: Engine, letters: Letters) -> list[float]:
    def check(letter: Sequence[str]) -> None:
        with snapshot_scope(engine) as session:
            check_letter(session, Question(given=[Given(code, None) for code in letter]))

    return timed(check, letters)


def _timed_http(url: str, letters: Letters) -> list[float]:
    settings = {"DATABASE_URL": url, "CPTS_DEMO": "0", "CPTS_CHECKS_PER_MINUTE": "1000000"}
    with service(free_port(), **settings) as base:
        parts = urlsplit(base)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

        def check(letter: Sequence[str]) -> None:
            body = json.dumps({"communes": list(letter)})
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/api/v1/letters/check", body, headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
            if answer.status != 200 or len(told["territory"]["communes"]) != len(letter):
                raise AssertionError(f"the check answered {answer.status}")

        try:
            return timed(check, letters)
        finally:
            connection.close()


def timed(check: Callable[[Sequence[str]], None], letters: Letters) -> list[float]:
    """Give the seconds of each check, every letter `ROUNDS` times after one not counted."""
    for letter in letters:
        check(letter)
    seconds = []
    for _ in range(ROUNDS):
        for letter in letters:
            began = time.perf_counter()
            check(letter)
            seconds.append(time.perf_counter() - began)
    return seconds
