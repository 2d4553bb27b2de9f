"""The SQL of the rule of the house: who holds which commune on which days.

Everything works on sets, so that an import of the whole country costs a handful of statements.
"""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Text

from app.cpts.claims.models import Claim
from app.cpts.claims.rules import ClaimConflict
from app.cpts.models import RegistryRevision
from app.database.sessions import ReadingSession, WritingSession

# A CPTS and a commune code.
Pair = tuple[int, str]


def lock_registry(session: WritingSession) -> None:
    """Take the registry's one lock: from here on no other transaction writes to it.

    Taken before a check and its write, so that what was checked still holds when it is written.
    """
    session.execute(select(RegistryRevision.revision).with_for_update())


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


def first_claim_day(session: ReadingSession, cpts_id: int) -> date | None:
    """Give the first day on which a CPTS holds a commune, None when it never does."""
    statement = select(func.min(func.lower(Claim.held))).where(Claim.cpts_id == cpts_id)
    day: date | None = session.execute(statement).scalar_one()
    return day
