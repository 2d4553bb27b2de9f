"""Is a place read rightly? Every unit and every former name, in forty ways of writing them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from sqlalchemy import text

from app.database.sessions import ReadingSession, snapshot_scope
from app.geography import naming
from app.geography.resolution import Given, Resolution, resolve
from benchmarks.figures import Figure, Target
from benchmarks.scratch import ScratchServer, engine_on
from benchmarks.spellings import (
    DAMAGES,
    SPELLINGS,
    Place,
    Way,
    is_inherent,
    says_another,
)

TOPIC = "Lire un lieu : toutes les communes, tous les anciens noms"
_SHOWN = 5


@dataclass
class Tally:
    """What became of the rows of some ways of writing.

    `another` counts words that are, letter for letter, the name of another commune of the
    department, of today or before, and are read as that one; `wrong` shows what was read
    as what it is not. `pairs` are names of one department that are written alike in the way
    that was asked for: such a row is right when it is ambiguous between just these.
    """

    asked: int = 0
    right: int = 0
    another: int = 0
    inherent: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    pairs: set[str] = field(default_factory=set)

    @property
    def share(self) -> float:
        """Give the share of the rows that were read rightly, in per cent."""
        return 100 * self.right / self.asked if self.asked else 0.0

    def add(self, other: "Tally") -> None:
        """Count in what became of other rows."""
        self.asked += other.asked
        self.right += other.right
        self.another += other.another
        self.inherent += other.inherent
        self.seconds += other.seconds
        self.wrong += other.wrong
        self.pairs |= other.pairs


def measure_reading(server: ScratchServer, step: int = 1) -> list[Figure]:
    """Read every unit and every former name in every way; `step` takes one in so many."""
    figures = []
    with engine_on(server.url) as engine, snapshot_scope(engine) as session:
        places = every_place(session)[::step]
        for label, ways, least in (
            ("façons d'écrire", SPELLINGS, 99.9),
            ("lettres abîmées", DAMAGES, 95.0),
        ):
            whole = Tally()
            for way in ways.values():
                whole.add(tally(session, places, way))
            figures += _figures(label, len(ways), whole, least)
    return figures


def _figures(label: str, ways: int, whole: Tally, least: float) -> list[Figure]:
    rate = whole.asked / whole.seconds if whole.seconds else 0.0
    doubtful = (
        f"{whole.another} sont le nom exact d'une autre ; {whole.inherent} inhérentes ; "
        f"paires écrites de même : {', '.join(sorted(whole.pairs)) or 'aucune'}"
    )
    return [
        Figure(
            TOPIC,
            f"{label}, lues à tort",
            len(whole.wrong),
            "lignes",
            target=Target("below", 1),
            note=" ; ".join((doubtful, *whole.wrong[:_SHOWN])),
        ),
        Figure(
            TOPIC,
            f"{label}, lues justement",
            whole.share,
            "%",
            target=Target("at_least", least),
            note=f"{whole.asked} lignes en {ways} façons, {rate:.0f} lignes par seconde",
        ),
    ]


def tally(session: ReadingSession, places: Sequence[Place], way: Way) -> Tally:
    """Write places one way, read them, and compare with what they are."""
    asked = [(place, row) for place in places if (row := way(place)) is not None]
    start = perf_counter()
    answers = resolve(session, [row for _, row in asked])
    found = Tally(asked=len(asked), seconds=perf_counter() - start)
    for (place, row), answer in zip(asked, answers, strict=True):
        read = {commune.code for commune in answer.communes}
        if is_right(place, answer):
            found.right += 1
        elif pair := alike(place, row, answer):
            found.right += 1
            found.pairs.add(pair)
        elif not read:
            continue
        elif says_another(place, row):
            found.another += 1
        elif is_inherent(place):
            found.inherent += 1
        else:
            found.wrong.append(
                f"« {row.text} » ({place.department}) lu {' '.join(sorted(read))}"
            )
    return found


def is_right(place: Place, answer: Resolution) -> bool:
    """Whether an answer is the commune, or names all of them when a name has several."""
    if answer.outcome == "resolved":
        return {commune.code for commune in answer.communes} <= place.codes
    several = len(place.codes) > 1 and answer.outcome == "ambiguous"
    return several and {commune.code for commune in answer.candidates} <= place.codes


def alike(place: Place, row: Given, answer: Resolution) -> str | None:
    """Name two units of a department whose names are written alike, both of which are offered.

    « Chaume » without an article is La Chaume and, as a former name, Chaume: nobody can tell.
    """
    other = place.others.get(naming.spelling(row.text))
    offered = {commune.code for commune in answer.candidates}
    if answer.outcome != "ambiguous" or other is None or other in place.codes:
        return None
    if offered != place.codes | {other}:
        return None
    return f"{place.name} / {row.text} ({place.department})"


def every_place(session: ReadingSession) -> list[Place]:
    """Give every unit and every name once in force, with what a row can say of them."""
    names = session.execute(
        text(
            "SELECT DISTINCT n.name, n.kind, n.former_code, n.commune_code AS code,"
            " n.department_code AS department, d.name AS department_name"
            " FROM commune_name n JOIN department d ON d.code = n.department_code"
            " WHERE n.kind <> 'city' ORDER BY n.commune_code, n.kind, n.name"
        )
    ).all()
    served = session.execute(
        text("SELECT commune_code, min(postcode) FROM commune_postcode GROUP BY 1")
    )
    postcodes: dict[str, str] = {row[0]: row[1] for row in served}
    meant: dict[tuple[str, str], set[str]] = defaultdict(set)
    named: dict[str, dict[str, str]] = defaultdict(dict)
    led: dict[str, set[str]] = defaultdict(set)
    for row in names:
        key = naming.spelling(row.name)
        meant[row.department, key].add(row.code)
        led[row.former_code or row.code].add(row.code)
        if row.kind == "current":
            named[row.department][key] = row.code
        else:
            named[row.department].setdefault(key, row.code)
    units = {row.code for row in names if row.kind == "current"}
    found = []
    for row in names:
        is_current = row.kind == "current"
        codes = {row.code} if is_current else meant[row.department, naming.spelling(row.name)]
        # The code of today's commune is never one of its former name's.
        own = row.code if is_current else row.former_code
        sure = is_current or (own not in units and len(led[own]) == 1)
        found.append(
            Place(
                name=row.name,
                department=row.department,
                department_name=row.department_name,
                codes=frozenset(codes),
                own_code=own if sure else None,
                postcode=postcodes.get(row.code) if len(codes) == 1 else None,
                others=named[row.department],
            )
        )
    return found
