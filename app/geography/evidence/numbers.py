"""Figures beside names in a table without header: codes, departments, or a population.

The whole column is looked at: figures that agree with the names of their rows are codes;
those that cannot all be codes are something else, and are named as unread.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from app.geography.evidence import codes
from app.geography.evidence.answers import Row
from app.geography.evidence.pieces import Gazetteer, department_limit, digits_limit
from app.geography.evidence.rules import Limit, agree

_MANY = 2


def weighed(rows: Sequence[Row], known: Gazetteer) -> list[Row]:
    """Give rows whose figure without header has become a limit, or a note that it is unread."""
    column = [row for row in rows if row.read.number]
    if not column:
        return list(rows)
    limits = {id(row): _as_code(row, known) for row in column}
    agreeing = sum(_agrees(row, limits[id(row)]) for row in column)
    departments = {id(row): _as_department(row, known) for row in column}
    are_departments = all(_agrees(row, departments[id(row)]) for row in column) and (
        len(column) >= _MANY or codes.undressed(column[0].read.number or "").startswith("0")
    )
    figures = not agreeing and any(limits[id(row)] is None for row in column)
    found = []
    for row in rows:
        if not row.read.number:
            found.append(row)
        elif are_departments:
            found.append(_limited(row, departments[id(row)]))
        else:
            limit = limits[id(row)]
            counts = limit is not None and (
                (_agrees(row, limit) and (_is_whole(row) or agreeing >= _MANY))
                or _is_surely_a_code(row)
                or (_is_whole(row) and not figures)
            )
            found.append(_limited(row, limit) if counts else _unread(row))
    return found


def _as_code(row: Row, known: Gazetteer) -> Limit | None:
    digits = codes.commune_code(row.read.number or "")
    if digits is None:
        return None
    limit, _ = digits_limit(digits, known, "le nombre")
    # Digits that are no known code say nothing, not even a department.
    return None if limit is None or limit.checks else limit


def _as_department(row: Row, known: Gazetteer) -> Limit | None:
    found = known.departments.of_number(codes.undressed(row.read.number or ""))
    return department_limit(found) if found else None


def _agrees(row: Row, limit: Limit | None) -> bool:
    if limit is None or not row.ways:
        return False
    agreement = agree(row.ways, row.target, (*row.limits, limit))
    return agreement is not None and bool(agreement.found)


def _is_whole(row: Row) -> bool:
    return len(codes.undressed(row.read.number or "")) == len("04001")


def _is_surely_a_code(row: Row) -> bool:
    return re.match(r"0\d{4}$|2[AB]", codes.undressed(row.read.number or "")) is not None


def _limited(row: Row, limit: Limit | None) -> Row:
    return row if limit is None else replace(row, limits=(*row.limits, limit))


def _unread(row: Row) -> Row:
    note = f"nombre « {row.read.number} » non lu"
    return replace(row, corrections=(*row.corrections, note))
