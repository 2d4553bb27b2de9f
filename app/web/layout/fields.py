"""What forms send, read as text, numbers, lists, or into a schema."""

from collections.abc import Mapping
from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData

from app.http.problem_answers import invalid_request

Schema = TypeVar("Schema", bound=BaseModel)


def lines(text: str) -> list[str]:
    """Read one value a line; blank lines are passed over."""
    return [line.strip() for line in text.splitlines() if line.strip()]


# More is no number of anything here, and Python itself refuses to read very many.
_MOST_DIGITS = 18


def numbers(text: str) -> list[int | str]:
    """Read numbers between commas or blanks; what is none stays text, to be refused."""
    return [int(part) if is_number(part) else part for part in text.replace(",", " ").split()]


def is_number(text: str) -> bool:
    """Tell whether a text is a whole number that is read as one: at most 18 digits."""
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


def number(text: str) -> int | str | None:
    """Read one number, None when nothing was written; what is none stays text."""
    return next(iter(numbers(text)), None)


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a form sends although nobody filled it in."""
    return {name: value for name, value in values.items() if value not in ("", None, [], {})}


def text(form: FormData, name: str) -> str:
    """Give a text field of a form, empty when it was not sent; a file is no text."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def fields(form: FormData, *names: str) -> dict[str, Any]:
    """Give the text fields of these names that were filled in."""
    return filled({name: text(form, name) for name in names})


def texts(form: FormData, name: str) -> list[str]:
    """Give every ticked value of a group of boxes."""
    return [value for value in form.getlist(name) if isinstance(value, str)]


def sent(form: FormData | None) -> dict[str, str]:
    """Give the texts of a form as they were sent, so that a refused form keeps them."""
    return {
        name: value
        for name, value in (form.items() if form else ())
        if isinstance(value, str) and name != "csrf"
    }


def sent_lists(form: FormData | None) -> dict[str, list[str]]:
    """Give every ticked value of a form by the name of its boxes."""
    return {name: texts(form, name) for name in form} if form else {}


def read(schema: type[Schema], values: Mapping[str, Any]) -> Schema:
    """Check values against a schema.

    Raises:
        Invalid: with a French sentence per wrong field, as the API gives it.
    """
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise invalid_request(RequestValidationError(error.errors())) from None
