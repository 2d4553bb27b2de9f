"""The shape of what is told about completeness."""

from datetime import date

from pydantic import BaseModel


class DepartmentCompleteness(BaseModel):
    """A department: whether the registry is declared to hold all its CPTS, and since when."""

    department: str
    complete: bool
    completed_on: date | None


class Completeness(BaseModel):
    """Every department, by code."""

    items: list[DepartmentCompleteness]
