"""From what rows give to communes of today: names, codes, polygons."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import shapely

from app.cpts.importing.entries import Entry
from app.cpts.importing.grouping import ListedCpts
from app.cpts.importing.rules import Outcome
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.french import others, short_date
from app.geography.repository import communes_by_code, communes_in_polygon, units_to_come
from app.geography.resolution import CommuneRef, Resolution, resolve
from app.geography.rules import DOUBTFUL_SHARES, lies_inside
from app.progress import Step

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
    # The communes that it may mean, when it is not resolved.
    candidates: tuple[CommuneRef, ...] = ()


def read_names(
    session: ReadingSession, entries: Sequence[Entry], departments: Collection[str] = ()
) -> list[Reading]:
    """Resolve every entry by everything that its row says of the place.

    Those with a polygon or nothing get a placeholder. The rows of one CPTS are each other's
    context. Parameters: `departments`, stated for the whole file.
    """
    given = [None if entry.is_unclaimed or entry.doubt else entry.place for entry in entries]
    asked = [each for each in given if each is not None]
    lists = [entry.cpts for entry, each in zip(entries, given, strict=True) if each is not None]
    resolved = iter(resolve(session, asked, settled_in=departments, lists=lists))
    return [
        _unnamed(entry) if each is None else _single(next(resolved))
        for entry, each in zip(entries, given, strict=True)
    ]


def _unnamed(entry: Entry) -> Reading:
    if entry.is_unclaimed:
        return Reading(Outcome.SKIPPED, detail="aucune CPTS : la commune n'est à personne")
    if entry.doubt:
        return Reading(Outcome.AMBIGUOUS, detail=entry.doubt)
    if entry.is_title:
        return Reading(Outcome.LOADED, detail="titre des lignes suivantes")
    return Reading(Outcome.UNKNOWN, detail="aucune commune n'est donnée")


def _single(resolution: Resolution) -> Reading:
    note = resolution.note or ""
    if resolution.outcome == "resolved":
        outcome = Outcome.CORRECTED if resolution.corrected else Outcome.LOADED
        return Reading(outcome, resolution.communes, note)
    if resolution.contradictory:
        return Reading(Outcome.AMBIGUOUS, detail=note, candidates=tuple(resolution.candidates))
    if resolution.outcome == "ambiguous":
        detail = f"plusieurs communes possibles : {listed(resolution.candidates)}"
        return Reading(
            Outcome.AMBIGUOUS,
            detail=_joined(detail, note),
            candidates=tuple(resolution.candidates),
        )
    near = listed(resolution.candidates)
    detail = "commune inconnue" + (f" ; les plus proches : {near}" if near else "")
    return Reading(
        Outcome.UNKNOWN, detail=_joined(detail, note), candidates=tuple(resolution.candidates)
    )


def keep_to_units_of(
    session: ReadingSession, entries: Sequence[Entry], readings: list[Reading], as_of: date
) -> None:
    """Leave out rows that mean parts of a commune on days on which it was not divided yet.

    Parameters: `as_of`, from which day on rows count that do not say it themselves.
    """
    days = [entry.held[0] if entry.held else as_of for entry in entries]
    if not days or min(days) >= today():
        return
    codes = {commune.code for reading in readings for commune in reading.communes}
    begins = units_to_come(session, codes, min(days))
    for row, (reading, day) in enumerate(zip(readings, days, strict=True)):
        early = [each for each in reading.communes if begins.get(each.code, day) > day]
        if early:
            since = short_date(max(begins[each.code] for each in early))
            readings[row] = Reading(
                Outcome.UNKNOWN,
                detail=f"{listed(early)} : seulement depuis la division de la commune, le "
                f"{since} (--as-of plus tard)",
            )


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
    inside = {code for code, share in shares.items() if lies_inside(share)}
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
    return ", ".join(names[:_MOST_SHOWN]) + (f" et {others(more)}" if more > 0 else "")


def _joined(*parts: str) -> str:
    return " ; ".join(part for part in parts if part)
