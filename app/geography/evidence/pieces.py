"""From what a row says to pieces of evidence, with what the reference geography knows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.french import others
from app.geography import naming
from app.geography.evidence import codes, damage, quarters, texts
from app.geography.evidence.departments import Departments
from app.geography.evidence.groupings import Groupings
from app.geography.evidence.quarters import Cities
from app.geography.evidence.rules import Limit, Meaning, Target, Way
from app.geography.evidence.texts import Wording
from app.geography.repository import KnownCode, KnownName
from app.geography.units import CommuneRef

KINDS = {
    "former": "ancienne commune",
    "delegated": "commune déléguée",
    "associated": "commune associée",
}
_MOST_SAID = 3
# The weakest rank of a commune: a former name, and an article more or less.
_FORMER_BARE = 3
# A quarter without its city: what any commune is called, or was, goes before.
_BARE_QUARTER = 4


@dataclass
class Gazetteer:
    """What the reference geography knows of everything that a question names."""

    departments: Departments
    groupings: Groupings | None = None
    codes: Mapping[str, Sequence[KnownCode]] = field(default_factory=dict)
    served: Mapping[str, Sequence[CommuneRef]] = field(default_factory=dict)
    names: Mapping[str, Sequence[KnownName]] = field(default_factory=dict)
    cities: Cities = field(default_factory=Cities)


@dataclass(frozen=True)
class Read:
    """What one row gives, taken apart, before the geography is asked.

    `lone` is a code that stands for the whole text; `wordings` the ways to understand a
    text that is none; `beside` the code of the column of codes, `postcodes` those of the column
    of postal codes, `number` a figure that no header explains; `place` the departments of the
    column; `district` the keys of which one is meant; `siren` codes of EPCI by column.
    `unread` says in French what nothing could be made of.
    """

    text: str = ""
    lone: str | None = None
    wordings: tuple[Wording, ...] = ()
    beside: str | None = None
    place: frozenset[str] | None = None
    postcodes: tuple[str, ...] = ()
    district: tuple[str, ...] = ()
    epci: tuple[str, ...] = ()
    text_epci: tuple[str, ...] = ()
    number: str | None = None
    corrections: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def codes(self) -> set[str]:
        """Every code that the geography is to be asked for."""
        number = codes.commune_code(self.number) if self.number else None
        own = (self.lone, self.beside, number, *self.postcodes, *self.epci, *self.text_epci)
        within = (wording.digits for wording in self.wordings)
        return {code for code in (*own, *within) if code}

    @property
    def keys(self) -> set[str]:
        """Every key of a name that the geography is to be asked for."""
        found = {key for wording in self.wordings for key in wording.keys}
        found.update(self.district)
        found.update(
            key for wording in self.wordings for key in first_letter_lost(wording.name)
        )
        return found


# The letters with an accent that begin names, as their keys have them.
_CAPITALS = ("e", "i", "o", "oe")


def first_letter_lost(name: str) -> tuple[str, ...]:
    """Give the keys of which a name may be all but the first letter: "chevannes"."""
    if not name[:1].islower() or not name[:1].isascii():
        return ()
    return tuple(letter + naming.name_key(name) for letter in _CAPITALS)


def reference(row: KnownCode | KnownName) -> CommuneRef:
    """Give the commune of today that a code or a name leads to."""
    return CommuneRef(row.code, row.commune, row.department, row.part_of)


def places(units: Iterable[CommuneRef], known: Gazetteer) -> list[Meaning]:
    """Give what units mean one by one, the parts of one city together."""
    grouped: dict[str, list[CommuneRef]] = {}
    for unit in sorted(units):
        grouped.setdefault(unit.whole, []).append(unit)
    found = []
    for code, members in grouped.items():
        city = known.cities.by_code.get(code) if members[0].part_of else None
        found.append(
            Meaning(frozenset(members), members[0])
            if city is None
            else Meaning(
                frozenset(members), city, whole=True, remarks=(told_parts(city.name, members),)
            )
        )
    return found


def told_parts(name: str, units: Collection[CommuneRef]) -> str:
    """Say in French that a city means all its units."""
    what = "quartiers" if all(unit.part_of for unit in units) else "arrondissements"
    return f"{name} : ses {len(units)} {what}"


def shown(units: Iterable[CommuneRef]) -> str:
    """Name some units with their code and department, in one line."""
    every = list(dict.fromkeys(units))
    names = [f"{unit.name} ({unit.code}, {unit.department})" for unit in every]
    more = len(names) - _MOST_SAID
    return ", ".join(names[:_MOST_SAID]) + (f" et {others(more)}" if more > 0 else "")


def code_meanings(rows: Sequence[KnownCode], known: Gazetteer) -> tuple[Meaning, ...]:
    """Give what a code means: a unit, a city, an EPCI, or what became of a former commune."""
    if not rows:
        return ()
    units = tuple(sorted({reference(row) for row in rows}))
    kind, name, code = rows[0].kind, rows[0].name, rows[0].given
    if kind in ("city", "epci"):
        communes = len({unit.whole for unit in units})
        told = (
            told_parts(name, units) if kind == "city" else f"{name} : ses {communes} communes"
        )
        whole = CommuneRef(code, name, units[0].department)
        return (Meaning(frozenset(units), whole, whole=True, remarks=(told,)),)
    if kind == "commune":
        return (Meaning(frozenset(units[:1]), units[0]),)
    said = f"code {code} : {KINDS[kind]} {name}"
    meant = places(units, known)
    if len(meant) > 1:
        said += ", partagée entre plusieurs communes"
    else:
        said += f", aujourd'hui {meant[0].shown.name}"
    return tuple(replace(each, corrections=(said,)) for each in meant)


def target_of(code: str | None, known: Gazetteer) -> Target | None:
    """Give what a column of codes names; None when that is nothing known."""
    rows = known.codes.get(code or "", ())
    if not rows:
        return None
    meanings = code_meanings(rows, known)
    units = [meaning.shown for meaning in meanings]
    return Target(f"le code {code} : {shown(units)}", meanings)


def way_of_code(
    code: str, known: Gazetteer, *, listed_as_postcodes: bool = False
) -> Way | None:
    """Give what a code names that stands alone, None when it is no code of any time.

    The Seine numbered its communes until 1968 as La Poste numbers Paris today: of a
    former code that is a postal code too, both are meant. So are both of any code in a
    list whose other codes are postal ones (`listed_as_postcodes`).
    """
    rows = known.codes.get(code, ())
    meanings = list(code_meanings(rows, known))
    if not meanings:
        return None
    served = known.served.get(code, ())
    if served and (rows[0].kind in KINDS or listed_as_postcodes):
        said = (f"code postal de {served[0].name}",)
        meanings += [replace(each, corrections=said) for each in places(served, known)]
    return Way(meanings, said=f"le code {code} : {shown(m.shown for m in meanings)}")


def way_of(wording: Wording, known: Gazetteer) -> Way | None:
    """Give what a wording names and admits, None when it names nothing known."""
    meanings = _name_meanings(wording, known)
    if not meanings:
        return None
    said = f"le nom « {wording.name} » : {shown(meaning.shown for meaning in meanings)}"
    limits = []
    if wording.departments:
        limits.append(department_limit(wording.departments, within=True))
    notes = list(wording.notes)
    if wording.digits:
        limit, note = digits_limit(wording.digits, known)
        limits += [limit] if limit else []
        notes += [note] if note else []
    return Way(meanings, limits, tuple(notes), wording.level, said, wording.excluded)


def department_limit(departments: frozenset[str], *, within: bool = False) -> Limit:
    """Give the limit that departments are, told by their numbers."""
    where = "du texte" if within else "donné"
    return Limit(f"le département {where} : {', '.join(sorted(departments))}", departments)


def units_limit(said: str, units: Iterable[CommuneRef]) -> Limit:
    """Give the limit that a set of units is, showing the first of them."""
    every = sorted(units)
    codes_of = frozenset(unit.code for unit in every)
    return Limit(said, codes=codes_of, units=tuple(every[:_MOST_SAID]))


def digits_limit(
    digits: str, known: Gazetteer, what: str = "le code"
) -> tuple[Limit | None, str | None]:
    """Give what five signs beside a name admit, as INSEE code or postal code, and a note."""
    units = {reference(row) for row in known.codes.get(digits, ())}
    units |= set(known.served.get(digits, ()))
    if units:
        return units_limit(f"{what} {digits} : {shown(sorted(units))}", units), None
    departments = known.departments.of_digits(digits)
    note = f"code {digits} inconnu"
    if not departments:
        return None, note
    said = f"{what} {digits}, inconnu, du département {', '.join(sorted(departments))}"
    return Limit(said, departments, checks=True), note


def _name_meanings(wording: Wording, known: Gazetteer) -> tuple[Meaning, ...]:
    for told, meanings in (
        (wording.districts, _districts_together),
        (wording.quarters, _quarters_together),
        (wording.either, _districts_apart),
    ):
        if told:
            return meanings(wording, known)
    if texts.is_damaged(wording):
        return ()
    key = wording.key
    grouped: dict[tuple[int, str], list[KnownName]] = {}
    for stored in wording.keys:
        for row in known.names.get(stored, ()):
            rank = _rank(wording.name, key, row)
            if wording.remark and rank > 1:
                # What is in brackets may tell former names apart: "Oyapoc (…)".
                continue
            if rank == _FORMER_BARE and stored != key:
                # An article that a former name never had: "La Frasne" is not Frasne.
                continue
            grouped.setdefault((rank, row.city or _place(row)), []).append(row)
    for stored in first_letter_lost(wording.name):
        for row in known.names.get(stored, ()):
            if damage.fits(wording.name, row.name):
                # Only ever makes doubtful what the literal name would be taken for.
                for rank in {rank for rank, _ in grouped} or {2}:
                    grouped.setdefault((rank, row.code), []).append(row)
    return tuple(
        _named(wording, rows, rank, known)
        for (rank, _), rows in sorted(grouped.items(), key=_by_rank)
    )


def _place(row: KnownName) -> str:
    """Give what rows of one name that mean one place together have in common."""
    is_own = row.kind in ("current", "part")
    return row.code if is_own or row.part_of is None else row.part_of


def _by_rank(item: tuple[tuple[int, str], list[KnownName]]) -> tuple[int, str]:
    return item[0]


def _rank(name: str, key: str, row: KnownName) -> int:
    if row.kind == "part":
        return _BARE_QUARTER
    today = row.kind in ("current", "city")
    whole = naming.name_key(row.name) == key
    if whole and today:
        return 0 if naming.spelling(name) == naming.spelling(row.name) else 1
    return 2 if whole or today else _FORMER_BARE


def _named(wording: Wording, rows: Sequence[KnownName], rank: int, known: Gazetteer) -> Meaning:
    row = rows[0]
    if row.kind == "part":
        corrections = [f"« {wording.name} » lu « {row.commune} »"]
        units = frozenset((reference(row),))
        return Meaning(
            units, reference(row), rank=rank, corrections=tuple(corrections), bare=True
        )
    same = naming.spelling(wording.name) == naming.spelling(row.name)
    corrections = [] if same else [f"« {wording.name} » lu « {row.name} »"]
    units = frozenset(reference(each) for each in rows)
    city = _city_of(row, known)
    if row.kind not in ("current", "city"):
        corrections.append(f"{row.name}{today(row, city)}")
    if city is None:
        return Meaning(units, reference(row), rank=rank, corrections=tuple(corrections))
    return Meaning(
        units,
        city,
        # What is left aside in brackets may be a part of it: « Marseille (15e-16e) ».
        whole=not wording.remark,
        rank=rank,
        corrections=tuple(corrections),
        remarks=(told_parts(city.name, units),),
        partly=wording.remark and row.part_of is not None,
    )


def _city_of(row: KnownName, known: Gazetteer) -> CommuneRef | None:
    """Give the city whose units a name means together, None when it means one unit."""
    if row.city is not None:
        return CommuneRef(row.city, row.name, row.department)
    return None if row.kind == "current" else known.cities.by_code.get(row.part_of or "")


def _quarters_together(wording: Wording, known: Gazetteer) -> tuple[Meaning, ...]:
    """Give the parts that a text names beside their city: each must be one of that city."""
    cities = {
        row.part_of
        for key in naming.name_keys(wording.name)
        for row in known.names.get(key, ())
        if row.kind == "city" and row.part_of
    }
    found = []
    for city in sorted(cities):
        every = [
            {
                reference(row): row
                for key in quarters.keys_of(wording.name, quarter)
                for row in known.names.get(key, ())
                if row.kind in ("part", "current") and row.part_of == city
            }
            for quarter in wording.quarters
        ]
        if len(every) == 1:
            # Two parts of one name are told apart by whoever asks.
            ways: list[tuple[CommuneRef, ...]] = [(unit,) for unit in every[0]]
        else:
            ways = [tuple(unit for each in every for unit in each)]
            if any(len(each) != 1 for each in every):
                continue
        for units in ways:
            names = ", ".join(f"« {unit.name} »" for unit in units)
            told = ", ".join(f"« {quarter} »" for quarter in wording.quarters)
            said = f"{wording.name}, {told} lu {names}"
            found.append(Meaning(frozenset(units), units[0], len(units) > 1, 1, (said,)))
    return tuple(found)


def _districts_apart(wording: Wording, known: Gazetteer) -> tuple[Meaning, ...]:
    rows = [row for key in wording.either for row in known.names.get(key, ())]
    return tuple(
        Meaning(
            frozenset((reference(row),)),
            reference(row),
            rank=1,
            corrections=(f"« {wording.name} » lu « {row.name} »",),
        )
        for row in rows
        if row.kind == "current"
    )


def _districts_together(wording: Wording, known: Gazetteer) -> tuple[Meaning, ...]:
    rows = [
        row
        for key in wording.districts
        for row in known.names.get(key, ())
        if row.kind == "current"
    ]
    if len(rows) < len(wording.districts) or not rows:
        return ()
    units = tuple(dict.fromkeys(reference(row) for row in rows))
    names = ", ".join(f"« {unit.name} »" for unit in units)
    same = naming.spelling(wording.name) == naming.spelling(units[0].name)
    corrections = () if same else (f"« {wording.name} » lu {names}",)
    rank = 0 if same else 1
    return (Meaning(frozenset(units), units[0], len(units) > 1, rank, corrections),)


def today(row: KnownName, city: CommuneRef | None = None) -> str:
    """Say what a former name is and which commune it is now in; nothing for a present one."""
    if row.kind == "current":
        return ""
    now = row.commune if city is None else city.name
    return f" : {KINDS[row.kind]}, aujourd'hui {now} ({row.department})"
