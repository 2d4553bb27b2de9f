"""Table of what is declared complete."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, text
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

# The tables that foreign keys name must be known to the same metadata.
import app.geography.models  # noqa: F401
from app.database.base import Base


class DepartmentCompleteness(Base):
    """Days on which the registry is declared to hold every CPTS of a department.

    `demonstration` marks what the loading of fictitious data declared.
    """

    __tablename__ = "department_completeness"
    __table_args__ = (
        CheckConstraint("NOT isempty(complete) AND NOT lower_inf(complete)", name="complete"),
        ExcludeConstraint(
            ("department_code", "="),
            ("complete", "&&"),
            name="department_completeness_one_a_day",
        ),
    )

    department_code: Mapped[str] = mapped_column(
        ForeignKey("department.code", ondelete="CASCADE"), primary_key=True
    )
    complete: Mapped[Range[date]] = mapped_column(DATERANGE, primary_key=True)
    demonstration: Mapped[bool] = mapped_column(server_default=text("false"))
