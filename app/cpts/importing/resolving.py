"""From what rows give to communes of today: names, codes, polygons."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import shapely

from app.cpts.importing.entries import Entry
from app.cpts.importing.grouping import ListedCpts
from app.cpts.importing.rules import Outcome
from app.cpts.importing.values import department_of
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.geography.repository import communes_by_code, communes_in_polygon
from app.geography.resolution import CommuneRef, Given, Resolution, resolve
from app.progress import Step

# A commune lies in a polygon when at least half its area does; between the other two
# shares it is worth a look (contract, « The letter check », and the import's report).
INCLUDED_SHARE = 0.5
DOUBTFUL_SHARES = (0.2, 0.8)
_MOST_SHOWN = 8


@dataclass(frozen=True)
class Reading:
    """What one entry of the listing was found to mean.

    `outcome` is LOADED or CORRECTED when it is resolved, AMBIGUOUS or UNKNOWN when not;
    `detail` says in French how it was corrected, the candidates, the nearest names, or
    the communes of a polygon that are doubtful (`doubtful` counts them).
    """

    outcome: Outcome
    communes: tuple[CommuneRef, ...] = ()
    detail: str = ""
    doubtful: int = 0


def given_department(entry: Entry) -> str:
    """Give the department of an entry as a code when it can be told, else as written."""
    return department_of(entry.department) or entry.department


def read_names(session: ReadingSession, entries: Sequence[Entry]) -> list[Reading]:
    """Resolve every entry that names a commune; those with a polygon or nothing get
    a placeholder.

    A row with a name and a code must mean one commune by both: when each leads
    elsewhere, the row is ambiguous.
    """
    asked: dict[tuple[str, str], Given] = {}
    for entry in entries:
        department = given_department(entry)
        for text in filter(None, (entry.code, entry.commune)):
            asked[text, department] = Given(text, department or None)
    resolved = dict(zip(asked, resolve(session, list(asked.values())), strict=True))

    def found(text: str, entry: Entry) -> Resolution | None:
        return resolved[text, given_department(entry)] if text else None

    return [_combine(found(e.code, e), found(e.commune, e), e) for e in entries]


def _combine(code: Resolution | None, name: Resolution | None, entry: Entry) -> Reading:
    if entry.is_unclaimed:
        return Reading(Outcome.SKIPPED, detail="aucune CPTS : la commune n'est à personne")
    if entry.doubt:
        return Reading(
            Outcome.AMBIGUOUS, detail=f"{entry.doubt} : fait-elle partie de la CPTS ?"
        )
    if code is None and name is None:
        if entry.is_title:
            return Reading(Outcome.LOADED, detail="titre des lignes suivantes")
        return Reading(Outcome.UNKNOWN, detail="aucune commune n'est donnée")
    if code is None or name is None:
        found = code or name
        assert found is not None
        return _single(found)
    return _agreed(code, name)


def _agreed(code: Resolution, name: Resolution) -> Reading:
    """Give what a row means that gives a code and a name."""
    if code.outcome != "resolved":
        if name.outcome == "resolved" and _no_code(code):
            return _single(name)
        reading = _single(code)
        return replace(reading, detail=f"code « {code.given.text} » : {reading.detail}")
    if name.outcome == "resolved" and not set(name.communes) & set(code.communes):
        both = [*code.communes, *name.communes]
        return Reading(
            Outcome.AMBIGUOUS,
            detail=f"le code et le nom désignent des communes différentes : {listed(both)}",
        )
    return _single(code)


def _no_code(resolution: Resolution) -> bool:
    # « 0 », « NC »: what stands in the code's column is none at all.
    return sum(sign.isdigit() for sign in resolution.given.text) < 4


def _single(resolution: Resolution) -> Reading:
    note = resolution.note or ""
    if resolution.outcome == "resolved":
        outcome = Outcome.CORRECTED if resolution.corrected else Outcome.LOADED
        return Reading(outcome, resolution.communes, note)
    if resolution.outcome == "ambiguous":
        detail = f"plusieurs communes possibles : {listed(resolution.candidates)}"
        return Reading(Outcome.AMBIGUOUS, detail=_joined(detail, note))
    near = listed(resolution.candidates)
    detail = "commune inconnue" + (f" ; les plus proches : {near}" if near else "")
    return Reading(Outcome.UNKNOWN, detail=_joined(detail, note))


def read_polygons(
    session: ReadingSession,
    listed_cpts: Sequence[ListedCpts],
    entries: Sequence[Entry],
    readings: list[Reading],
    step: Step,
) -> None:
    """Put in `readings` the communes of the polygons: one set per CPTS, on its first row.

    The features of one CPTS are joined first, since a commune may lie partly in each.
    """
    for cpts in listed_cpts:
        rows = [row for row in cpts.rows if not shapely.is_empty(entries[row].polygon)]
        for row in cpts.rows:
            readings[row] = (
                Reading(Outcome.LOADED, detail=f"réuni à l'entité {entries[rows[0]].row}")
                if row in rows
                else Reading(Outcome.UNKNOWN, detail="l'entité n'a pas de polygone")
            )
        if rows:
            whole = shapely.union_all([entries[row].polygon for row in rows])
            readings[rows[0]] = _in_polygon(session, whole)
        step.advance(1)


def _in_polygon(session: ReadingSession, polygon: shapely.Geometry) -> Reading:
    shares = dict(communes_in_polygon(session, shapely.to_wkb(polygon)))
    inside = {code for code, share in shares.items() if share >= INCLUDED_SHARE}
    low, high = DOUBTFUL_SHARES
    doubtful = [code for code, share in shares.items() if low <= share <= high]
    known = _references(session, inside | set(doubtful))
    detail = ""
    if doubtful:
        told = ", ".join(
            f"{known[code].name} ({code}) {shares[code]:.0%}".replace("%", " %")
            + (" retenue" if code in inside else " non retenue")
            for code in doubtful
        )
        detail = f"communes douteuses (part de leur surface dans le polygone) : {told}"
    if not inside:
        none = "aucune commune n'a la moitié de sa surface dans ce polygone"
        return Reading(Outcome.UNKNOWN, detail=_joined(none, detail), doubtful=len(doubtful))
    communes = tuple(known[code] for code in sorted(inside))
    return Reading(Outcome.LOADED, communes, detail, len(doubtful))


def _references(session: ReadingSession, codes: set[str]) -> dict[str, CommuneRef]:
    return {
        code: CommuneRef(code, commune.name, commune.department)
        for code, commune in communes_by_code(session, codes, today()).items()
    }


def listed(communes: Iterable[CommuneRef]) -> str:
    """Name some communes, with their department, in one line."""
    names = [f"{c.name} ({c.code}, {c.department})" for c in dict.fromkeys(communes)]
    more = len(names) - _MOST_SHOWN
    return ", ".join(names[:_MOST_SHOWN]) + (f" et {more} autres" if more > 0 else "")


def _joined(*parts: str) -> str:
    return " ; ".join(part for part in parts if part)
