"""Sets of values in statements: one parameter, however many values.

PostgreSQL takes 65 535 parameters in a statement, and `IN` has one for each value.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, Insert
from sqlalchemy.orm import InstrumentedAttribute


def among(column: InstrumentedAttribute[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Say that a column has one of these values, none when there are none."""
    return column == any_(literal(list(values), ARRAY(column.type)))


def of_rows(statement: Insert, rows: Sequence[Mapping[str, Any]]) -> Insert:
    """Make a statement insert these rows, at least one, all of the same columns.

    One statement with an array for each column: triggers of statements run once.
    """
    names = list(rows[0])
    types = statement.table.c
    columns = [
        func.unnest(literal([row[name] for row in rows], ARRAY(types[name].type))).label(name)
        for name in names
    ]
    return statement.from_select(names, select(*columns))
