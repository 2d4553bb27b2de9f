"""Which commune is meant? One function for everything that people write."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.geography import repository
from app.geography.evidence import answers, districts, numbers, texts
from app.geography.evidence import context as surroundings
from app.geography.evidence.answers import Outcome, Resolution, Row
from app.geography.evidence.codes import unit_code
from app.geography.evidence.damaged import NearNames
from app.geography.evidence.departments import Departments
from app.geography.evidence.groupings import Groupings
from app.geography.evidence.pieces import Gazetteer, Read, reference
from app.geography.evidence.quarters import Cities
from app.geography.evidence.rows import Given, names_grouping, take_apart
from app.geography.evidence.rules import agree
from app.geography.kept import KeptGeography
from app.geography.repository import KnownName
from app.geography.units import CommuneRef

__all__ = [
    "CodeTranslation",
    "CommuneRef",
    "Given",
    "Outcome",
    "Resolution",
    "resolve",
    "translate_codes",
]

# How many nearest names an unknown text is answered with, and for how many distinct
# texts of one question they are looked for: nonsense by the thousand gets none.
NEAREST = 5
NEAREST_TEXTS = 100
# How many parts of lists are read in one question.
MOST_PARTS = 10_000


@dataclass(frozen=True)
class CodeTranslation:
    """Codes of a write, in terms of today.

    `translated` has an entry for every given code that is not itself a unit's (a former
    code, a city's); `unknown` lists, in the order given, the codes that lead nowhere or,
    after a split, to several communes, which `candidates` then names.
    """

    communes: frozenset[str]
    translated: Mapping[str, list[str]]
    unknown: list[str]
    candidates: Mapping[str, list[CommuneRef]]


def stated_departments(session: ReadingSession, text: str) -> frozenset[str]:
    """Read the departments that somebody states for a list: "04,83", "Var", "PACA" is none.

    Empty when the text is not wholly understood.
    """
    return Departments(repository.departments_with_region(session)).read(text)


def translate_codes(session: ReadingSession, codes: Collection[str]) -> CodeTranslation:
    """Turn INSEE codes of any time into codes of today; a city's means all its units.

    A constant number of queries. EPCI codes and names are unknown here.
    """
    given = list(dict.fromkeys(codes))
    readable = [code for code in given if unit_code(code) == code]
    known = repository.known_codes(session, readable)
    communes: set[str] = set()
    translated: dict[str, list[str]] = {}
    unknown: list[str] = []
    candidates: dict[str, list[CommuneRef]] = {}
    for code in given:
        rows = known.get(code, [])
        targets = sorted({reference(row) for row in rows})
        if not rows:
            unknown.append(code)
        elif len({target.whole for target in targets}) > 1 and rows[0].kind != "city":
            unknown.append(code)
            candidates[code] = targets
        else:
            communes.update(target.code for target in targets)
            if rows[0].kind != "commune":
                translated[code] = [target.code for target in targets]
    return CodeTranslation(frozenset(communes), translated, unknown, candidates)


def resolve(
    session: ReadingSession,
    given: Sequence[Given],
    *,
    context: Collection[str] = (),
    settled_in: Collection[str] = (),
    lists: Sequence[Hashable] | None = None,
    kept: KeptGeography | None = None,
) -> list[Resolution]:
    """Tell which communes are meant, one answer per row, in the same order.

    Everything that a row says is evidence: INSEE codes of today or before, SIREN codes and
    names of EPCI, names of today and names once in force, postal codes, departments in
    columns or within the text, arrondissements. Each piece gives a set of units, and the
    answer is what all of them agree on: one unit, or one city, EPCI or list that nothing
    narrows. Several units are an ambiguity, and so is a contradiction, never a guess. What
    cannot be read is named in the note, and the answer is then `corrected`.

    A name of today goes before a former one where everything else agrees with both; a name
    without its article counts as much as a former name with its own. Parameters: `context`,
    departments that the list is about (else those of its rows that are read): they choose
    nothing, but tell which candidates are `suggested`, first and with the reason;
    `settled_in`, departments that somebody states for the whole list: they settle what is
    ambiguous, and nothing that a row contradicts; `lists`, the list that each row belongs
    to, one for all when None; `kept`, the geography of the session's snapshot, made here when
    None. A constant number of queries, whatever the number of rows, and few for what was
    asked before.
    """
    if not given:
        return []
    geography = kept or KeptGeography.of(session)
    found = _answered(geography, given)
    if settled_in and any(each.outcome == "ambiguous" for each in found):
        again = _answered(geography, surroundings.within(given, found, settled_in))
        found = [
            surroundings.settled(before, after, settled_in)
            for before, after in zip(found, again, strict=True)
        ]
    names = lists if lists is not None else [None] * len(given)
    found = surroundings.quarters_placed(found, names, _cities(geography))
    return surroundings.suggested(found, names, context or settled_in)


def _answered(kept: KeptGeography, given: Sequence[Given]) -> list[Resolution]:
    question = _Question(kept, given)
    question.read_lists(kept)
    return [question.answer(each) for each in given]


def _cities(kept: KeptGeography) -> Cities:
    return kept.once(
        ("cities", today()), lambda: Cities.of(repository.divided_cities(kept.session))
    )


class _Question:
    """All the rows of one call, and what the database knows about them."""

    def __init__(self, kept: KeptGeography, given: Iterable[Given]) -> None:
        distinct = list(dict.fromkeys(given))
        departments = kept.departments()
        cities = _cities(kept)
        known_groupings = (
            kept.once("epci", lambda: Groupings(repository.epci_names(kept.session)))
            if any(names_grouping(each) for each in distinct)
            else None
        )
        numbered = districts.numbered_cities(each.text for each in distinct)
        read = {
            each: take_apart(each, departments, known_groupings, numbered, cities)
            for each in distinct
        }
        codes = {code for each in read.values() for code in each.codes}
        self._known = Gazetteer(
            departments,
            codes=kept.known_codes(codes),
            served=kept.communes_by_postcode(codes),
            names=kept.known_names({key for each in read.values() for key in each.keys}),
            cities=cities,
        )
        postal = _is_list_of_postcodes(read.values(), self._known)
        rows = [
            answers.weighed(each, read[each], self._known, listed_as_postcodes=postal)
            for each in distinct
        ]
        self._answers: dict[Given, Resolution] = {}
        open_rows = []
        for row in numbers.weighed(rows, self._known):
            answer = answers.answer(row)
            if answer is None:
                open_rows.append(row)
            else:
                self._answers[row.given] = answer
        still_open = self._read_damaged(kept.session, open_rows)
        self._answer_the_rest(kept.session, still_open)

    def answer(self, given: Given) -> Resolution:
        return self._answers[given]

    def read_lists(self, kept: KeptGeography) -> None:
        """Read texts that nothing was made of as lists: all their parts must be read."""
        cut = {
            given: texts.cuts(given.text)
            for given, answer in self._answers.items()
            if answer.outcome == "unknown" and not given.code and not given.postcode
        }
        parts: dict[Given, list[list[Given]]] = {}
        left = MOST_PARTS
        for given, ways in cut.items():
            left -= sum(map(len, ways))
            if ways and left >= 0:
                parts[given] = [
                    [replace(given, text=part, number=None) for part in way] for way in ways
                ]
        if not parts:
            return
        inner = _Question(kept, [part for ways in parts.values() for w in ways for part in w])
        for given, lists in parts.items():
            for each_list in lists:
                read = surroundings.quarters_placed(
                    [inner.answer(part) for part in each_list],
                    [None] * len(each_list),
                    self._known.cities,
                )
                if all(each.outcome != "unknown" for each in read):
                    self._answers[given] = answers.of_list(given, read)
                    break

    def _read_damaged(self, session: ReadingSession, open_rows: list[Row]) -> list[Row]:
        """Answer the rows whose name fits one unit only, its lost letters aside."""
        places = {id(row): _places(row) for row in open_rows}
        asked = {code for found in places.values() for code in found or ()}
        anywhere = any(
            places[id(row)] is None and any(map(texts.is_damaged, row.read.wordings))
            for row in open_rows
        )
        near = NearNames(
            repository.names_of_departments(session, asked, accented_elsewhere=anywhere)
            if asked or anywhere
            else ()
        )
        still_open = []
        for row in open_rows:
            ways = near.ways(row.read.wordings, places[id(row)])
            agreement = agree(ways, row.target, row.limits) if ways else None
            # Letters that fit several names are guessed at; run-together words name them all.
            is_sure = not any(map(texts.is_damaged, row.read.wordings))
            if agreement is not None and (
                len(agreement.found) == 1 or (agreement.found and is_sure)
            ):
                self._answers[row.given] = answers.told(row, agreement)
            else:
                still_open.append(row)
        return still_open

    def _answer_the_rest(self, session: ReadingSession, open_rows: list[Row]) -> None:
        asked = [row for row in open_rows if row.read.wordings][:NEAREST_TEXTS]
        pairs = [(_barest(row.read), _places(row) or ()) for row in asked]
        nearest = dict(
            zip(
                (row.given for row in asked),
                repository.nearest_names(session, pairs, NEAREST),
                strict=True,
            )
        )
        for row in open_rows:
            self._answers[row.given] = self._rest(row, nearest.get(row.given, []))

    def _rest(self, row: Row, nearest: list[KnownName]) -> Resolution:
        code = row.read.lone or row.read.beside
        by_postcode = self._known.served.get(code or "", [])
        if by_postcode:
            note: str | None = f"{code} n'est pas un code INSEE, mais un code postal"
        else:
            note = " ; ".join(row.corrections) or None
        candidates = dict.fromkeys([*by_postcode, *map(reference, nearest)])
        return Resolution(row.given, "unknown", candidates=tuple(candidates), note=note)


def _places(row: Row) -> frozenset[str] | None:
    """Give the departments that a row's columns, or its own text, say; None for neither."""
    found: frozenset[str] | None = None
    for limit in row.limits:
        if limit.departments is not None:
            found = limit.departments if found is None else found & limit.departments
    within = frozenset(code for w in row.read.wordings for code in w.departments)
    return found if found is not None else within or None


def _barest(read: Read) -> str:
    """Give the key of a name without what stands around it."""
    return read.wordings[-1].key


def _is_list_of_postcodes(rows: Collection[Read], known: Gazetteer) -> bool:
    """Whether lone codes of a list are postal codes: one of them can be nothing else."""
    lone = [row.lone for row in rows if row.lone]
    return len(lone) > 1 and any(
        code not in known.codes and code in known.served for code in lone
    )
