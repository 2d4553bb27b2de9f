"""What routes answer besides what they are for, told by what they use.

A dependency says what it refuses (`app.problems.refuses`); a parameter in the path may name
nothing, a body may be too large, whoever gives `If-Match` may be late. So no route repeats in
`responses=` what follows from its own signature, and none forgets it.
"""

from collections.abc import Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from starlette.datastructures import Headers

from app.http.body import SlowBody
from app.http.problem_answers import ProblemDocument
from app.http.questions import routes_of
from app.problems import (
    NotFound,
    Problem,
    StaleWrite,
    TooLarge,
    Unauthenticated,
    UnsupportedMediaType,
    declared,
    refusals_of,
)

_UNCHANGED = {"description": "Inchangé depuis l'`ETag` donné dans `If-None-Match`"}
# What pydantic writes of bounds behind a validator, and what JSON Schema calls them.
_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
_METHODS = ("get", "post", "put", "patch", "delete")


def complete(document: dict[str, Any], routes: Any) -> dict[str, Any]:
    """Put into an OpenAPI document what follows from the routes that it describes.

    Parameters: `document`, as FastAPI writes it; `routes`, of an application or router.
    """
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["ProblemDocument"] = ProblemDocument.model_json_schema()
    for route in routes_of(routes):
        told = document["paths"].get(route.path_format, {})
        for method in route.methods or ():
            if method.lower() in told:
                _complete_operation(told[method.lower()], method, route)
    _link(document)
    bounded: dict[str, Any] = _with_bounds(document)
    return bounded


def _complete_operation(operation: dict[str, Any], method: str, route: APIRoute) -> None:
    refused = list(_refusals(route))
    answers = operation["responses"]
    if method == "GET":
        answers.setdefault("304", _UNCHANGED)
    for status, answer in declared(*refused).items():
        answers.setdefault(str(status), answer)
    if "security" in operation and Unauthenticated not in refused:
        # A token is read where one is given.
        operation["security"].append({})


def _refusals(route: APIRoute) -> Iterator[type[Problem]]:
    for call in _calls(route.dependant):
        yield from refusals_of(call)
    if route.dependant.path_params or "{" in route.path:
        yield NotFound
    named = Headers({each.alias: "" for each in get_flat_params(route.dependant)})
    if "if-match" in named:
        yield StaleWrite
    if route.body_field is not None:
        yield from (TooLarge, UnsupportedMediaType, SlowBody)


def _calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for each in dependant.dependencies:
        yield from _calls(each)


def _link(document: dict[str, Any]) -> None:
    """Lead from each list, and from what makes one of its items, to what is of one item."""
    paths: dict[str, Any] = document["paths"]
    for path, operations in paths.items():
        before, brace, after = path.partition("/{")
        if not brace or before not in paths:
            continue
        parameter = after.partition("}")[0]
        member = parameter.rpartition("_")[2]
        for source, pointer in (("get", f"/items/0/{member}"), ("post", f"/{member}")):
            if source in paths[before]:
                _lead(document, paths[before][source], operations, parameter, pointer)


def _lead(
    document: dict[str, Any],
    source: dict[str, Any],
    operations: dict[str, Any],
    parameter: str,
    pointer: str,
) -> None:
    for status in ("200", "201"):
        answer = source["responses"].get(status)
        schema = (answer or {}).get("content", {}).get("application/json", {}).get("schema")
        if not answer or not _holds(document, schema, pointer):
            continue
        for method, operation in operations.items():
            if method in _METHODS:
                name = operation["operationId"]
                answer.setdefault("links", {})[name] = {
                    "operationId": name,
                    "parameters": {parameter: f"$response.body#{pointer}"},
                }


def _holds(document: dict[str, Any], schema: Any, pointer: str) -> bool:
    """Tell whether a schema has what a pointer leads to."""
    for step in pointer.split("/")[1:]:
        if isinstance(schema, dict) and "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if not isinstance(schema, dict):
            return False
        schema = schema.get("items") if step == "0" else schema.get("properties", {}).get(step)
    return schema is not None


def _with_bounds(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_bounds(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name if isinstance(each, dict) else _BOUNDS.get(name, name): _with_bounds(each)
        for name, each in value.items()
    }
