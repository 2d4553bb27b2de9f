"""The check of a letter: from what a client writes to a verdict. Writes nothing."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from app.cpts.writing.repository import conflicts, existing_cpts
from app.cpts.writing.rules import ClaimConflict
from app.cpts.writing.schemas import MAXIMUM_COMMUNES
from app.database.calendar import PARIS, today
from app.database.sessions import ReadingSession
from app.funding.repository import scale_on
from app.funding.rules import FundingScale
from app.funding.schemas import FundingAnswer
from app.geography.repository import CommuneOnDay, communes_by_code
from app.geography.resolution import CommuneRef, Given, resolve
from app.letters.check import rules, schemas
from app.letters.check.polygons import sound_surface
from app.letters.check.repository import land_borders, registry_state, shares_inside
from app.problems import Invalid

# A commune counts as inside a polygon from this share of its area on.
INSIDE_SHARE = 0.5
# Below this share of its area inside the polygon, a commune that counts is named as doubtful.
DOUBTFUL_SHARE = 0.8
GEOMETRY = "geometry"


@dataclass(frozen=True)
class Question:
    """What is asked, however it was read.

    Parameters: `given`, communes and EPCI as they were written; `surface`, a valid shapely
    Polygon or MultiPolygon in longitude and latitude (EPSG:4326); `exclude_cpts`, the CPTS
    that would be amended; `effective_on`, today when None.
    """

    given: Sequence[Given] = ()
    surface: Any = None
    name: str | None = None
    exclude_cpts: int | None = None
    effective_on: date | None = None

    @classmethod
    def of(cls, asked: schemas.LetterQuestion) -> "Question":
        """Take over what a client sent; raises `Invalid` on a polygon beyond repair."""
        try:
            surface = None if asked.geometry is None else sound_surface(asked.geometry)
        except ValueError as crossing:
            raise Invalid.at("body", "geometry", message=str(crossing)) from crossing
        return cls(
            given=[Given(text, None) for text in (*asked.communes, *asked.epci)],
            surface=surface,
            name=asked.name,
            exclude_cpts=asked.exclude_cpts,
            effective_on=asked.effective_on,
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
    ) -> None:
        """Note an input that leads to no commune, or to several."""
        self.unresolved.append(
            schemas.UnresolvedInput(
                given=given,
                reason=reason,
                candidates=[
                    schemas.Candidate(code=c.code, name=c.name, department=c.department)
                    for c in candidates
                ],
            )
        )


@dataclass(frozen=True)
class _Surroundings:
    """What lies in and around a territory on the day in question and after."""

    parts: int
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
    excluded = _excluded(session, question.exclude_cpts)
    day = question.effective_on or today()
    state = registry_state(session)
    asked = _asked(session, question)
    territory = frozenset(asked.given)
    borders = land_borders(session, state)
    around = _surroundings(session, territory, borders, day, excluded)
    facts = communes_by_code(session, territory.union(*around.enclaves), day)
    scale = scale_on(session, day)
    found = [_conflict(claim, facts[claim.commune_code]) for claim in around.conflicts]
    own = [facts[code] for code in sorted(territory)]
    taken = {conflict.commune.code for conflict in found}
    tier = _tier(scale, own)
    funding = scale.funding(tier) if tier is not None else None
    return schemas.LetterCheck(
        name=question.name,
        effective_on=day,
        verdict=rules.verdict_of(
            {conflict.severity for conflict in found},
            complete=bool(territory) and not asked.unresolved,
            competing_letters=False,
        ),
        territory=_territory(asked, own, scale, around.parts),
        conflicts=found,
        competing_letters=[],
        unresolved=asked.unresolved,
        free_territory=_free_territory([c for c in own if c.code not in taken], scale),
        enclaves=[
            schemas.Enclave(
                communes=[_commune(facts[code]) for code in sorted(group)],
                population=sum(facts[code].population for code in group),
            )
            for group in around.enclaves
        ],
        neighbours=around.neighbours,
        funding=FundingAnswer.of(funding) if funding else None,
        registry_revision=state.revision,
        checked_at=datetime.now(PARIS).replace(microsecond=0),
    )


def _excluded(session: ReadingSession, cpts_id: int | None) -> list[int]:
    if cpts_id is None:
        return []
    if not existing_cpts(session, [cpts_id]):
        raise Invalid.at("body", "exclude_cpts", message=f"CPTS inconnue : {cpts_id}.")
    return [cpts_id]


def _asked(session: ReadingSession, question: Question) -> _Asked:
    asked = _Asked()
    for resolution in resolve(session, question.given) if question.given else ():
        given = resolution.given.text
        if resolution.outcome == "resolved":
            for commune in resolution.communes:
                asked.add(commune.code, given, resolution.note)
        else:
            asked.leave_out(given, resolution.outcome, resolution.candidates)
    if question.surface is not None:
        inside = [
            (code, share)
            for code, share in shares_inside(session, question.surface)
            if share >= INSIDE_SHARE
        ]
        for code, share in inside:
            doubtful = f"À {share:.0%} dans le polygone." if share < DOUBTFUL_SHARE else None
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
    territory: frozenset[str],
    borders: rules.LandBorders,
    day: date,
    excluded: Sequence[int],
) -> _Surroundings:
    groups = rules.enclosed_groups(territory, borders)
    beside = rules.surroundings(territory, borders)
    claims = conflicts(
        session,
        territory.union(beside, *groups),
        day,
        stage_day=max(day, today()),
        excluded_cpts=excluded,
    )
    return _Surroundings(
        parts=len(rules.parts(territory, borders)),
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
    references = {claim.cpts_id: _reference(claim) for claim in claims}
    lengths = rules.shared_borders(territory, borders, holders)
    return [
        schemas.Neighbour(cpts=references[cpts_id], shared_border_km=round(metres / 1000, 2))
        for cpts_id, metres in sorted(lengths.items(), key=lambda item: (-item[1], item[0]))
    ]


def _reference(claim: ClaimConflict) -> schemas.CptsReference:
    return schemas.CptsReference(
        id=claim.cpts_id,
        name=claim.cpts_name,
        stage=claim.stage,
        demonstration=claim.demonstration,
    )


def _conflict(claim: ClaimConflict, commune: CommuneOnDay) -> schemas.Conflict:
    return schemas.Conflict(
        commune=_commune(commune),
        cpts=_reference(claim),
        severity=rules.severity_of(claim.rank),
        held_from=claim.held_from,
        held_until=claim.held_until,
    )


def _commune(commune: CommuneOnDay) -> schemas.CommuneAnswer:
    return schemas.CommuneAnswer(
        code=commune.code, name=commune.name, population=commune.population
    )


def _population(communes: Iterable[CommuneOnDay]) -> int:
    return sum(commune.population for commune in communes)


def _tier(scale: FundingScale, communes: Collection[CommuneOnDay]) -> int | None:
    return scale.tier_of(_population(communes)) if communes else None


def _territory(
    asked: _Asked, communes: Sequence[CommuneOnDay], scale: FundingScale, parts: int
) -> schemas.Territory:
    population = _population(communes)
    years = {commune.population_year for commune in communes}
    margin = scale.distance(population) if communes else None
    others = [c for c in communes if c.population_year != max(years)]
    return schemas.Territory(
        communes=[
            schemas.TerritoryCommune(
                code=commune.code,
                name=commune.name,
                population=commune.population,
                given=asked.given[commune.code],
                note=" ".join(asked.notes[commune.code]) or None,
            )
            for commune in communes
        ],
        population=population,
        population_year=max(years, default=None),
        population_note=", ".join(f"{c.name} ({c.population_year})" for c in others) or None,
        tier=_tier(scale, communes),
        tier_margin=schemas.TierMargin(
            lower_bound=margin.lower_bound,
            upper_bound=margin.upper_bound,
            to_next=margin.to_next,
            to_previous=margin.to_previous,
        )
        if margin
        else None,
        departments=sorted({commune.department for commune in communes}),
        regions=sorted({commune.region for commune in communes}),
        parts=parts,
    )


def _free_territory(
    communes: Sequence[CommuneOnDay], scale: FundingScale
) -> schemas.FreeTerritory:
    return schemas.FreeTerritory(
        communes=[_commune(commune) for commune in communes],
        population=_population(communes),
        tier=_tier(scale, communes),
    )
