"""Reads the scale of a day from the database."""

from collections import defaultdict
from datetime import date

from sqlalchemy import text

from app.database.sessions import ReadingSession
from app.funding.rules import (
    EARLY_MISSION_CONTRACT,
    FUNCTIONING,
    FundingScale,
    MissionAmounts,
    TierAmounts,
    TierBound,
)

_BOUNDS = text("""
    SELECT b.tier, coalesce(lower(b.population), 0) AS lower, upper(b.population) AS upper
    FROM tier_bound b
    WHERE b.in_force @> CAST(:day AS date)
    ORDER BY lower(b.population) NULLS FIRST
""")

# Items that are no mission come without label; missions in their order.
_AMOUNTS = text("""
    SELECT a.tier, a.item, m.label, m.optional, jsonb_object_agg(a.part, a.euros) AS parts
    FROM funding_amount a LEFT JOIN mission m ON m.slug = a.item
    WHERE a.in_force @> CAST(:day AS date)
    GROUP BY a.tier, a.item, m.slug
    ORDER BY a.tier, m.rank
""")


def scale_on(session: ReadingSession, day: date) -> FundingScale:
    """Give the bounds and amounts in force on a day."""
    bounds = tuple(
        TierBound(tier=row.tier, lower=row.lower, upper=row.upper)
        for row in session.execute(_BOUNDS, {"day": day})
    )
    flat: dict[int, dict[str, int]] = defaultdict(dict)
    missions: dict[int, list[MissionAmounts]] = defaultdict(list)
    for row in session.execute(_AMOUNTS, {"day": day}):
        if row.label is None:
            flat[row.tier][row.item] = row.parts.get("flat", 0)
        else:
            missions[row.tier].append(
                MissionAmounts(
                    slug=row.item,
                    label=row.label,
                    optional=row.optional,
                    fixed=row.parts.get("fixed", 0),
                    variable=row.parts.get("variable", 0),
                    plan_first_year=row.parts.get("plan_first_year", 0),
                    plan_later_years=row.parts.get("plan_later_years", 0),
                    crisis=row.parts.get("crisis", 0),
                )
            )
    return FundingScale(
        bounds=bounds,
        amounts={
            tier: TierAmounts(
                functioning=items.get(FUNCTIONING, 0),
                early_mission_contract=items.get(EARLY_MISSION_CONTRACT, 0),
                missions=tuple(missions[tier]),
            )
            for tier, items in flat.items()
        },
    )
