"""What a row means, once its pieces have been weighed: one answer, in French where it tells."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal

from app.geography import naming
from app.geography.evidence import damage
from app.geography.evidence.pieces import (
    Gazetteer,
    Read,
    department_limit,
    digits_limit,
    places,
    reference,
    shown,
    target_of,
    units_limit,
    way_of,
    way_of_code,
)
from app.geography.evidence.rows import Given
from app.geography.evidence.rules import Agreement, Limit, Target, Way, agree
from app.geography.units import CommuneRef

Outcome = Literal["resolved", "ambiguous", "unknown"]

# From this share of common letters on, an unknown name is a slip for that of a code.
_RESEMBLANCE = 0.75


@dataclass(frozen=True)
class Resolution:
    """What a row means.

    `communes` is empty unless resolved; a city, an EPCI and arrondissements told together
    resolve to several. `candidates` are what is possible when ambiguous, what each piece
    means when the pieces disagree (`contradictory`, and `note` says it), the communes of
    the same name elsewhere then of the nearest names when unknown. `corrected` tells that
    it was resolved otherwise than by exact code or exact current name (case, accents,
    hyphens and apostrophes aside), or that something given could not be read; `note` then
    says how, in French. `suggested` are the candidates that the question's context points
    to.
    """

    given: Given
    outcome: Outcome
    communes: tuple[CommuneRef, ...] = ()
    candidates: tuple[CommuneRef, ...] = ()
    note: str | None = None
    corrected: bool = False
    contradictory: bool = False
    suggested: tuple[CommuneRef, ...] = ()
    # The quarters that its text names without their city, and whether they are all it names.
    quarters: tuple[CommuneRef, ...] = ()
    bare: bool = False


@dataclass(frozen=True)
class Row:
    """One row with all its pieces, ready to be weighed."""

    given: Given
    read: Read
    ways: tuple[Way, ...]
    target: Target | None
    limits: tuple[Limit, ...]
    corrections: tuple[str, ...]

    @property
    def is_named(self) -> bool:
        """Whether its text names something known, or there is none."""
        return bool(self.ways) or not self.read.text


def weighed(
    given: Given, read: Read, known: Gazetteer, *, listed_as_postcodes: bool = False
) -> Row:
    """Turn what a row says into pieces of evidence."""
    ways: list[Way] = []
    if read.lone:
        way = way_of_code(read.lone, known, listed_as_postcodes=listed_as_postcodes)
        ways += [way] if way else []
    ways += [way for wording in read.wordings if (way := way_of(wording, known))]
    if not ways:
        ways += [way for code in read.text_epci if (way := way_of_code(code, known))]
    limits, notes = _limits(read, known)
    target = target_of(read.beside, known)
    if read.beside and target is None:
        limit, note = digits_limit(read.beside, known)
        limits += [limit] if limit else []
        notes.append(note or f"{read.beside} n'est pas un code INSEE, mais un code postal")
    if not (ways or read.text or read.beside):
        ways += _from_columns(read, known)
    corrections = (*read.corrections, *notes, *read.unread)
    return Row(given, read, tuple(ways), target, tuple(limits), corrections)


def _limits(read: Read, known: Gazetteer) -> tuple[list[Limit], list[str]]:
    limits, notes = [], []
    if read.place is not None:
        limits.append(department_limit(read.place))
    if read.postcodes:
        served = {unit for code in read.postcodes for unit in known.served.get(code, ())}
        what = " ".join(read.postcodes)
        if served:
            said = f"le code postal {what} : {shown(sorted(served))}"
            limits.append(units_limit(said, served))
        else:
            limit, _ = digits_limit(read.postcodes[0], known, "le code postal")
            limits += [limit] if limit else []
            notes.append(f"code postal {what} inconnu")
    if read.district:
        rows = [row for key in read.district for row in known.names.get(key, ())]
        units = [reference(row) for row in rows if row.kind == "current"]
        said = f"l'arrondissement : {shown(units)}"
        limits.append(units_limit(said, units))
    if read.epci:
        members = {reference(row) for code in read.epci for row in known.codes.get(code, ())}
        if members:
            name = known.codes[read.epci[0]][0].name if read.epci[0] in known.codes else ""
            codes = frozenset(unit.code for unit in members)
            communes = len({unit.whole for unit in members})
            said = f"l'EPCI {name}, de {communes} communes"
            aged = department_limit(frozenset(unit.department for unit in members))
            limits.append(Limit(said, codes=codes, aged=aged))
        else:
            notes.append(f"EPCI {' '.join(read.epci)} inconnu")
    return limits, notes


def _from_columns(read: Read, known: Gazetteer) -> list[Way]:
    """Give what columns name by themselves when there is neither text nor code."""
    if read.epci:
        return [way for code in read.epci if (way := way_of_code(code, known))]
    served = {unit for code in read.postcodes for unit in known.served.get(code, ())}
    told = f"code postal {' '.join(read.postcodes)}"
    meanings = [replace(each, corrections=(told,)) for each in places(served, known)]
    return [Way(meanings, said=told)] if meanings else []


def answer(row: Row) -> Resolution | None:
    """Say what a row means, None when its text names nothing that is known."""
    if not row.is_named:
        return _unread_name(row) if row.target else None
    agreement = agree(row.ways, row.target, row.limits)
    if agreement is None:
        return None
    return (
        told(row, agreement) if agreement.found else _despite_age(row) or told(row, agreement)
    )


def _despite_age(row: Row) -> Resolution | None:
    """Answer a row that only what may be out of date contradicts.

    The name has to agree with a second piece (a code, a postal code or a department), and the
    EPCI to reach into the same department. The answer is corrected and says so.
    """
    aged = [limit for limit in row.limits if limit.aged]
    second = row.target or row.read.postcodes or row.read.place is not None
    if not aged or not second or not row.read.text:
        return None
    limits = tuple(limit.aged or limit for limit in row.limits)
    agreement = agree(row.ways, row.target, limits)
    if agreement is None or len(agreement.found) != 1:
        return None
    said = tuple(f"{limit.said}, ne la compte pas aujourd'hui" for limit in aged)
    answered = told(replace(row, corrections=(*row.corrections, *said)), agreement)
    return answered if answered.outcome == "resolved" else None


def told(row: Row, agreement: Agreement) -> Resolution:
    """Turn what the pieces agree on into an answer."""
    answered = _told(row, agreement)
    quarters = tuple(_quarters(row))
    return replace(answered, quarters=quarters) if quarters else answered


def _quarters(row: Row) -> Iterator[CommuneRef]:
    """Give the quarters that a row names without their city, and that it admits."""
    for way in row.ways if row.target is None else ():
        for meaning in way.meanings:
            if meaning.bare and all(
                limit.admits(unit)
                for limit in (*way.limits, *row.limits)
                for unit in meaning.units
            ):
                yield from meaning.units


def _told(row: Row, agreement: Agreement) -> Resolution:
    found = agreement.found
    if not found:
        said = " ; ".join((*agreement.said, *row.read.unread))
        return Resolution(
            row.given,
            "ambiguous",
            candidates=agreement.candidates,
            note=f"ce qui est donné ne s'accorde pas : {said}",
            contradictory=True,
        )
    only = found[0]
    if len(found) > 1 or not (only.whole or len(only.units) == 1):
        candidates = dict.fromkeys(unit for each in found for unit in each.shown)
        shared = [c for c in only.corrections if all(c in each.corrections for each in found)]
        notes = (*shared, *row.corrections)
        return Resolution(
            row.given,
            "ambiguous",
            candidates=tuple(sorted(candidates)),
            note=_joined(notes),
            bare=not row.given.doubt and all(each.bare for each in found),
        )
    if agreement.excluded:
        note = f"« {agreement.excluded} » : à préciser, la commune est-elle demandée ?"
        return Resolution(row.given, "ambiguous", candidates=only.shown, note=note)
    if row.given.doubt:
        return Resolution(row.given, "ambiguous", candidates=only.shown, note=row.given.doubt)
    if only.bare and not row.limits:
        note = f"« {row.read.text[:200]} » : le quartier d'une ville, qui est à préciser"
        return Resolution(row.given, "ambiguous", candidates=only.shown, note=note, bare=True)
    corrections = (*only.corrections, *row.corrections)
    return Resolution(
        row.given,
        "resolved",
        tuple(sorted(only.units)),
        note=_joined((*corrections, *only.remarks)),
        corrected=bool(corrections),
    )


def _joined(notes: Iterable[str]) -> str | None:
    return " ; ".join(dict.fromkeys(notes)) or None


def _unread_name(row: Row) -> Resolution | None:
    """Answer a row whose code is read and whose name is not: a slip for the name, or another.

    What resembles nothing of the commune that the code means may name another one.
    """
    agreement = agree((), row.target, row.limits)
    if agreement is None or not agreement.found:
        return None if agreement is None else told(row, agreement)
    answered = told(row, agreement)
    if answered.outcome != "resolved":
        return answered
    text = row.read.text
    names = [unit.name for unit in answered.communes] + [
        c.name for c in agreement.found[0].shown
    ]
    if any(resembles(text, name) for name in names):
        note = _joined((f"nom « {text[:200]} » non reconnu", answered.note or ""))
        return replace(answered, corrected=True, note=(note or "").strip(" ;"))
    said = row.target.said if row.target else ""
    return Resolution(
        row.given,
        "ambiguous",
        candidates=answered.communes,
        note=f"{said}, mais « {text[:200]} » n'est pas reconnu",
        contradictory=True,
    )


def resembles(text: str, name: str) -> bool:
    """Whether a text is nearly a name: a slip, a part of its words, damaged letters."""
    one, other = naming.name_key(text), naming.name_key(name)
    if not one or not other:
        return False
    if f" {one} " in f" {other} " or damage.fits(text, name):
        return True
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _RESEMBLANCE


def of_list(given: Given, parts: Sequence[Resolution]) -> Resolution:
    """Join the answers for the parts of a text that is a list, none of them unknown.

    As long as one part is ambiguous, so is the whole.
    """
    told_parts = f"liste lue en {len(parts)} parties"
    doubtful = [part for part in parts if part.outcome != "resolved"]
    if doubtful:
        texts = ", ".join(f"« {part.given.text} »" for part in doubtful)
        candidates = dict.fromkeys(unit for part in doubtful for unit in part.candidates)
        return Resolution(
            given,
            "ambiguous",
            candidates=tuple(candidates),
            note=f"{told_parts}, à préciser : {texts}",
        )
    communes = dict.fromkeys(unit for part in parts for unit in part.communes)
    notes = [part.note for part in parts if part.note]
    return Resolution(
        given,
        "resolved",
        tuple(sorted(communes)),
        note=" ; ".join((told_parts, *dict.fromkeys(notes))),
        corrected=True,
    )
