"""The names and former codes that lead to the communes of a release."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from app.geography.loading.release import Release, Row
from app.geography.naming import name_keys

NameRow = tuple[str, str, str, str, str, str | None]


def stored_names(release: Release) -> Iterator[NameRow]:
    """Give every name by which a commune is found.

    Each row is `(key, name, commune, department, kind, former code)`; a name with an
    article has one row under its full key and one without the article. The department
    is that of the commune of today. Names of Paris, Lyon and Marseille lead to all their
    arrondissements.
    """
    department = {unit.code: unit.department for unit in release.units}
    city_name = {city["code"]: city["name"] for city in release.cities}
    seen: set[tuple[str, str, str, str | None]] = set()

    def rows(name: str, commune: str, kind: str, former: str | None) -> Iterator[NameRow]:
        for key in name_keys(name):
            identity = (key, commune, kind, former)
            if key and identity not in seen:
                seen.add(identity)
                yield key, name, commune, department[commune], kind, former

    for unit in release.units:
        yield from rows(unit.name, unit.code, "current", None)
        if unit.city:
            yield from rows(city_name[unit.city], unit.code, "city", None)
    # The latest name of a code comes first: of two spellings of one key it is the one shown.
    for former in sorted(release.former, key=_latest_first):
        yield from rows(former["name"], former["commune"], former["kind"], former["code"])


def stored_former_codes(release: Release) -> Iterator[tuple[Any, ...]]:
    """Give `(code, commune, name, kind, ended on)` of every code that is no unit today.

    A code with several names keeps the last one; a code that still is a unit's own leads
    to that unit alone.
    """
    current = {unit.code for unit in release.units} | {city["code"] for city in release.cities}
    seen: set[tuple[str, str]] = set()
    for former in sorted(release.former, key=_latest_first):
        pair = (former["code"], former["commune"])
        if former["code"] in current or pair in seen:
            continue
        seen.add(pair)
        ended = former["ended_on"]
        yield (
            *pair,
            former["name"],
            former["kind"],
            date.fromisoformat(ended) if ended else None,
        )


def _latest_first(row: Row) -> tuple[str, str, int, str]:
    # Without an end the code or the status is still in use, hence the latest of all.
    ended = row["ended_on"]
    age = -date.fromisoformat(ended).toordinal() if ended else -date.max.toordinal()
    return row["code"], row["commune"], age, row["name"]
