"""How what the check found is written down, in the shapes of its answer."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from app.cpts.claims.rules import ClaimConflict
from app.funding.rules import FundingScale
from app.funding.schemas import FundingAnswer
from app.geography.repository import CommuneOnDay
from app.letters.check import rules, schemas
from app.letters.check.repository import AmendedCpts, CptsContact

Facts = Mapping[str, CommuneOnDay]


def commune(facts: CommuneOnDay) -> schemas.CommuneAnswer:
    """Write a commune with its inhabitants."""
    return schemas.CommuneAnswer(code=facts.code, name=facts.name, population=facts.population)


def communes(facts: Facts, codes: Iterable[str]) -> list[schemas.CommuneAnswer]:
    """Write communes in the order of their codes."""
    return [commune(facts[code]) for code in sorted(codes)]


def population_of(counted: Iterable[CommuneOnDay]) -> int:
    """Add up inhabitants."""
    return sum(each.population for each in counted)


def reference(claim: ClaimConflict) -> schemas.CptsReference:
    """Name the CPTS of a claim."""
    return schemas.CptsReference(
        id=claim.cpts_id,
        name=claim.cpts_name,
        stage=claim.stage,
        demonstration=claim.demonstration,
    )


def conflict(claim: ClaimConflict, at_stake: CommuneOnDay) -> schemas.Conflict:
    """Write one commune that another CPTS holds."""
    return schemas.Conflict(
        commune=commune(at_stake),
        cpts=reference(claim),
        severity=rules.severity_of(claim.stage),
        held_from=claim.held_from,
        held_until=claim.held_until,
    )


def by_cpts(
    conflicts: Sequence[schemas.Conflict], contacts: Mapping[int, CptsContact]
) -> list[schemas.ConflictingCpts]:
    """Group conflicts by CPTS, those that block first, then by inhabitants at stake."""
    grouped: dict[int, dict[str, schemas.Conflict]] = {}
    blocking = set()
    for each in conflicts:
        # A commune may be held by the same CPTS in several periods.
        grouped.setdefault(each.cpts.id, {}).setdefault(each.commune.code, each)
        if each.severity is rules.Severity.BLOCKING:
            blocking.add(each.cpts.id)
    found = []
    for cpts_id, held in grouped.items():
        severity = rules.Severity.BLOCKING if cpts_id in blocking else rules.Severity.CONTESTED
        contact = contacts.get(cpts_id, CptsContact())
        at_stake = [each.commune for each in held.values()]
        found.append(
            schemas.ConflictingCpts(
                cpts=next(iter(held.values())).cpts,
                contact=schemas.Contact(
                    website=contact.website, email=contact.email, phone=contact.phone
                ),
                severity=severity,
                communes=at_stake,
                population=sum(each.population for each in at_stake),
            )
        )
    return sorted(
        found, key=lambda each: (each.cpts.id not in blocking, -each.population, each.cpts.id)
    )


def pieces(
    facts: Facts, found: Collection[frozenset[str]], islands: Collection[frozenset[str]]
) -> list[schemas.Piece]:
    """Write the pieces of a territory, none when it is all of one piece."""
    if len(found) < 2:
        return []
    return [
        schemas.Piece(
            communes=communes(facts, piece),
            population=population_of(facts[code] for code in piece),
            island=piece in islands,
        )
        for piece in found
    ]


def enclaves(facts: Facts, groups: Iterable[frozenset[str]]) -> list[schemas.Enclave]:
    """Write the groups of communes that would be cut off."""
    return [
        schemas.Enclave(
            communes=communes(facts, group),
            population=population_of(facts[code] for code in group),
        )
        for group in groups
    ]


def territory(
    given: Mapping[str, str],
    notes: Mapping[str, Sequence[str]],
    asked_for: Sequence[CommuneOnDay],
    scale: FundingScale,
    in_pieces: tuple[int, list[schemas.Piece]],
) -> schemas.Territory:
    """Write the territory asked for.

    Parameters: `given`, `notes`, by commune, the input that led to it and what was
    corrected; `asked_for`, its communes by code; `in_pieces`, how many there are, and
    how they are written.
    """
    population = population_of(asked_for)
    years = {each.population_year for each in asked_for}
    margin = scale.distance(population) if asked_for else None
    others = [each for each in asked_for if each.population_year != max(years)]
    return schemas.Territory(
        communes=[
            schemas.TerritoryCommune(
                code=each.code,
                name=each.name,
                population=each.population,
                given=given[each.code],
                note=" ".join(notes[each.code]) or None,
            )
            for each in asked_for
        ],
        population=population,
        population_year=max(years, default=None),
        population_note=", ".join(f"{c.name} ({c.population_year})" for c in others) or None,
        tier=tier_of(scale, asked_for),
        tier_margin=schemas.TierMargin(
            lower_bound=margin.lower_bound,
            upper_bound=margin.upper_bound,
            to_next=margin.to_next,
            to_previous=margin.to_previous,
        )
        if margin
        else None,
        departments=sorted({each.department for each in asked_for}),
        regions=sorted({each.region for each in asked_for}),
        parts=in_pieces[0],
        pieces=in_pieces[1],
    )


def free_territory(left: Sequence[CommuneOnDay], scale: FundingScale) -> schemas.FreeTerritory:
    """Write what remains without the communes in conflict."""
    return schemas.FreeTerritory(
        communes=[commune(each) for each in left],
        population=population_of(left),
        tier=tier_of(scale, left),
    )


def tier_of(scale: FundingScale, counted: Collection[CommuneOnDay]) -> int | None:
    """Give the tier of these communes, None without any."""
    return scale.tier_of(population_of(counted)) if counted else None


def size_of(
    counted: Collection[CommuneOnDay], scale: FundingScale, members: int | None
) -> schemas.TerritorySize:
    """Tell how large these communes are together, and what that pays."""
    tier = tier_of(scale, counted)
    funding = scale.funding(tier, members) if tier is not None else None
    return schemas.TerritorySize(
        commune_count=len(counted),
        population=population_of(counted),
        tier=tier,
        funding=FundingAnswer.of(funding, members) if funding else None,
    )


def amendment(
    cpts: AmendedCpts,
    facts: Facts,
    after: Sequence[CommuneOnDay],
    scale: FundingScale,
    members: int | None,
) -> schemas.Amendment:
    """Compare the territory asked for with the one that the CPTS holds on that day."""
    asked_for = {each.code for each in after}
    before = [facts[code] for code in sorted(cpts.communes)]
    return schemas.Amendment(
        cpts=schemas.CptsReference(
            id=cpts.id, name=cpts.name, stage=cpts.stage, demonstration=cpts.demonstration
        ),
        added=communes(facts, asked_for - cpts.communes),
        withdrawn=communes(facts, cpts.communes - asked_for),
        before=size_of(before, scale, members),
        after=size_of(after, scale, members),
    )
