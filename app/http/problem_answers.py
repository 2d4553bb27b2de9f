"""Errors as answers: the one place where whatever is raised below an endpoint is translated."""

import logging
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.database.failures import Trouble, trouble_of
from app.exception_texts import safe_text, traced
from app.http.questions import methods_at
from app.problems import (
    MEDIA_TYPE,
    STATED,
    ConstraintProblems,
    DatabaseUnavailable,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    NotFound,
    Problem,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    UnsupportedMediaType,
)

log = logging.getLogger(__name__)

_CANNOT_RECORD = "Le service ne peut rien enregistrer pour le moment : "
# What each trouble of the database is called in public.
_TROUBLE_TEXTS: dict[Trouble, str] = {
    Trouble.UNREACHABLE: "La base de données ne répond pas, réessayez.",
    Trouble.BUSY: "La base de données est occupée, réessayez.",
    Trouble.SLOW: "La base de données a mis trop de temps à répondre, réessayez.",
    Trouble.OVERLOADED: "La base de données est surchargée, réessayez.",
    Trouble.FULL: _CANNOT_RECORD
    + "l'espace de stockage de sa base de données est plein. La consultation reste ouverte.",
    Trouble.READ_ONLY: _CANNOT_RECORD
    + "sa base de données est en lecture seule. La consultation reste ouverte.",
}

PLAIN_STATUS: dict[int, type[Problem]] = {
    problem.status: problem
    for problem in (
        Unauthenticated,
        Forbidden,
        NotFound,
        MethodNotAllowed,
        TooLarge,
        UnsupportedMediaType,
        TooManyRequests,
    )
}


class ProblemDocument(BaseModel):
    """An error, after RFC 9457; `code` is stable, the texts are for people."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={"examples": [NotFound("Cette CPTS n'existe pas.").body()]},
    )

    type: str
    title: str
    status: int
    detail: str
    code: str


def problem_response(problem: Problem) -> Response:
    """Write a problem as an answer."""
    return Response(
        orjson.dumps(problem.body()),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=dict(problem.headers) | {"Cache-Control": "no-store"},
    )


def problem_of_database_error(
    error: Exception, constraints: ConstraintProblems
) -> Problem | None:
    """Translate an error of the database, None when it has no public meaning.

    Parameters: `error`, as SQLAlchemy raises it; `constraints`, by constraint name.
    """
    if isinstance(error, IntegrityError):
        name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        known = constraints.get(name) if name else None
        return known() if known else None
    trouble = trouble_of(error)
    return unavailable(trouble) if trouble else None


def unavailable(trouble: Trouble) -> DatabaseUnavailable:
    """Give the problem that a trouble of the database is for the public."""
    return DatabaseUnavailable(_TROUBLE_TEXTS[trouble])


# pydantic's error type → French sentence; `{…}` are members of the error's context.
FRENCH: dict[str, str] = {
    "missing": "Ce champ est obligatoire.",
    "extra_forbidden": "Champ inconnu.",
    "json_invalid": "Le corps de la requête n'est pas un JSON valide.",
    "string_type": "Un texte est attendu.",
    "string_too_short": "Au moins {min_length} caractère(s) attendu(s).",
    "string_too_long": "Au plus {max_length} caractère(s) accepté(s).",
    "string_pattern_mismatch": "Format invalide.",
    "int_type": "Un nombre entier est attendu.",
    "int_parsing": "Un nombre entier est attendu.",
    "int_from_float": "Un nombre entier est attendu.",
    "float_type": "Un nombre est attendu.",
    "float_parsing": "Un nombre est attendu.",
    "finite_number": "Un nombre fini est attendu.",
    "bool_type": "true ou false est attendu.",
    "bool_parsing": "true ou false est attendu.",
    "greater_than": "La valeur doit être supérieure à {gt}.",
    "greater_than_equal": "La valeur doit être au moins {ge}.",
    "less_than": "La valeur doit être inférieure à {lt}.",
    "less_than_equal": "La valeur doit être au plus {le}.",
    "list_type": "Une liste est attendue.",
    "dict_type": "Un objet JSON est attendu.",
    "model_type": "Un objet JSON est attendu.",
    "model_attributes_type": "Un objet JSON est attendu.",
    "too_long": "Au plus {max_length} élément(s) accepté(s).",
    "too_short": "Au moins {min_length} élément(s) attendu(s).",
    "date_type": "Une date AAAA-MM-JJ est attendue.",
    "date_parsing": "Une date AAAA-MM-JJ est attendue.",
    "date_from_datetime_parsing": "Une date AAAA-MM-JJ est attendue.",
    "date_from_datetime_inexact": "Une date AAAA-MM-JJ, sans heure, est attendue.",
    "literal_error": "Valeur inconnue.",
    "enum": "Valeur inconnue.",
}


# The accepted values of what is not a list of values, in the same way.
_WHOLE_NUMBER, _DAY = "nombre entier", "AAAA-MM-JJ"
ACCEPTED: dict[str, str] = {
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_from_float": _WHOLE_NUMBER,
    "string_too_long": "{max_length} caractères au plus",
    "bool_type": "true, false",
    "bool_parsing": "true, false",
    "greater_than": "> {gt}",
    "greater_than_equal": "≥ {ge}",
    "less_than": "< {lt}",
    "less_than_equal": "≤ {le}",
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
}


def invalid_request(error: RequestValidationError) -> Problem:
    """Put the errors of a request's validation into French."""
    errors = []
    for found in error.errors():
        context = found.get("ctx", {})
        kind = str(found["type"])
        if kind == "value_error":
            message = str(context.get("error", "Valeur invalide."))
        elif kind == STATED:
            message = context["message"]
        else:
            message = FRENCH.get(kind, "Valeur invalide.").format_map(context)
        location = list(found["loc"])
        if kind == "json_invalid":
            location = location[:1]  # what follows is a place in the text, no field's name
        item: dict[str, Any] = {"loc": location, "message": message}
        if kind in ("literal_error", "enum") and "expected" in context:
            item["accepted"] = [
                part.strip(" '")
                for part in str(context["expected"]).replace(" or ", ",").split(",")
            ]
        elif kind == STATED:
            item["accepted"] = context["accepted"]
        elif kind in ACCEPTED:
            item["accepted"] = [ACCEPTED[kind].format_map(context)]
        errors.append(item)
    places = (item["loc"][:2] for item in errors[:5])
    # What is wrong with the whole is at no place.
    named = ", ".join(dict.fromkeys(str(place[-1]) for place in places if place))
    return Invalid(errors, detail=f"Valeurs invalides : {named}." if named else "")


def install_problem_handlers(app: FastAPI, constraints: ConstraintProblems) -> None:
    """Make every error of the application leave as `application/problem+json`."""

    async def on_problem(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return problem_response(error)

    async def on_invalid(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem_response(invalid_request(error))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 400:
            # FastAPI's word for a body that cannot be read at all.
            return problem_response(
                Invalid.at("body", message="Le corps de la requête est illisible.")
            )
        known = PLAIN_STATUS.get(error.status_code)
        response = problem_response(known() if known else _plain(error.status_code))
        response.headers.update(error.headers or {})
        if error.status_code == MethodNotAllowed.status:
            # Starlette names those of the first route with this address alone.
            response.headers["Allow"] = ", ".join(methods_at(request.app, request.url.path))
        return response

    async def on_database(request: Request, error: Exception) -> Response:
        problem = problem_of_database_error(error, constraints)
        if problem is None:
            return await on_unexpected(request, error)
        if problem.status >= 500:
            log.warning("database: %s", safe_text(error))
        return problem_response(problem)

    async def on_unexpected(request: Request, error: Exception) -> Response:
        # The route, not the address, which may hold what only its reader shall know.
        route = getattr(request.scope.get("route"), "path", "-")
        log.error("unexpected error on %s %s: %s", request.method, route, traced(error))
        return problem_response(Problem("Une erreur inattendue s'est produite."))

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(DBAPIError, on_database)
    app.add_exception_handler(PoolTimeoutError, on_database)
    app.add_exception_handler(Exception, on_unexpected)


def _plain(status: int) -> Problem:
    problem = Problem("Requête refusée.")
    problem.status = status  # type: ignore[misc]
    problem.code = f"http-{status}"  # type: ignore[misc]
    problem.title = "Requête refusée"  # type: ignore[misc]
    return problem
