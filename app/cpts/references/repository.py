"""The SQL of the lists of reference."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Integer, and_, func, select

from app.cpts.completeness.models import DepartmentCompleteness
from app.cpts.models import Mission, Stage, Theme
from app.cpts.references.schemas import (
    DepartmentItem,
    RegionItem,
    StageItem,
    ThemeItem,
    TierItem,
)
from app.database.sessions import ReadingSession
from app.funding.models import TierBound
from app.geography.models import Department, Region


def regions(session: ReadingSession) -> list[RegionItem]:
    """List the regions, by code."""
    rows = session.execute(select(Region.code, Region.name).order_by(Region.code))
    return [RegionItem(*row) for row in rows]


def departments(
    session: ReadingSession, day: date, of_regions: Sequence[str] = ()
) -> list[DepartmentItem]:
    """List the departments, by code.

    Parameters: `day` of which their completeness is told; `of_regions`, codes of the regions
    to which they belong, any when empty.
    """
    asked = (
        select(
            Department.code,
            Department.name,
            Department.region_code,
            DepartmentCompleteness.department_code.is_not(None),
        )
        .outerjoin(
            DepartmentCompleteness,
            and_(
                DepartmentCompleteness.department_code == Department.code,
                DepartmentCompleteness.complete.contains(day),
            ),
        )
        .order_by(Department.code)
    )
    if of_regions:
        asked = asked.where(Department.region_code.in_(of_regions))
    return [DepartmentItem(*row) for row in session.execute(asked)]


def stages(session: ReadingSession) -> list[StageItem]:
    """List the stages, in order of progress."""
    rows = session.execute(
        select(Stage.slug, Stage.rank, Stage.label, Stage.meaning).order_by(Stage.rank)
    )
    return [StageItem(*row) for row in rows]


def stage_labels(session: ReadingSession) -> dict[str, str]:
    """Give the labels of the stages by slug, in order of progress."""
    return {stage.slug: stage.label for stage in stages(session)}


def themes(session: ReadingSession) -> list[ThemeItem]:
    """List the themes, in the order of their missions."""
    rows = session.execute(
        select(Theme.slug, Theme.label, Theme.mission_slug, Mission.label, Mission.optional)
        .join(Mission, Mission.slug == Theme.mission_slug)
        .order_by(Theme.rank)
    )
    return [ThemeItem(*row) for row in rows]


def tiers(session: ReadingSession, day: date) -> list[TierItem]:
    """List the tiers in force on a day, the smallest first."""
    bounds = TierBound.population
    rows = session.execute(
        select(
            TierBound.tier,
            func.coalesce(func.lower(bounds, type_=Integer), 0),
            func.upper(bounds, type_=Integer),
        )
        .where(TierBound.in_force.contains(day))
        .order_by(TierBound.tier)
    )
    return [
        TierItem(tier, f"Taille {tier}", population_from, population_under)
        for tier, population_from, population_under in rows
    ]
