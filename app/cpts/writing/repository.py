"""The SQL that changes the registry. Everything works on sets, so that an import of the
whole country costs a handful of statements."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import BigInteger, Text

from app.cpts.models import (
    Claim,
    Cpts,
    CptsStage,
    CptsTheme,
    RefusedClaim,
    RegistryRevision,
    Stage,
    Theme,
)
from app.cpts.writing.rules import ClaimConflict
from app.database.sessions import ReadingSession, WritingSession
from app.database.waiting import lock_limit_ms

# A CPTS and a commune code.
Pair = tuple[int, str]


_LOCK_TIMEOUT = text("SELECT set_config('lock_timeout', :limit_ms, true)")


def lock_registry(session: WritingSession) -> None:
    """Take the registry's one lock: from here on no other transaction writes to it.

    Taken before a check and its write, so that what was checked still holds when it is written.
    A request waits for it no longer than its patience lasts (`app.database.waiting`).
    """
    limit_ms = lock_limit_ms()
    if limit_ms is not None:
        session.execute(_LOCK_TIMEOUT, {"limit_ms": str(limit_ms)})
    session.execute(select(RegistryRevision.revision).with_for_update())


def current_revision(session: ReadingSession) -> int:
    """Give the revision of the registry that this session sees."""
    return session.execute(select(RegistryRevision.revision)).scalar_one()


_CONFLICTS = text("""
    SELECT c.commune_code, m.name AS commune_name, p.id AS cpts_id, p.name AS cpts_name,
           coalesce(s.slug, 'dynamique_identifiee') AS stage, coalesce(s.rank, 1) AS rank,
           p.demonstration,
           lower(c.held) AS held_from, upper(c.held) AS held_until
    FROM claim c
    JOIN commune m ON m.code = c.commune_code
    JOIN cpts p ON p.id = c.cpts_id
    -- A holder counts even on a day before its first stage.
    LEFT JOIN LATERAL (
        SELECT * FROM cpts_stage_on(p.id, greatest(:stage_day, lower(c.held), p.started_on))
    ) s ON true
    WHERE c.commune_code = ANY (:communes)
      AND c.held && daterange(:since, :until)
      AND c.cpts_id <> ALL (:excluded)
    ORDER BY c.commune_code, lower(c.held)
""").bindparams(
    bindparam("communes", type_=ARRAY(Text)), bindparam("excluded", type_=ARRAY(BigInteger))
)


def conflicts(
    session: ReadingSession,
    communes: Collection[str],
    since: date,
    *,
    stage_day: date,
    until: date | None = None,
    excluded_cpts: Collection[int] = (),
) -> list[ClaimConflict]:
    """List every claim of others on these communes from a day on, by commune then date.

    Parameters: `communes`, codes of today's communes; `since`, `until`, the days in
    question, `until` not included and None for ever: claims that start later count;
    `stage_day`, the day whose stage of the holder is told (for a claim that starts
    later, the stage of its first day); `excluded_cpts`, whose claims do not count.
    """
    rows = session.execute(
        _CONFLICTS,
        {
            "communes": list(communes),
            "since": since,
            "until": until,
            "stage_day": stage_day,
            "excluded": list(excluded_cpts),
        },
    )
    return [ClaimConflict(**row) for row in rows.mappings()]


def own_claims_from(
    session: ReadingSession, cpts_ids: Collection[int], day: date
) -> dict[int, dict[str, bool]]:
    """Give, by CPTS, the communes that it holds on or after a day.

    The value of a commune is True when one claim covers the day and has no end, so that
    nothing need change for the commune to be held from that day on.
    """
    statement = (
        select(
            Claim.cpts_id,
            Claim.commune_code,
            func.bool_or(Claim.held.contains(day) & func.upper_inf(Claim.held)),
        )
        .where(Claim.cpts_id.in_(cpts_ids), Claim.held.overlaps(func.daterange(day, None)))
        .group_by(Claim.cpts_id, Claim.commune_code)
    )
    held: dict[int, dict[str, bool]] = {}
    for cpts_id, commune, settled in session.execute(statement):
        held.setdefault(cpts_id, {})[commune] = settled
    return held


_PAIRS = (
    "unnest(CAST(:cpts AS bigint[]), CAST(:communes AS text[])) AS pair (cpts_id, commune_code)"
)

_DROP_LATER_CLAIMS = text(f"""
    DELETE FROM claim c USING {_PAIRS}
    WHERE c.cpts_id = pair.cpts_id AND c.commune_code = pair.commune_code
      AND lower(c.held) >= :day
""")  # noqa: S608 (a constant of this module)

_END_CLAIMS = text(f"""
    UPDATE claim c SET held = daterange(lower(c.held), :day) FROM {_PAIRS}
    WHERE c.cpts_id = pair.cpts_id AND c.commune_code = pair.commune_code
      AND lower(c.held) < :day AND (upper_inf(c.held) OR upper(c.held) > :day)
""")  # noqa: S608

_RESUME_CLAIMS = text(f"""
    UPDATE claim c SET held = daterange(lower(c.held), NULL) FROM {_PAIRS}
    WHERE c.cpts_id = pair.cpts_id AND c.commune_code = pair.commune_code
      AND upper(c.held) = :day
    RETURNING c.cpts_id, c.commune_code
""")  # noqa: S608


def _columns(pairs: Collection[Pair]) -> dict[str, Any]:
    return {"cpts": [cpts for cpts, _ in pairs], "communes": [code for _, code in pairs]}


def release_from(session: WritingSession, pairs: Collection[Pair], day: date) -> None:
    """End the claims of these CPTS on these communes: from `day` on they hold them no more.

    Claims that would start later are dropped.
    """
    if not pairs:
        return
    session.execute(_DROP_LATER_CLAIMS, _columns(pairs) | {"day": day})
    session.execute(_END_CLAIMS, _columns(pairs) | {"day": day})


def hold_from(session: WritingSession, pairs: Collection[Pair], day: date) -> None:
    """Make these CPTS hold these communes from `day` on, without end.

    A claim of the same CPTS that ends on that day is resumed, so that an uninterrupted
    holding stays one claim. The CPTS must not hold the communes on or after that day.

    Raises:
        sqlalchemy.exc.IntegrityError: another CPTS holds one (`claim_commune_held_once`).
    """
    if not pairs:
        return
    resumed = {
        (cpts, commune)
        for cpts, commune in session.execute(_RESUME_CLAIMS, _columns(pairs) | {"day": day})
    }
    fresh = sorted(set(pairs) - resumed)
    insert_claims(session, [(cpts, commune, day) for cpts, commune in fresh])


def insert_claims(session: WritingSession, claims: Collection[tuple[int, str, date]]) -> None:
    """Make claims `(CPTS, commune, first day)` without end, in one statement.

    Raises:
        sqlalchemy.exc.IntegrityError: a commune is held (`claim_commune_held_once`).
    """
    if not claims:
        return
    cpts, communes, days = zip(*claims, strict=True)
    session.execute(
        text("""
            INSERT INTO claim (cpts_id, commune_code, held)
            SELECT pair.cpts_id, pair.commune_code, daterange(pair.day, NULL)
            FROM unnest(CAST(:cpts AS bigint[]), CAST(:communes AS text[]),
                        CAST(:days AS date[])) AS pair (cpts_id, commune_code, day)
        """),
        {"cpts": list(cpts), "communes": list(communes), "days": list(days)},
    )


def insert_cpts(session: WritingSession, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Create CPTS and give their ids in the order of the rows (columns of `cpts`)."""
    statement = insert(Cpts).returning(Cpts.id, sort_by_parameter_order=True)
    return list(session.execute(statement, [dict(row) for row in rows]).scalars())


def read_cpts(session: WritingSession, cpts_id: int) -> Cpts | None:
    """Read a CPTS as it stands now, None when there is none."""
    return session.get(Cpts, cpts_id, populate_existing=True)


def update_cpts_columns(
    session: WritingSession, cpts_id: int, values: Mapping[str, Any]
) -> None:
    """Change columns of a CPTS and its date of change."""
    session.execute(
        update(Cpts)
        .where(Cpts.id == cpts_id)
        .values(updated_at=func.clock_timestamp(), **values)
    )


def touch_cpts(session: WritingSession, cpts_ids: Collection[int]) -> None:
    """Set the date of change of these CPTS to now."""
    if cpts_ids:
        session.execute(
            update(Cpts).where(Cpts.id.in_(cpts_ids)).values(updated_at=func.clock_timestamp())
        )


def stage_ranks(session: ReadingSession) -> dict[str, int]:
    """Give the rank of every stage, by slug."""
    return {stage.slug: stage.rank for stage in session.execute(select(Stage.slug, Stage.rank))}


def first_claim_day(session: ReadingSession, cpts_id: int) -> date | None:
    """Give the first day on which a CPTS holds a commune, None when it never does."""
    statement = select(func.min(func.lower(Claim.held))).where(Claim.cpts_id == cpts_id)
    day: date | None = session.execute(statement).scalar_one()
    return day


def theme_slugs(session: ReadingSession) -> list[str]:
    """List the slugs of all themes, in their order."""
    return list(session.execute(select(Theme.slug).order_by(Theme.rank)).scalars())


def stages_of(session: ReadingSession, cpts_id: int) -> list[tuple[str, date]]:
    """Give the stage timeline of a CPTS as `(slug, since)`, oldest first."""
    statement = (
        select(CptsStage.stage_slug, CptsStage.since)
        .join(Stage, Stage.slug == CptsStage.stage_slug)
        .where(CptsStage.cpts_id == cpts_id)
        .order_by(CptsStage.since, Stage.rank)
    )
    return [(stage.stage_slug, stage.since) for stage in session.execute(statement)]


def put_stages(session: WritingSession, rows: Sequence[tuple[int, str, date]]) -> None:
    """Record stages `(cpts_id, slug, since)`; one that stands already gets the new date."""
    if not rows:
        return
    statement = upsert(CptsStage).values(
        [{"cpts_id": cpts, "stage_slug": slug, "since": since} for cpts, slug, since in rows]
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["cpts_id", "stage_slug"],
            set_={"since": statement.excluded.since},
        )
    )


def drop_stages(session: WritingSession, cpts_id: int, slugs: Collection[str]) -> None:
    """Take stages out of the timeline of a CPTS."""
    if slugs:
        session.execute(
            delete(CptsStage).where(
                CptsStage.cpts_id == cpts_id, CptsStage.stage_slug.in_(slugs)
            )
        )


def set_themes(session: WritingSession, themes: Mapping[int, Collection[str]]) -> None:
    """Replace the themes of these CPTS."""
    session.execute(delete(CptsTheme).where(CptsTheme.cpts_id.in_(themes)))
    rows = [
        {"cpts_id": cpts_id, "theme_slug": slug}
        for cpts_id, slugs in themes.items()
        for slug in dict.fromkeys(slugs)
    ]
    if rows:
        session.execute(insert(CptsTheme), rows)


def existing_cpts(session: ReadingSession, cpts_ids: Collection[int]) -> set[int]:
    """Tell which of these ids belong to a CPTS."""
    return set(session.execute(select(Cpts.id).where(Cpts.id.in_(cpts_ids))).scalars())


_REGIONS = text("""
    SELECT c.department_code, d.region_code,
           sum((SELECT n.population FROM commune_population_on(c.code, :day) n)) AS population
    FROM commune c JOIN department d ON d.code = c.department_code
    WHERE c.code = ANY (:communes)
    GROUP BY c.department_code, d.region_code
    ORDER BY population DESC, c.department_code
""").bindparams(bindparam("communes", type_=ARRAY(Text)))


def regions_by_weight(
    session: ReadingSession, communes: Collection[str], day: date
) -> list[str]:
    """List the regions of these communes, that of the most populated department first.

    The first is the region of the lead department; one region stands once per department.
    """
    rows = session.execute(_REGIONS, {"communes": list(communes), "day": day})
    return [row.region_code for row in rows]


def lead_region(session: ReadingSession, communes: Collection[str], day: date) -> str | None:
    """Give the region of the lead department of these communes, None without any."""
    return next(iter(regions_by_weight(session, communes, day)), None)


_FULFILLED_REFUSALS = text("""
    DELETE FROM refused_claim r USING cpts p, claim c
    WHERE p.id = ANY (:ids) AND c.cpts_id = p.id AND c.commune_code = r.commune_code
      AND r.claimant_key = p.name_key AND upper_inf(c.held)
""").bindparams(bindparam("ids", type_=ARRAY(BigInteger)))


def forget_fulfilled_refusals(session: WritingSession, cpts_ids: Collection[int]) -> None:
    """Drop the refused claims on communes that their claimant has come to hold."""
    if cpts_ids:
        session.execute(_FULFILLED_REFUSALS, {"ids": list(cpts_ids)})


def forget_refusals_of(session: WritingSession, cpts_id: int) -> None:
    """Drop every refused claim of a CPTS that has ended."""
    session.execute(delete(RefusedClaim).where(RefusedClaim.cpts_id == cpts_id))
