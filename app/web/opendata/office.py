"""The published tables as offices open them: French headings, labels for slugs, typed cells."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from app.files.office_tables import Heading, Sheet
from app.web.opendata.columns import COMPOSITIONS, CPTS, STAGE, STAGE_LABEL, STAGES, Column

# What only programs read: an office has the label beside, or would have to take it apart.
_FOR_PROGRAMS = (STAGE, STAGES)
# Read as a list by a person.
_BETWEEN = ", "


def _kept(columns: Iterable[Column]) -> list[Column]:
    return [column for column in columns if column not in _FOR_PROGRAMS]


def _heading(column: Column) -> Heading:
    title = STAGE.title if column is STAGE_LABEL else column.title
    return Heading(title, column.office or column.description)


def cpts_sheet(items: Iterable[Mapping[str, Any]]) -> Sheet:
    """Give the table of CPTS, one row each.

    Parameters: `items`, CPTS as the API describes them.
    """
    columns = _kept(CPTS)
    return Sheet(
        "CPTS",
        [_heading(column) for column in columns],
        ([_value(column, item) for column in columns] for item in items),
    )


def compositions_sheet(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Sheet:
    """Give the table of CPTS and communes, one row per pair.

    Parameters: `names` of the values in each row, those of `COMPOSITIONS`.
    """
    columns = _kept(COMPOSITIONS)
    places = [names.index(column.name) for column in columns]
    return Sheet(
        "Compositions",
        [_heading(column) for column in columns],
        ([row[place] for place in places] for row in rows),
    )


def _value(column: Column, item: Mapping[str, Any]) -> Any:
    value = item[column.name]
    if column.name == "themes":
        return _BETWEEN.join(theme["label"] for theme in value) or None
    if isinstance(value, list):
        return _BETWEEN.join(value) or None
    if value is None:
        return None
    if column.kind == "date":
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if column.kind == "datetime" else value
