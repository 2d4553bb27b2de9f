"""The SQL of what is declared complete."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, delete, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.cpts.completeness.models import DepartmentCompleteness
from app.database.sessions import ReadingSession, WritingSession


@dataclass(frozen=True, slots=True)
class DepartmentState:
    """A department on a day: whether it is declared complete, and since when."""

    department: str
    name: str
    completed_on: date | None

    @property
    def complete(self) -> bool:
        """Whether the registry is declared to hold every CPTS of it."""
        return self.completed_on is not None


_STATES = text("""
    SELECT d.code AS department, d.name, lower(k.complete) AS completed_on
    FROM department d
    LEFT JOIN department_completeness k
        ON k.department_code = d.code AND k.complete @> CAST(:day AS date)
    ORDER BY d.code
""")
_OF_DEPARTMENTS = bindparam("codes", type_=ARRAY(Text))
# What was declared for later days gives way.
_REGIONS = text(
    "SELECT d.code, d.region_code FROM department d WHERE d.code = ANY (:codes)"
).bindparams(_OF_DEPARTMENTS)
_FORGET_LATER = text("""
    DELETE FROM department_completeness
    WHERE department_code = ANY (:codes) AND (lower(complete) >= :day OR demonstration)
""").bindparams(_OF_DEPARTMENTS)
_KEEP_OPEN = text("""
    UPDATE department_completeness SET complete = daterange(lower(complete), NULL)
    WHERE department_code = ANY (:codes) AND complete @> CAST(:day AS date)
""").bindparams(_OF_DEPARTMENTS)
_BEGIN = text("""
    INSERT INTO department_completeness (department_code, complete)
    SELECT code, daterange(:day, NULL) FROM unnest(:codes) code
    WHERE NOT EXISTS (
        SELECT FROM department_completeness k
        WHERE k.department_code = code AND k.complete @> CAST(:day AS date))
""").bindparams(_OF_DEPARTMENTS)
_END_LATER = text("""
    DELETE FROM department_completeness
    WHERE department_code = ANY (:codes) AND lower(complete) >= :day
""").bindparams(_OF_DEPARTMENTS)
_END = text("""
    UPDATE department_completeness SET complete = daterange(lower(complete), :day)
    WHERE department_code = ANY (:codes) AND complete @> CAST(:day AS date)
""").bindparams(_OF_DEPARTMENTS)
_BEGIN_FICTITIOUS = text("""
    INSERT INTO department_completeness (department_code, complete, demonstration)
    SELECT d.code, daterange(:day, NULL), true FROM department d
    WHERE NOT EXISTS (
        SELECT FROM department_completeness k WHERE k.department_code = d.code)
""")


def states(session: ReadingSession, day: date) -> list[DepartmentState]:
    """Tell of every department whether it is complete on a day, by code."""
    rows = session.execute(_STATES, {"day": day})
    return [DepartmentState(**row) for row in rows.mappings()]


def regions_of(session: ReadingSession, codes: Collection[str]) -> dict[str, str]:
    """Give the region of each of these departments."""
    rows = session.execute(_REGIONS, {"codes": list(codes)})
    return {row.code: row.region_code for row in rows}


def begin(session: WritingSession, codes: Collection[str], day: date) -> None:
    """Have departments be complete from a day on; one that is already stays so since before."""
    given = {"codes": sorted(codes), "day": day}
    for statement in (_FORGET_LATER, _KEEP_OPEN, _BEGIN):
        session.execute(statement, given)


def end(session: WritingSession, codes: Collection[str], day: date) -> None:
    """Have departments be complete no longer from a day on."""
    given = {"codes": sorted(codes), "day": day}
    for statement in (_END_LATER, _END):
        session.execute(statement, given)


def begin_fictitious(session: WritingSession, day: date) -> None:
    """Have every department be complete of which nothing was ever declared."""
    session.execute(_BEGIN_FICTITIOUS, {"day": day})


def forget_fictitious(session: WritingSession) -> None:
    """Take back what the loading of demonstration data declared."""
    session.execute(delete(DepartmentCompleteness).where(DepartmentCompleteness.demonstration))
