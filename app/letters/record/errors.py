"""What can go wrong between the deposit of a letter and its decision."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from app.problems import Invalid, NotFound, Problem


class LetterClosed(Problem):
    """The letter was validated, refused or withdrawn: it changes no more."""

    status, code, title = 409, "letter-closed", "Lettre close"


class ConciliationOpen(Problem):
    """A letter in conciliation is not validated; `communes` are those in dispute."""

    status, code, title = 409, "conciliation-open", "Conciliation en cours"

    def __init__(self, communes: Collection[str]) -> None:
        super().__init__(
            "Une conciliation est ouverte sur cette lettre : elle ne peut pas être validée.",
            communes=sorted(communes),
        )


class NothingInDispute(Problem):
    """A conciliation needs communes that somebody else asks for as well."""

    status, code, title = 409, "nothing-in-dispute", "Aucune commune disputée"


class ConciliationClosed(Problem):
    """The conciliation has its outcome already."""

    status, code, title = 409, "conciliation-closed", "Conciliation close"


class ConciliationUnsettled(Problem):
    """The outcome leaves communes that two of the parties still ask for."""

    status, code, title = 409, "conciliation-unsettled", "Des communes restent disputées"

    def __init__(self, disputes: Collection[dict[str, Any]]) -> None:
        super().__init__(
            "Cette issue laisse des communes disputées entre les parties : rien n'est changé.",
            disputes=list(disputes),
        )


def no_such_letter(letter_id: int) -> NotFound:
    """Give the error of an unknown letter."""
    return NotFound(f"Aucune lettre ne porte le numéro {letter_id}.")


def no_such_conciliation(conciliation_id: int) -> NotFound:
    """Give the error of an unknown conciliation."""
    return NotFound(f"Aucune conciliation ne porte le numéro {conciliation_id}.")


_DATES = {"effective_on", "stage_since", "decided_on"}


@contextmanager
def of_a_decision() -> Iterator[None]:
    """Let what carrying out a decision finds wrong name the decision's own fields.

    The registry's use cases name the members of requests that nobody sent here: a date is
    the decision's date, everything else its being in favour.
    """
    try:
        yield
    except Invalid as error:
        errors = [
            {
                **found,
                "loc": ["body", "decided_on" if _DATES & set(found["loc"]) else "decision"],
            }
            for found in error.extensions["errors"]
        ]
        raise Invalid(errors, detail=error.detail) from error


@contextmanager
def within(*loc: str | int) -> Iterator[None]:
    """Let what is wrong in a part of a request name the place of that part.

    Parameters: `loc`, where the part stands in the body.
    """
    try:
        yield
    except Invalid as error:
        errors = [
            {**found, "loc": ["body", *loc, *found["loc"][1:]]}
            for found in error.extensions["errors"]
        ]
        raise Invalid(errors, detail=error.detail) from error
