"""`./cpts db verify`: recompute everything derived and name any drift."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from app.cpts.claims.service import unfulfilled
from app.cpts.verification import repository
from app.cpts.verification.history import Entry, history_drift
from app.cpts.verification.rules import (
    ClaimFacts,
    CommuneFacts,
    Derived,
    Geography,
    TierBound,
    derive,
    overlapping,
)
from app.database.sessions import ReadingSession
from app.progress import Progress

SCALES = {
    "geom": "détail complet",
    "geom_department": "échelle du département",
    "geom_region": "échelle de la région",
    "geom_country": "échelle du pays",
}
# Share of a polygon's area that rounding may explain: stored polygons are unions of the very
# same coordinates, so anything beyond floating point is a drift.
AREA_TOLERANCE = 1e-9


def verify(session: ReadingSession, progress: Progress) -> list[str]:
    """Recompute what follows from the claims, and what the directory searches.

    Returns: one French line per drift, none when all is true.
    """
    found: list[str] = []
    names = repository.names(session)

    def named(cpts_id: int) -> str:
        return f"CPTS {cpts_id} « {names.get(cpts_id, '?')} »"

    with progress.step("Vérification des règles"):
        found += [f"Garde désactivée : {guard}" for guard in repository.guards_off(session)]
        claims = _claims(session)
        found += [
            f"Commune {commune} tenue deux fois : {named(first)} et {named(second)}"
            for commune, first, second in overlapping(claims)
        ]
        found += [f"{named(i)} : sans stade" for i in repository.without_stage(session)]
        found += [
            f"{named(i)} : tient des communes avant son premier stade"
            for i in repository.held_before_a_stage(session)
        ]
        found += [
            f"{named(change.cpts_id)} : la commune {change.commune} n'est pas "
            f"{'tenue' if change.adds else 'rendue'} à partir du {change.effective_on} comme "
            f"la lettre n° {change.letter} l'a prévu"
            for change in unfulfilled(session, None)
        ]
        found += [
            f"{named(i)} : stades dans le désordre"
            for i in repository.stages_out_of_order(session)
        ]
    with progress.step("Vérification des communes divisées"):
        from app.geography.division.verification import (  # noqa: PLC0415 (slow to import)
            astray,
        )

        found += astray(session)
    with progress.step("Vérification de l'historique"):
        found += [f"{named(cpts_id)} : {drift}" for cpts_id, drift in _history_drift(session)]
        found += [
            f"Lettre {row['id']} : état « {row['state']} », l'historique dit « {row['told']} »"
            for row in repository.letters_astray(session)
        ]
    with progress.step("Vérification des valeurs dérivées"):
        found += [
            f"{named(cpts_id)} : {drift}" for cpts_id, drift in _value_drift(session, claims)
        ]
    with progress.step("Vérification de l'annuaire"):
        found += [
            f"{named(row['id'])} : annuaire inexact ({', '.join(row['astray'])})"
            for row in repository.directory_entries_astray(session)
        ]
        found += [
            f"Mot « {row['word']} » de l'annuaire : compté dans {row['stored']} CPTS au lieu "
            f"de {row['counted']}"
            for row in repository.directory_words_astray(session)
        ]
    for scale, label in SCALES.items():
        with progress.step(f"Vérification des polygones ({label})"):
            found += [
                f"{named(cpts_id)} : {drift}"
                for cpts_id, drift in _polygon_drift(session, scale, label)
            ]
    return found


def _claims(session: ReadingSession) -> Mapping[int, list[ClaimFacts]]:
    claims: dict[int, list[ClaimFacts]] = defaultdict(list)
    for row in repository.claims(session):
        claims[row["cpts_id"]].append(ClaimFacts(row["commune"], row["since"], row["until"]))
    return claims


def _geography(session: ReadingSession) -> Geography:
    communes = {
        row["code"]: CommuneFacts(
            code=row["code"],
            name=row["name"],
            department=row["department"],
            region=row["region"],
            vintages=tuple(zip(row["days"], row["years"], row["populations"], strict=True)),
        )
        for row in repository.communes(session)
    }
    bounds = [TierBound(**row) for row in repository.bounds(session)]
    return Geography(communes, bounds, repository.first_vintage(session))


def _history_drift(session: ReadingSession) -> Iterator[tuple[int, str]]:
    entries = (
        Entry(row["cpts_id"], row["id"], row["before"], row["after"], row["chained"])
        for row in repository.history(session)
    )
    yield from history_drift(entries, repository.states(session))


def _value_drift(
    session: ReadingSession, claims: Mapping[int, list[ClaimFacts]]
) -> Iterator[tuple[int, str]]:
    geography = _geography(session)
    stored: dict[int, list[Derived]] = defaultdict(list)
    for row in repository.territories(session):
        stored[row["cpts_id"]].append(
            Derived(
                since=row["since"],
                until=row["until"],
                communes=tuple(row["commune_codes"]),
                population=row["population"],
                population_year=row["population_year"],
                tier=row["tier"],
                departments=tuple(row["departments"]),
                regions=tuple(row["regions"]),
                lead_department=row["lead_department"],
            )
        )
        if row["commune_count"] != len(row["commune_codes"]):
            yield row["cpts_id"], "nombre de communes inexact"
    for cpts_id in sorted(claims.keys() | stored.keys()):
        expected = {row.since: row for row in derive(claims.get(cpts_id, []), geography)}
        present = {row.since: row for row in stored.get(cpts_id, [])}
        for since in sorted(expected.keys() | present.keys()):
            wanted, found = expected.get(since), present.get(since)
            if wanted is None:
                yield cpts_id, f"période de trop à partir du {since}"
            elif found is None:
                yield cpts_id, f"période absente à partir du {since}"
            else:
                for member in Derived.__dataclass_fields__:
                    should, stands = getattr(wanted, member), getattr(found, member)
                    if should != stands:
                        yield cpts_id, f"{since}, {member} : {stands} au lieu de {should}"


def _polygon_drift(
    session: ReadingSession, scale: str, label: str
) -> Iterator[tuple[int, str]]:
    import shapely  # noqa: PLC0415 (slow to import, and needed by this command only)

    for row in repository.geometries(session, scale):
        stored = shapely.from_wkb(bytes(row["stored"]))
        parts = [shapely.from_wkb(bytes(part)) for part in row["parts"] or []]
        expected = shapely.union_all(parts)
        astray = shapely.symmetric_difference(stored, expected).area
        if not stored.is_valid or astray > AREA_TOLERANCE * max(expected.area, 1e-12):
            yield row["cpts_id"], f"polygone faux à partir du {row['since']} ({label})"
