"""Errors that a client sees: one tree, one shape (RFC 9457).

A noun declares its own errors in `errors.py` as subclasses of `Problem`; whatever is
raised below an endpoint reaches the client through `app.http.problem_answers`. Plain rules
raise them, so nothing that is slow to import belongs here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from pydantic_core import PydanticCustomError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2
_Call = TypeVar("_Call", bound=Callable[..., Any])


class Problem(Exception):
    """An error with a stable code and a text that the public may read.

    Parameters: `detail`, one French sentence about this very occurrence, free of
    anything internal; `extensions`, further members of the answer, JSON values.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Erreur interne"
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, detail: str = "", **extensions: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extensions = extensions

    def body(self) -> dict[str, Any]:
        """Give the members of the problem document."""
        return {
            "type": f"urn:cpts:probleme:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail or self.title,
            "code": self.code,
            **self.extensions,
        }


class Unauthenticated(Problem):
    """No token, or one that is unknown or revoked."""

    status, code, title = 401, "unauthenticated", "Authentification requise"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class UnknownToken(Unauthenticated):
    """A token that is unknown, revoked or past: refused even where none is needed."""


class Forbidden(Problem):
    """The role, the region or the CPTS of the token does not allow it."""

    status, code, title = 403, "forbidden", "Action non autorisée"


class NotFound(Problem):
    """What was asked for does not exist."""

    status, code, title = 404, "not-found", "Introuvable"


class MethodNotAllowed(Problem):
    """The address exists, the method does not."""

    status, code, title = 405, "method-not-allowed", "Méthode non autorisée"


class StaleWrite(Problem):
    """`If-Match` names a state that is no longer the present one."""

    status, code, title = 412, "stale-write", "Modification concurrente"


class TooLarge(Problem):
    """The request is larger than the service reads."""

    status, code, title = 413, "too-large", "Requête trop volumineuse"


class UnsupportedMediaType(Problem):
    """The body is of a type that the address does not read."""

    status, code, title = 415, "unsupported-media-type", "Type de contenu non pris en charge"


class Invalid(Problem):
    """The request is understood, and wrong; `errors` says where and what is accepted."""

    status, code, title = 422, "invalid", "Requête invalide"

    def __init__(self, errors: Sequence[Mapping[str, Any]], detail: str = "") -> None:
        super().__init__(
            detail or "La requête contient des valeurs invalides.", errors=list(errors)
        )

    @classmethod
    def at(
        cls, *loc: str | int, message: str, accepted: Sequence[Any] | None = None
    ) -> "Invalid":
        """Make the error of a single place, such as `at("query", "bbox", message=…)`."""
        error: dict[str, Any] = {"loc": list(loc), "message": message}
        if accepted is not None:
            error["accepted"] = list(accepted)
        return cls([error], detail=message)


class TooManyRequests(Problem):
    """The caller asks more often than the service answers one address."""

    status, code, title = 429, "too-many-requests", "Trop de requêtes"


class DatabaseUnavailable(Problem):
    """The database cannot be reached just now; the service recovers by itself."""

    status, code, title = 503, "database-unavailable", "Base de données indisponible"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": str(RETRY_AFTER_S)}


class ServiceBusy(DatabaseUnavailable):
    """All places of this worker are taken, and none came free in time."""

    title = "Service momentanément saturé"


# Violated constraint → the problem it means; each noun adds its own.
ConstraintProblems = Mapping[str, Callable[[], Problem]]


def declared(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """Describe problems for the OpenAPI document, as `responses=` of a route.

    The schema it refers to is put there by `app.http.documentation`.
    """
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in problems:
        by_status.setdefault(problem.status, []).append(problem)
    return {
        status: {
            "description": " ; ".join(
                dict.fromkeys(f"{problem.title} (`{problem.code}`)" for problem in same)
            ),
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status, same in by_status.items()
    }


def refuses(*problems: type[Problem]) -> Callable[[_Call], _Call]:
    """Say what a dependency raises; each route that uses it is described so.

    `app.http.documentation` reads it by `refusals_of`.
    """

    def mark(call: _Call) -> _Call:
        call.refusals = problems  # type: ignore[attr-defined]
        return call

    return mark


def refusals_of(call: Any) -> tuple[type[Problem], ...]:
    """Give what a dependency has been said to raise."""
    refusals: tuple[type[Problem], ...] = getattr(call, "refusals", ())
    return refusals


STATED = "stated"


def stated(message: str, *accepted: str) -> PydanticCustomError:
    """Make an error for a validator to raise: a French sentence and what is accepted."""
    context = {"message": message, "accepted": list(accepted)}
    return PydanticCustomError(STATED, "{message}", context)
