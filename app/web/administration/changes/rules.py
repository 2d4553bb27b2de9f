"""A change of the history in French, member by member."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.french import counted, short_date

ACTIONS: Mapping[str, str] = {
    "created": "Enregistrement",
    "updated": "Fiche ou stade",
    "territory": "Territoire",
    "superseded": "Communes cédées",
    "ended": "Fin",
    "imported": "Import",
    "undone": "Annulation",
}
_MEMBERS: Mapping[str, str] = {
    "name": "Nom",
    "acronym": "Sigle",
    "finess": "Numéro FINESS",
    "website": "Site",
    "email": "Courriel",
    "phone": "Téléphone",
    "address": "Adresse",
    "started_on": "Début au registre",
    "ended_on": "Fin",
    "stages": "Stades",
    "themes": "Thématiques",
    "claims": "Communes",
}
_MOST_NAMED = 40


@dataclass(frozen=True)
class Names:
    """What slugs and codes are called; a code without a name is told as it is."""

    stages: Mapping[str, str]
    themes: Mapping[str, str]
    communes: Mapping[str, str]


@dataclass(frozen=True)
class Line:
    """A member that changed, before and after, in words."""

    member: str
    before: str
    after: str


Holding = tuple[str, str, str | None]


def lines(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, names: Names
) -> list[Line]:
    """Tell what a change did, in the order of a sheet; nothing for what stayed the same."""
    told = []
    for member, label in _MEMBERS.items():
        was, became = (before or {}).get(member), (after or {}).get(member)
        if was == became or (was in (None, [], {}) and became in (None, [], {})):
            continue
        if member == "claims":
            told += _communes(label, was or [], became or [], names)
        else:
            told.append(Line(label, _value(member, was, names), _value(member, became, names)))
    return told


def communes_in(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> set[str]:
    """List the communes that a change gives or takes, which are to be named."""
    was, became = (
        _holdings((before or {}).get("claims")),
        _holdings((after or {}).get("claims")),
    )
    return {commune for commune, _, _ in was ^ became}


def _value(member: str, value: Any, names: Names) -> str:
    if value in (None, "", [], {}):
        return "—"
    if member in ("started_on", "ended_on"):
        return short_date(date.fromisoformat(value))
    if member == "themes":
        return ", ".join(names.themes.get(slug, slug) for slug in value)
    if member == "stages":
        ordered = [slug for slug in names.stages if slug in value]
        return " ; ".join(f"{names.stages[slug]} ({_since(value[slug])})" for slug in ordered)
    return str(value)


def _since(day: str | None) -> str:
    return f"depuis le {short_date(date.fromisoformat(day))}" if day else "date inconnue"


def _holdings(claims: Sequence[Mapping[str, Any]] | None) -> set[Holding]:
    return {
        (commune, each["from"], each["until"])
        for each in claims or ()
        for commune in each["communes"]
    }


def _communes(
    label: str,
    was: Sequence[Mapping[str, Any]],
    became: Sequence[Mapping[str, Any]],
    names: Names,
) -> list[Line]:
    lost, gained = _holdings(was) - _holdings(became), _holdings(became) - _holdings(was)
    count_before, count_after = _count(was), _count(became)
    told = [Line(label, counted(count_before, "commune"), counted(count_after, "commune"))]
    told.append(Line("Changent", _listed(lost, names), _listed(gained, names)))
    return told


def _count(claims: Sequence[Mapping[str, Any]]) -> int:
    return len({c for each in claims if each["until"] is None for c in each["communes"]})


def _listed(holdings: Iterable[Holding], names: Names) -> str:
    by_period: dict[tuple[str, str | None], list[str]] = {}
    for commune, since, until in holdings:
        named = names.communes.get(commune, "commune")
        by_period.setdefault((since, until), []).append(f"{named} ({commune})")
    told = []
    for (since, until), communes in sorted(by_period.items(), key=str):
        shown = sorted(communes)[:_MOST_NAMED]
        more = len(communes) - len(shown)
        ending = f" jusqu’au {short_date(date.fromisoformat(until))}" if until else ""
        told.append(
            f"{', '.join(shown)}{f' et {more} autres' if more else ''}, "
            f"à partir du {short_date(date.fromisoformat(since))}{ending}"
        )
    return " ; ".join(told) or "—"
