"""The SQL of the rule of the house: who holds which commune on which days.

Everything works on sets, so that an import of the whole country costs a handful of statements.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Date, bindparam, delete, func, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Text

from app.cpts.claims import models
from app.cpts.claims.models import Claim, RefusedClaim
from app.cpts.claims.rules import ClaimConflict, Period, PlannedChange
from app.cpts.models import Cpts
from app.cpts.stages import FIRST_STAGE
from app.database.arrays import among
from app.database.sessions import ReadingSession, WritingSession

# A CPTS and a commune code.
Pair = tuple[int, str]


_HOLDERS = """
    SELECT DISTINCT c.commune_code, m.name AS commune_name,
           p.id AS cpts_id, p.name AS cpts_name,
           coalesce(s.slug, :first_stage) AS stage, p.demonstration,
           lower(c.held) AS held_from, upper(c.held) AS held_until
    FROM {asked}
    JOIN commune m ON m.code = c.commune_code
    JOIN cpts p ON p.id = c.cpts_id
    -- A holder counts even on a day before its first stage.
    LEFT JOIN LATERAL (
        SELECT * FROM cpts_stage_on(p.id, greatest(:stage_day, lower(c.held), p.started_on))
    ) s ON true
    WHERE c.cpts_id <> ALL (:excluded)
    ORDER BY c.commune_code, held_from
"""

_CONFLICTS = text(
    _HOLDERS.format(
        asked="""(
        SELECT * FROM claim c
        WHERE c.commune_code = ANY (:communes) AND c.held && daterange(:since, :until)
    ) c"""
    )
).bindparams(
    bindparam("communes", type_=ARRAY(Text)),
    bindparam("excluded", type_=ARRAY(BigInteger)),
    first_stage=FIRST_STAGE,
)

_CONFLICTS_IN_PERIODS = text(
    _HOLDERS.format(
        asked="""unnest(CAST(:communes AS text[]), CAST(:days AS date[]),
                CAST(:untils AS date[])) AS asked (commune_code, since, until)
    JOIN claim c ON c.commune_code = asked.commune_code
        AND c.held && daterange(asked.since, asked.until)"""
    )
).bindparams(bindparam("excluded", type_=ARRAY(BigInteger)), first_stage=FIRST_STAGE)


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


def conflicts_in_periods(
    session: ReadingSession,
    periods: Mapping[str, Sequence[Period]],
    *,
    stage_day: date,
    excluded_cpts: Collection[int] = (),
) -> list[ClaimConflict]:
    """List every claim of others on these communes in their periods, as `conflicts` does."""
    rows = session.execute(
        _CONFLICTS_IN_PERIODS,
        _period_columns((code, period) for code, each in periods.items() for period in each)
        | {"stage_day": stage_day, "excluded": list(excluded_cpts)},
    )
    return [ClaimConflict(**row) for row in rows.mappings()]


def _period_columns(periods: Iterable[tuple[str, Period]]) -> dict[str, Any]:
    listed = list(periods)
    return {
        "communes": [code for code, _ in listed],
        "days": [since for _, (since, _) in listed],
        "untils": [until for _, (_, until) in listed],
    }


_PERIODS = text("""
    SELECT c.cpts_id, c.commune_code, greatest(lower(c.held), :day) AS since,
           upper(c.held) AS until
    FROM claim c
    WHERE c.cpts_id = ANY (:cpts) AND c.held && daterange(:day, NULL)
    ORDER BY c.cpts_id, c.commune_code, lower(c.held)
""").bindparams(bindparam("cpts", type_=ARRAY(BigInteger)), bindparam("day", type_=Date))


def periods_from(
    session: ReadingSession, cpts_ids: Collection[int], day: date
) -> dict[int, dict[str, list[Period]]]:
    """Give, by CPTS and commune, the periods in which it is held from a day on.

    A claim that is older than the day counts from that day.
    """
    found: dict[int, dict[str, list[Period]]] = {}
    for row in session.execute(_PERIODS, {"cpts": list(cpts_ids), "day": day}):
        own = found.setdefault(row.cpts_id, {})
        own.setdefault(row.commune_code, []).append((row.since, row.until))
    return found


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
        .where(among(Claim.cpts_id, cpts_ids), Claim.held.overlaps(func.daterange(day, None)))
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

_RESUME_CLAIMS = text("""
    UPDATE claim c SET held = daterange(lower(c.held), pair.until)
    FROM unnest(CAST(:cpts AS bigint[]), CAST(:communes AS text[]), CAST(:untils AS date[]))
        AS pair (cpts_id, commune_code, until)
    WHERE c.cpts_id = pair.cpts_id AND c.commune_code = pair.commune_code
      AND upper(c.held) = :day
    RETURNING c.cpts_id, c.commune_code
""")


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

    As `hold_in_periods`; the CPTS must not hold the communes on or after that day.
    """
    hold_in_periods(session, {pair: [(day, None)] for pair in pairs}, day)


def hold_in_periods(
    session: WritingSession, periods: Mapping[Pair, Sequence[Period]], day: date
) -> None:
    """Make these CPTS hold these communes in periods that begin on `day` or later.

    A claim of the same CPTS that ends on that day is resumed, so that an uninterrupted
    holding stays one claim. The CPTS must not hold the communes on or after that day.

    Raises:
        sqlalchemy.exc.IntegrityError: another CPTS holds one (`claim_commune_held_once`).
    """
    at_once = {
        pair: until for pair, each in periods.items() for since, until in each if since == day
    }
    resumed = set()
    if at_once:
        rows = session.execute(
            _RESUME_CLAIMS,
            _columns(at_once) | {"untils": list(at_once.values()), "day": day},
        )
        resumed = {(cpts, commune) for cpts, commune in rows}
    _insert_periods(
        session,
        sorted(
            (cpts, commune, period)
            for (cpts, commune), each in periods.items()
            for period in each
            if period[0] != day or (cpts, commune) not in resumed
        ),
    )


def put_periods(
    session: WritingSession, periods: Mapping[Pair, Sequence[Period]], day: date
) -> None:
    """Make these periods all that these CPTS hold of these communes from `day` on.

    Everything is released before anything is held, so that CPTS may hand communes over.

    Raises:
        sqlalchemy.exc.IntegrityError: another CPTS holds one (`claim_commune_held_once`).
    """
    release_from(session, list(periods), day)
    hold_in_periods(session, periods, day)


def insert_claims(session: WritingSession, claims: Collection[tuple[int, str, date]]) -> None:
    """Make claims `(CPTS, commune, first day)` without end, in one statement.

    Raises:
        sqlalchemy.exc.IntegrityError: a commune is held (`claim_commune_held_once`).
    """
    _insert_periods(session, [(cpts, commune, (day, None)) for cpts, commune, day in claims])


def _insert_periods(
    session: WritingSession, claims: Collection[tuple[int, str, Period]]
) -> None:
    if not claims:
        return
    session.execute(
        text("""
            INSERT INTO claim (cpts_id, commune_code, held)
            SELECT pair.cpts_id, pair.commune_code, daterange(pair.day, pair.until)
            FROM unnest(CAST(:cpts AS bigint[]), CAST(:communes AS text[]),
                        CAST(:days AS date[]), CAST(:untils AS date[]))
                AS pair (cpts_id, commune_code, day, until)
        """),
        _period_columns((commune, period) for _, commune, period in claims)
        | {"cpts": [cpts for cpts, _, _ in claims]},
    )


def first_claim_day(session: ReadingSession, cpts_id: int) -> date | None:
    """Give the first day on which a CPTS holds a commune, None when it never does."""
    statement = select(func.min(func.lower(Claim.held))).where(Claim.cpts_id == cpts_id)
    day: date | None = session.execute(statement).scalar_one()
    return day


def planned_after(
    session: ReadingSession, cpts_ids: Collection[int] | None, day: date
) -> dict[int, list[PlannedChange]]:
    """Give what validated letters have planned for days after this one, by CPTS.

    Parameters: `cpts_ids`, whose changes are asked for, None for everybody's.
    """
    statement = (
        select(
            models.PlannedChange.letter_id.label("letter"),
            models.PlannedChange.cpts_id,
            models.PlannedChange.commune_code.label("commune"),
            models.PlannedChange.effective_on,
            (models.PlannedChange.change == "add").label("adds"),
        )
        .where(models.PlannedChange.effective_on > day)
        .order_by(models.PlannedChange.effective_on, models.PlannedChange.letter_id)
    )
    if cpts_ids is not None:
        statement = statement.where(among(models.PlannedChange.cpts_id, cpts_ids))
    found: dict[int, list[PlannedChange]] = {}
    for row in session.execute(statement).mappings():
        found.setdefault(row["cpts_id"], []).append(PlannedChange(**row))
    return found


def put_planned(session: WritingSession, changes: Collection[PlannedChange]) -> None:
    """Record what a letter has planned."""
    if changes:
        session.execute(
            insert(models.PlannedChange),
            [
                {
                    "letter_id": each.letter,
                    "cpts_id": each.cpts_id,
                    "commune_code": each.commune,
                    "change": "add" if each.adds else "withdraw",
                    "effective_on": each.effective_on,
                }
                for each in changes
            ],
        )


def existing_cpts(session: ReadingSession, cpts_ids: Collection[int]) -> set[int]:
    """Tell which of these ids belong to a CPTS."""
    return set(session.execute(select(Cpts.id).where(among(Cpts.id, cpts_ids))).scalars())


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
