"""Which commune is meant? One function for everything that people write."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.database.sessions import ReadSession
from app.geography import naming, repository
from app.geography.repository import CommuneRef, KnownCode, KnownName

__all__ = [
    "CodeTranslation",
    "CommuneRef",
    "Given",
    "Outcome",
    "Resolution",
    "resolve",
    "translate_codes",
]

Outcome = Literal["resolved", "ambiguous", "unknown"]

# How many nearest names an unknown text is answered with, and for how many distinct
# texts of one question they are looked for: nonsense by the thousand gets none.
NEAREST = 5
NEAREST_TEXTS = 100

_FORMER = {
    "former": "ancienne commune",
    "delegated": "commune déléguée",
    "associated": "commune associée",
}


@dataclass(frozen=True)
class Given:
    """Everything that someone wrote about one place; each part is evidence.

    Each is as it was written, None (or "") when it was not: `text`, a name, a code, or
    whatever stands for the place ("75013 PARIS", "La Garde (83)"); `department`, one or
    several ("4", "Var", "04 / 83"); `code`, what a column of INSEE codes holds;
    `postcode`, what one of postal codes holds; `district`, the arrondissement of a city
    ("13", "13e", "XIII"); `epci`, a SIREN code or a name; `number`, a figure beside the
    name that no header explains (a code, a postal code, a population…).
    """

    text: str = ""
    department: str | None = None
    code: str | None = None
    postcode: str | None = None
    district: str | None = None
    epci: str | None = None
    number: str | None = None


@dataclass(frozen=True)
class Resolution:
    """What a text means.

    `communes` is empty unless resolved; the code or name of a city, and an EPCI, resolve
    to several. `candidates` are the communes of the same name when ambiguous, those of
    the same name elsewhere then of the nearest names when unknown. `corrected` tells that
    it was resolved otherwise than by exact code or exact current name (case, accents,
    hyphens and apostrophes aside), and `note` then says how, in French. When what is
    given disagrees (`contradictory`) it is ambiguous, and `note` says what each part means.
    `suggested` are the candidates that the context of the question points to.
    """

    given: Given
    outcome: Outcome
    communes: tuple[CommuneRef, ...] = ()
    candidates: tuple[CommuneRef, ...] = ()
    note: str | None = None
    corrected: bool = False
    contradictory: bool = False
    suggested: tuple[CommuneRef, ...] = ()


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


def translate_codes(session: ReadSession, codes: Collection[str]) -> CodeTranslation:
    """Turn INSEE codes of any time into codes of today; a city's means its arrondissements.

    A constant number of queries. EPCI codes and names are unknown here.
    """
    given = list(dict.fromkeys(codes))
    readable = [code for code in given if naming.commune_code(code) == code]
    known = repository.known_codes(session, readable)
    communes: set[str] = set()
    translated: dict[str, list[str]] = {}
    unknown: list[str] = []
    candidates: dict[str, list[CommuneRef]] = {}
    for code in given:
        rows = known.get(code, [])
        targets = sorted({_commune_of(row) for row in rows})
        if not rows:
            unknown.append(code)
        elif len(targets) > 1 and rows[0].kind != "city":
            unknown.append(code)
            candidates[code] = targets
        else:
            communes.update(target.code for target in targets)
            if rows[0].kind != "commune":
                translated[code] = [target.code for target in targets]
    return CodeTranslation(frozenset(communes), translated, unknown, candidates)


def resolve(
    session: ReadSession, given: Sequence[Given], *, context: Collection[str] = ()
) -> list[Resolution]:
    """Tell which communes are meant, one answer per text, in the same order.

    Read are: INSEE codes of today or before, with or without their leading zero; SIREN
    codes of EPCI; names of today, then names once in force (merged, déléguées and
    associées communes, renamed ones), with or without article, "St" for "Saint",
    arrondissements in any of their forms, cities for all their arrondissements, with a
    department beside the name or within the text ("Saint-Denis (974)").

    A name of today in the department goes before a former one; a name without its article
    counts as much as a former name with its own. Several communes at the same rank are an
    ambiguity, never a guess. At most six queries, whatever the number of texts.
    """
    question = _Question(session, given)
    return [question.answer(each) for each in given]


def _commune_of(row: KnownCode | KnownName) -> CommuneRef:
    return CommuneRef(row.code, row.commune, row.department)


@dataclass(frozen=True)
class _Understood:
    """A text, and everything it may stand for before the database is asked."""

    given: Given
    code: str | None
    siren: str | None
    departments: tuple[str, ...]
    readings: tuple[naming.Reading, ...]

    @property
    def name(self) -> str:
        """Give the name without what stands around it."""
        return self.readings[-1].name if self.readings else ""

    def places(self, reading: naming.Reading) -> tuple[str, ...]:
        # What stands in the text itself is nearer to the name than a column beside it.
        return reading.departments or self.departments


class _Question:
    """All the texts of one call, and what the database knows about them."""

    def __init__(self, session: ReadSession, given: Sequence[Given]) -> None:
        departments = repository.department_names(session)
        self._known_departments = {
            key: code for code, name in departments for key in naming.name_keys(name)
        }
        understood = [self._understand(each) for each in dict.fromkeys(given)]
        codes = {code for u in understood for code in (u.code, u.siren) if code}
        self._codes = repository.known_codes(session, codes)
        self._served = repository.communes_by_postcode(session, codes) if codes else {}
        keys = {
            key
            for u in understood
            for reading in u.readings
            for key in (reading.key, naming.bare_key(reading.key))
        }
        self._names = repository.known_names(session, keys)
        self._answers: dict[Given, Resolution] = {}
        open_ones = []
        for u in understood:
            answer = self._by_code(u) or self._by_name(u)
            if answer is None:
                open_ones.append(u)
            else:
                self._answers[u.given] = answer
        self._answer_the_rest(session, open_ones)

    def answer(self, given: Given) -> Resolution:
        return self._answers[given]

    def _understand(self, given: Given) -> _Understood:
        text = naming.tidy(given.text)
        code, siren = naming.commune_code(text), naming.siren_code(text)
        departments = (
            naming.department_codes(given.department, self._known_departments)
            if given.department
            else ()
        )
        name = naming.district_of_a_department(text, departments) or given.text
        return _Understood(
            given,
            code,
            siren,
            departments,
            () if code or siren else naming.readings(name, self._known_departments),
        )

    def _by_code(self, u: _Understood) -> Resolution | None:
        code = u.siren or u.code
        rows = self._codes.get(code or "", [])
        if not rows:
            return None
        communes = tuple(sorted({_commune_of(row) for row in rows}))
        kind, name = rows[0].kind, rows[0].name
        # Spaces, or the ".0" of a spreadsheet, are no correction; a lost zero is.
        restored = u.code is not None and u.code[1:] == naming.tidy(u.given.text).split(".")[0]
        note = f"code {code} rétabli avec son zéro initial" if restored else None
        if kind in ("city", "epci"):
            what = f"{name} : ses {len(communes)} " + (
                "arrondissements" if kind == "city" else "communes"
            )
            return _resolved(
                u.given, communes, f"{note} ; {what}" if note else what, corrected=restored
            )
        if kind == "commune":
            return _resolved(u.given, communes, note, corrected=restored)
        said = f"code {code} : {_FORMER[kind]} {name}"
        if len(communes) > 1:
            said += ", partagée entre plusieurs communes"
            return Resolution(u.given, "ambiguous", candidates=communes, note=said)
        # The Seine numbered its communes until 1968 as La Poste numbers Paris today.
        served = self._served.get(code or "", []) if str(code).startswith("75") else []
        if served:
            said += f" ; aussi le code postal de {served[0].name}"
            both = (*served, *communes)
            return Resolution(u.given, "ambiguous", candidates=both, note=said)
        said += f", aujourd'hui {communes[0].name}"
        return _resolved(u.given, communes, said, corrected=True)

    def _by_name(self, u: _Understood) -> Resolution | None:
        for reading in u.readings:
            rows = self._rows(reading)
            places = u.places(reading)
            within = [row for row in rows if not places or row.department in places]
            answer = _judge(u.given, reading, within)
            if answer is not None:
                return answer
        return None

    def _rows(self, reading: naming.Reading) -> list[KnownName]:
        key = reading.key
        rows = list(self._names.get(key, ()))
        bare = naming.bare_key(key)
        return rows if bare == key else rows + self._names.get(bare, [])

    def _answer_the_rest(self, session: ReadSession, open_ones: list[_Understood]) -> None:
        asked = [u for u in open_ones if u.readings][:NEAREST_TEXTS]
        # The last reading is the one without what stands around the name.
        pairs = [(u.readings[-1].key, u.places(u.readings[-1])) for u in asked]
        nearest = dict(
            zip(
                (u.given for u in asked),
                repository.nearest_names(session, pairs, NEAREST),
                strict=True,
            )
        )
        for u in open_ones:
            self._answers[u.given] = self._rest(u, nearest.get(u.given, []))

    def _rest(self, u: _Understood, nearest: list[KnownName]) -> Resolution:
        joined = [row for row in nearest if naming.is_same_but_for_spaces(u.name, row.name)]
        joined = [row for row in joined if row.kind == "current"] or joined
        if len({row.code for row in joined}) == 1:
            row = joined[0]
            read = f"« {u.name} » lu « {row.name} »{_today(row)}"
            return _resolved(u.given, (_commune_of(row),), read, corrected=True)
        elsewhere = [
            _commune_of(row)
            for reading in u.readings
            if u.places(reading)
            for row in self._rows(reading)
        ]
        by_postcode = self._served.get(u.code or "", [])
        note: str | None = None
        if by_postcode:
            note = f"{u.code} n'est pas un code INSEE, mais un code postal"
        elif elsewhere:
            note = "aucune commune de ce nom dans ce département"
        candidates = dict.fromkeys(
            [*elsewhere[: 2 * NEAREST], *by_postcode, *map(_commune_of, nearest)]
        )
        return Resolution(u.given, "unknown", candidates=tuple(candidates), note=note)


def _resolved(
    given: Given, communes: tuple[CommuneRef, ...], note: str | None, *, corrected: bool
) -> Resolution:
    return Resolution(given, "resolved", communes, note=note, corrected=corrected)


def _judge(given: Given, reading: naming.Reading, rows: list[KnownName]) -> Resolution | None:
    """Take the best rank of names that has any, None when there is none."""
    key = reading.key
    ranks: list[list[KnownName]] = [[], [], []]
    for row in rows:
        whole = naming.name_key(row.name) == key
        today = row.kind in ("current", "city")
        ranks[0 if whole and today else 1 if whole or today else 2].append(row)
    for rank in ranks:
        if not rank:
            continue
        targets = {row.city or row.code for row in rank}
        communes = tuple(sorted({_commune_of(row) for row in rank}))
        if len(targets) > 1:
            return Resolution(given, "ambiguous", candidates=communes)
        return _told(given, reading, rank[0], communes)
    return None


def _told(
    given: Given, reading: naming.Reading, row: KnownName, communes: tuple[CommuneRef, ...]
) -> Resolution:
    same = naming.spelling(reading.name) == naming.spelling(row.name)
    today = row.kind in ("current", "city")
    notes = []
    if reading.repaired:
        notes.append(f"caractère abîmé : « {_shown(given.text)} » lu « {reading.name} »")
    if reading.ignored:
        notes.append(f"précision « {reading.ignored} » laissée de côté")
    if not same and not reading.repaired:
        notes.append(f"« {reading.name} » lu « {row.name} »")
    if not today:
        notes.append(f"{row.name}{_today(row)}")
    corrected = bool(notes)
    if row.city:
        notes.append(f"{row.name} : ses {len(communes)} arrondissements")
    return _resolved(given, communes, " ; ".join(notes) or None, corrected=corrected)


def _shown(text: str) -> str:
    return " ".join(text.split())[:200]


def _today(row: KnownName) -> str:
    if row.kind == "current":
        return ""
    return f" : {_FORMER[row.kind]}, aujourd'hui {row.commune} ({row.department})"
