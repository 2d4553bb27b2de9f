"""The check of a letter: from what a client writes to a verdict. Writes nothing."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from app.cpts.claims.repository import conflicts
from app.cpts.claims.rules import ClaimConflict
from app.cpts.completeness.service import completeness
from app.cpts.writing.schemas import MAXIMUM_COMMUNES
from app.database.calendar import PARIS, today
from app.database.sessions import ReadingSession
from app.funding.repository import scale_on
from app.geography.contiguity import parts
from app.geography.kept import KeptGeography
from app.geography.resolution import CommuneRef, Given, resolve
from app.geography.rules import DOUBTFUL_SHARES, lies_inside
from app.letters.check import answers, rules, schemas
from app.letters.check.polygons import sound_surface
from app.letters.check.repository import (
    AmendedCpts,
    RegistryState,
    amended_cpts,
    contacts_of,
    land_borders,
    land_masses,
    pending_letters,
    registry_state,
    shares_inside,
)
from app.problems import Invalid

GEOMETRY = "geometry"


@dataclass(frozen=True)
class Question:
    """What is asked, however it was read.

    Parameters: `given`, communes and EPCI as they were written; `surface`, a valid shapely
    Polygon or MultiPolygon in longitude and latitude (EPSG:4326); `exclude_cpts`, the CPTS
    that would be amended; `effective_on`, today when None; `members` of the association,
    for what the largest tier pays; `exclude_letters`, ids of letters that do not compete;
    `departments`, what the list is about, which only suggests; `settled_in`, departments
    that settle names which several communes bear.
    """

    given: Sequence[Given] = ()
    surface: Any = None
    name: str | None = None
    exclude_cpts: int | None = None
    effective_on: date | None = None
    members: int | None = None
    exclude_letters: Collection[int] = ()
    departments: Collection[str] = ()
    settled_in: Collection[str] = ()
    # Whether the answer tells who asks for the same communes, which the public never learns.
    names_letters: bool = False

    @classmethod
    def of(cls, asked: schemas.LetterQuestion) -> "Question":
        """Take over what a client sent; raises `Invalid` on a polygon beyond repair."""
        try:
            surface = None if asked.geometry is None else sound_surface(asked.geometry)
        except ValueError as crossing:
            raise Invalid.at("body", "geometry", message=str(crossing)) from crossing
        return cls(
            given=[Given(text) for text in (*asked.communes, *asked.epci)],
            surface=surface,
            name=asked.name,
            exclude_cpts=asked.exclude_cpts,
            effective_on=asked.effective_on,
            members=asked.members,
            departments=asked.departments,
        )


@dataclass
class _Asked:
    """The communes that the input leads to, each with what led to it."""

    given: dict[str, str] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    unresolved: list[schemas.UnresolvedInput] = field(default_factory=list)

    def add(self, code: str, given: str, note: str | None) -> None:
        """Count a commune in; the first input that leads to it is the one it is given by."""
        if code not in self.given:
            self.given[code] = given
            self.notes[code] = [note] if note else []
        elif given != self.given[code]:
            self.notes[code].append(f"Aussi donnée par « {given} ».")

    def leave_out(
        self,
        given: str,
        reason: Literal["unknown", "ambiguous"],
        candidates: Iterable[CommuneRef] = (),
        suggested: Iterable[CommuneRef] = (),
        note: str | None = None,
    ) -> None:
        """Note an input that leads to no commune, or to several."""
        self.unresolved.append(
            schemas.UnresolvedInput(
                given=given,
                reason=reason,
                note=note,
                candidates=[_candidate(each) for each in candidates],
                suggested=[_candidate(each) for each in suggested],
            )
        )


def _candidate(unit: CommuneRef) -> schemas.Candidate:
    return schemas.Candidate(code=unit.code, name=unit.name, department=unit.department)


@dataclass(frozen=True)
class _Surroundings:
    """What lies in and around a territory on the day in question and after."""

    pieces: list[frozenset[str]]
    islands: set[frozenset[str]]
    # Claims of others on communes of the territory.
    conflicts: list[ClaimConflict]
    enclaves: list[frozenset[str]]
    neighbours: list[schemas.Neighbour]


def check_letter(session: ReadingSession, question: Question) -> schemas.LetterCheck:
    """Judge a letter of intent, or the amendment of a CPTS, on one snapshot.

    Raises:
        Invalid: `exclude_cpts` names no CPTS, or the input leads to more than
            `MAXIMUM_COMMUNES` communes.
    """
    day = question.effective_on or today()
    amended = _amended(session, question.exclude_cpts, day)
    excluded = [amended.id] if amended else []
    state = registry_state(session)
    kept = KeptGeography(session, state.reference_mark)
    asked = _asked(kept, question)
    territory = frozenset(asked.given)
    around = _surroundings(session, state, territory, day, excluded)
    scale = kept.once(("scale", day), lambda: scale_on(session, day))
    known = territory.union(*around.enclaves, amended.communes if amended else ())
    facts = kept.communes_by_code(known, day)
    found = [answers.conflict(claim, facts[claim.commune_code]) for claim in around.conflicts]
    letters = pending_letters(
        session,
        territory,
        excluded_letters=question.exclude_letters,
        excluded_subjects=excluded,
    )
    own = [facts[code] for code in sorted(territory)]
    taken = {conflict.commune.code for conflict in found}
    size = answers.size_of(own, scale, question.members)
    return schemas.LetterCheck(
        name=question.name,
        effective_on=day,
        verdict=rules.verdict_of(
            {conflict.severity for conflict in found},
            complete=bool(territory) and not asked.unresolved,
            competing_letters=bool(letters),
        ),
        incomplete_departments=sorted(
            {each.department for each in own} - _complete(session, day)
        ),
        territory=answers.territory(
            asked.given,
            asked.notes,
            own,
            scale,
            (len(around.pieces), answers.pieces(facts, around.pieces, around.islands)),
        ),
        conflicts=found,
        conflicts_by_cpts=answers.by_cpts(
            found, contacts_of(session, {conflict.cpts.id for conflict in found})
        ),
        competing_letters=[
            schemas.CompetingLetter(
                communes=answers.communes(facts, codes),
                letter=schemas.LetterReference(id=number, name=name)
                if question.names_letters
                else None,
            )
            for number, name, codes in letters
        ],
        unresolved=asked.unresolved,
        free_territory=answers.free_territory(
            [each for each in own if each.code not in taken], scale
        ),
        enclaves=answers.enclaves(facts, around.enclaves),
        neighbours=around.neighbours,
        funding=size.funding,
        amendment=answers.amendment(amended, facts, own, scale, question.members)
        if amended
        else None,
        registry_revision=state.revision,
        checked_at=datetime.now(PARIS).replace(microsecond=0),
    )


def _complete(session: ReadingSession, day: date) -> set[str]:
    """Give the departments that are declared complete; of a day to come, those of today."""
    states = completeness(session, min(day, today()))
    return {state.department for state in states if state.complete}


def _amended(session: ReadingSession, cpts_id: int | None, day: date) -> AmendedCpts | None:
    if cpts_id is None:
        return None
    amended = amended_cpts(session, cpts_id, day)
    if amended is None:
        raise Invalid.at("body", "exclude_cpts", message=f"CPTS inconnue : {cpts_id}.")
    return amended


def _asked(kept: KeptGeography, question: Question) -> _Asked:
    asked = _Asked()
    for resolution in resolve(
        kept.session,
        question.given,
        context=question.departments,
        settled_in=question.settled_in,
        kept=kept,
    ):
        given = resolution.given.shown
        if resolution.outcome == "resolved":
            for commune in resolution.communes:
                asked.add(commune.code, given, resolution.note)
        else:
            asked.leave_out(
                given,
                resolution.outcome,
                resolution.candidates,
                resolution.suggested,
                resolution.note,
            )
    if question.surface is not None:
        inside = [
            (code, share)
            for code, share in shares_inside(kept.session, question.surface)
            if lies_inside(share)
        ]
        for code, share in inside:
            sure = share >= DOUBTFUL_SHARES[1]
            doubtful = None if sure else f"À {share:.0%} dans le polygone."
            asked.add(code, GEOMETRY, doubtful)
        if not inside:
            asked.leave_out(GEOMETRY, "unknown")
    if len(asked.given) > MAXIMUM_COMMUNES:
        raise Invalid.at(
            "body",
            message=f"Le territoire compte {len(asked.given)} communes ; "
            f"au plus {MAXIMUM_COMMUNES} sont acceptées.",
        )
    return asked


def _surroundings(
    session: ReadingSession,
    state: RegistryState,
    territory: frozenset[str],
    day: date,
    excluded: Sequence[int],
) -> _Surroundings:
    borders, masses = land_borders(session, state), land_masses(session, state)
    pieces = parts(territory, borders)
    groups = rules.enclosed_groups(territory, borders, masses)
    beside = rules.surroundings(territory, borders)
    claims = conflicts(
        session,
        territory.union(beside, *groups),
        day,
        stage_day=max(day, today()),
        excluded_cpts=excluded,
    )
    return _Surroundings(
        pieces=pieces,
        islands=rules.islands(pieces, masses),
        conflicts=[claim for claim in claims if claim.commune_code in territory],
        enclaves=rules.enclaves(groups, {claim.commune_code for claim in claims}),
        neighbours=_neighbours(
            territory, borders, [claim for claim in claims if claim.held_from <= day]
        ),
    )


def _neighbours(
    territory: frozenset[str], borders: rules.LandBorders, claims: Collection[ClaimConflict]
) -> list[schemas.Neighbour]:
    """List the CPTS that hold, on the day itself, communes beside the territory."""
    holders = {claim.commune_code: claim.cpts_id for claim in claims}
    references = {claim.cpts_id: answers.reference(claim) for claim in claims}
    lengths = rules.shared_borders(territory, borders, holders)
    return [
        schemas.Neighbour(cpts=references[cpts_id], shared_border_km=round(metres / 1000, 2))
        for cpts_id, metres in sorted(lengths.items(), key=lambda item: (-item[1], item[0]))
    ]
