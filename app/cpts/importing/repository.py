"""The SQL of the import: what the registry knows of the CPTS and communes of a file."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, exists, func, select, text, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import Text

from app.cpts.claims.models import RefusedClaim
from app.cpts.models import Cpts, CptsStage, CptsTheme, Stage, Theme
from app.cpts.writing.rules import StageRecord
from app.database.arrays import among, of_rows
from app.database.calendar import today
from app.database.sessions import ReadingSession, WritingSession

COLUMNS = ("name", "acronym", "finess", "website", "email", "phone", "address")


@dataclass(frozen=True)
class RegisteredCpts:
    """A living CPTS of the registry, with its stages, in their order, and themes."""

    id: int
    name: str
    key: str
    columns: Mapping[str, str | None]
    started_on: date
    stages: Sequence[StageRecord]
    themes: frozenset[str]
    demonstration: bool = False


@dataclass(frozen=True)
class Refusal:
    """A claim that is refused, as the table `refused_claim` keeps it."""

    commune_code: str
    key: str
    cpts_id: int | None
    claimant_name: str
    claimant_finess: str | None
    claimant_stage: str


@dataclass(frozen=True)
class RegistryState:
    """Which registry, and which geography, something was decided on."""

    revision: int
    geography: str | None


_STATE = text("""
    SELECT r.revision,
           g.content_hash || ' ' || greatest(g.loaded_at, g.units_changed_at) AS geography
    FROM registry_revision r LEFT JOIN geography_release g ON true
""")


def registry_state(session: ReadingSession) -> RegistryState:
    """Tell the state of the registry; it stays while the registry is locked."""
    row = session.execute(_STATE).one()
    return RegistryState(row.revision, row.geography)


def search_keys(session: ReadingSession, names: Iterable[str]) -> dict[str, str]:
    """Give the key under which the registry compares each name."""
    distinct = sorted(set(names))
    statement = text(
        "SELECT given, search_key(given) AS key"
        " FROM unnest(CAST(:names AS text[])) AS n (given)"
    )
    return {row.given: row.key for row in session.execute(statement, {"names": distinct})}


def stage_labels(session: ReadingSession) -> dict[str, str]:
    """Give the label of every stage, by slug."""
    return {row.slug: row.label for row in session.execute(select(Stage.slug, Stage.label))}


def theme_labels(session: ReadingSession) -> dict[str, str]:
    """Give the label of every theme, by slug."""
    return {row.slug: row.label for row in session.execute(select(Theme.slug, Theme.label))}


def has_demonstration(session: ReadingSession) -> bool:
    """Whether the registry holds demonstration data."""
    return bool(session.execute(select(exists().where(Cpts.demonstration))).scalar_one())


def registered(
    session: ReadingSession,
    keys: Collection[str],
    finess: Collection[str],
    *,
    with_demonstration: bool = False,
) -> list[RegisteredCpts]:
    """Give the living CPTS that have one of these name keys or FINESS numbers.

    Parameters: `with_demonstration`, whether demonstration data counts: an import removes
    it, unless its file is about it.
    """
    of_kind = true() if with_demonstration else ~Cpts.demonstration
    found = session.execute(
        select(Cpts)
        .where(
            Cpts.ended_on.is_(None),
            of_kind,
            among(Cpts.name_key, keys) | among(Cpts.finess, finess),
        )
        .order_by(Cpts.id)
    ).scalars()
    rows = list(found)
    ids = [row.id for row in rows]
    timelines: dict[int, list[StageRecord]] = {}
    stage_rows = (
        select(CptsStage.cpts_id, CptsStage.stage_slug, CptsStage.since, CptsStage.recorded_on)
        .join(Stage, Stage.slug == CptsStage.stage_slug)
        .where(among(CptsStage.cpts_id, ids))
        .order_by(Stage.rank)
    )
    for cpts_id, slug, since, recorded_on in session.execute(stage_rows):
        timelines.setdefault(cpts_id, []).append(StageRecord(slug, since, recorded_on))
    themes: dict[int, set[str]] = {}
    theme_rows = select(CptsTheme.cpts_id, CptsTheme.theme_slug)
    for cpts_id, slug in session.execute(theme_rows.where(among(CptsTheme.cpts_id, ids))):
        themes.setdefault(cpts_id, set()).add(slug)
    return [
        RegisteredCpts(
            id=row.id,
            name=row.name,
            key=row.name_key,
            columns={column: getattr(row, column) for column in COLUMNS},
            started_on=row.started_on,
            stages=timelines.get(row.id, []),
            themes=frozenset(themes.get(row.id, ())),
            demonstration=row.demonstration,
        )
        for row in rows
    ]


def refusals(session: ReadingSession, keys: Collection[str]) -> list[Refusal]:
    """Give the refused claims of the claimants with these name keys."""
    rows = session.execute(
        select(RefusedClaim).where(among(RefusedClaim.claimant_key, keys))
    ).scalars()
    return [
        Refusal(
            row.commune_code,
            row.claimant_key,
            row.cpts_id,
            row.claimant_name,
            row.claimant_finess,
            row.claimant_stage or "",
        )
        for row in rows
    ]


_DROP_REFUSALS = text("""
    DELETE FROM refused_claim r
    USING unnest(CAST(:communes AS text[]), CAST(:keys AS text[])) AS pair (commune, key)
    WHERE r.commune_code = pair.commune AND r.claimant_key = pair.key
""")


def put_refusals(session: WritingSession, rows: Sequence[Refusal], day: date) -> None:
    """Record refused claims; one that stands already keeps the day of its first refusal."""
    if not rows:
        return
    statement = of_rows(
        upsert(RefusedClaim),
        [
            {
                "commune_code": row.commune_code,
                "cpts_id": row.cpts_id,
                "claimant_name": row.claimant_name,
                "claimant_finess": row.claimant_finess,
                "claimant_stage": row.claimant_stage,
                "refused_on": day,
            }
            for row in rows
        ],
    )
    changed = ("cpts_id", "claimant_name", "claimant_finess", "claimant_stage")
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["commune_code", "claimant_key"],
            set_={column: getattr(statement.excluded, column) for column in changed},
        )
    )


def drop_refusals(session: WritingSession, pairs: Collection[tuple[str, str]]) -> None:
    """Drop refused claims, by commune code and claimant's name key."""
    if pairs:
        session.execute(
            _DROP_REFUSALS,
            {"communes": [code for code, _ in pairs], "keys": [key for _, key in pairs]},
        )


_STANDING = text("""
    SELECT c.commune_code, p.id AS cpts_id, p.name, coalesce(s.slug, '') AS stage,
           lower(c.held) AS held_from, upper(c.held) AS held_until
    FROM claim c
    JOIN cpts p ON p.id = c.cpts_id AND (:with_demonstration OR NOT p.demonstration)
    LEFT JOIN LATERAL (
        SELECT t.slug FROM cpts_stage_on(p.id, greatest(:day, lower(c.held), p.started_on)) t
    ) s ON true
    WHERE c.commune_code = ANY (:communes) AND c.held && daterange(:since, NULL)
    ORDER BY c.commune_code, lower(c.held)
""").bindparams(bindparam("communes", type_=ARRAY(Text)))


def standing_claims(
    session: ReadingSession,
    communes: Collection[str],
    day: date,
    *,
    since: date | None = None,
    with_demonstration: bool = False,
) -> list[Mapping[str, Any]]:
    """Give every claim on these communes that is held on a day or later.

    Parameters: `since`, an earlier day from which claims count as well; `with_demonstration`,
    whether those of demonstration data do. Each has `commune_code`, `cpts_id`, `name`,
    `stage` (the holder's, on that day or on the claim's first, "" when it had none),
    `held_from` and `held_until`.
    """
    asked = {
        "communes": list(communes),
        "day": day,
        "since": since or day,
        "with_demonstration": with_demonstration,
    }
    rows = session.execute(_STANDING, asked)
    return [dict(row) for row in rows.mappings()]


def update_columns(
    session: WritingSession, changed: Mapping[int, Mapping[str, str | None]]
) -> None:
    """Set columns of CPTS, by id."""
    for cpts_id, values in changed.items():
        row = session.get_one(Cpts, cpts_id)
        for column, value in values.items():
            setattr(row, column, value)
        row.updated_at = func.clock_timestamp()
    session.flush()


_TOUCHING_DEPARTMENTS = text("""
    SELECT one.department_code AS code, array_agg(DISTINCT two.department_code) AS beside
    FROM commune_neighbour n
    JOIN unit_on(:today) one ON one.code = n.commune_code
    JOIN unit_on(:today) two ON two.code = n.neighbour_code
    WHERE one.department_code <> two.department_code
    GROUP BY one.department_code
""")


def touching_departments(session: ReadingSession) -> dict[str, list[str]]:
    """List, by department, those that share a border with it."""
    rows = session.execute(_TOUCHING_DEPARTMENTS, {"today": today()})
    return {row.code: row.beside for row in rows}
