"""Every code and name of the past that leads to communes of today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.geography.build.editions import Edition, cities_of, same_name_key
from app.geography.build.lineage import DISTRICT_OF_ABSORBED, Lineage

KIND_OF_PART = {"COMD": "delegated", "COMA": "associated"}
STILL = "9999-12-31"


@dataclass(frozen=True)
class FormerCommune:
    """A code and a name that were in force, and where they lead.

    ``kind`` is ``delegated`` or ``associated`` for what is such a commune today or never was
    anything else, ``former`` for the rest. ``ended_on`` (ISO date) is the first day without it
    as a full commune, None when it never was one. Since 2020 it is the 1 January of the first
    yearly edition without it.
    """

    code: str
    name: str
    kind: str
    ended_on: str | None
    communes: tuple[str, ...]


@dataclass
class _Traces:
    """What is known of one code under one name."""

    name: str = ""
    named_on: str = ""
    as_commune: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    as_part: list[tuple[str, str, frozenset[str]]] = field(default_factory=list)

    def spell(self, name: str, on: str) -> None:
        if on >= self.named_on:
            self.name, self.named_on = name, on


def former_communes(lineage: Lineage) -> list[FormerCommune]:
    """Return every former code or name, sorted, with the units of today that it leads to.

    A name that only repeats today's name of the same code is left out: today's commune answers
    for it. When a commune lived twice under one code and name, the last time decides.
    """
    today = lineage.editions[-1]
    traces: dict[tuple[str, str], _Traces] = {}
    for source in (_of_history(lineage), _of_editions(lineage)):
        for code, name, kind, ended_on, communes in source:
            if not communes:
                continue
            trace = traces.setdefault((code, same_name_key(name)), _Traces())
            trace.spell(name, ended_on)
            if kind == "COM":
                trace.as_commune.append((ended_on, communes))
            else:
                trace.as_part.append((ended_on, kind, communes))
    found = [
        _conclude(code, trace, today)
        for (code, key), trace in traces.items()
        if not _repeats_today(code, key, today)
    ]
    return sorted(found, key=lambda each: (each.code, each.name))


def _of_history(lineage: Lineage) -> Iterator[tuple[str, str, str, str, frozenset[str]]]:
    for entry in lineage.history.values():
        # An entry without end goes on in the first edition, which is read below.
        if entry.kind != "COMP" and (entry.ended_on or entry.kind != "COM"):
            kind = KIND_OF_PART.get(entry.kind, "COM")
            communes = lineage.entry_today(entry.identifier)
            yield entry.code, entry.name, kind, entry.ended_on or "2020-01-01", communes


def _of_editions(lineage: Lineage) -> Iterator[tuple[str, str, str, str, frozenset[str]]]:
    last = len(lineage.editions) - 1
    for position, edition in enumerate(lineage.editions):
        following = f"{edition.year + 1}-01-01"
        if position < last:
            following = f"{lineage.editions[position + 1].year}-01-01"
        for commune in edition.communes.values():
            if position < last:
                communes = lineage.commune_today(position, commune.code)
                yield commune.code, commune.name, "COM", following, communes
        for part in edition.attached.values():
            ended = following if position < last else STILL
            communes = lineage.part_today(position, part.code, part.chief)
            yield part.code, part.name, part.kind, ended, communes


def _repeats_today(code: str, key: str, today: Edition) -> bool:
    return code in today.communes and same_name_key(today.communes[code].name) == key


def _conclude(code: str, trace: _Traces, today: Edition) -> FormerCommune:
    kind, ended_on, communes = "former", None, frozenset[str]()
    if trace.as_commune:
        ended_on, communes = max(trace.as_commune, key=lambda each: each[0])
    if trace.as_part:
        last_day, part_kind, part_communes = max(trace.as_part, key=lambda each: each[0])
        if last_day == STILL or not trace.as_commune:
            kind = part_kind
        communes = communes or part_communes
    return FormerCommune(code, trace.name, kind, ended_on, units_of(communes, code, today))


def units_of(communes: frozenset[str], code: str, today: Edition) -> tuple[str, ...]:
    """Return the units that stand for communes, Paris, Lyon and Marseille by arrondissement.

    ``code`` is the one that leads there: what a city absorbed lies in one arrondissement.
    """
    districts = {district: each.city for district, each in today.districts.items()}
    cities = cities_of(today)
    units: set[str] = set()
    for commune in communes:
        if commune not in cities:
            units.add(commune)
        elif code in DISTRICT_OF_ABSORBED:
            units.add(DISTRICT_OF_ABSORBED[code])
        else:
            units |= {district for district, city in districts.items() if city == commune}
    return tuple(sorted(units))
