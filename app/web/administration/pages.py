"""What all pages of the administration share: who is signed in, what went wrong."""

from typing import Any

from fastapi import Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse

from app.accounts.dependencies import page_form_token
from app.accounts.permissions import ROLE_LABELS, Permission
from app.accounts.rules import Caller
from app.database.sessions import ReadingSession
from app.problems import Problem
from app.web.layout.rendering import render

# Address, label and right of each part, in the order of its navigation.
PARTS: tuple[tuple[str, str, Permission], ...] = (
    ("/administration", "Vue d’ensemble", "administration.open"),
    ("/administration/cpts", "CPTS", "administration.open"),
    ("/administration/imports", "Imports", "registry.import"),
    ("/administration/signalements", "Signalements", "reports.handle"),
    ("/administration/completude", "Complétude", "completeness.declare"),
    ("/administration/institutions", "Qui appeler", "institutions.keep"),
    ("/administration/journal", "Journal", "administration.journal"),
    ("/comptes", "Comptes", "people.manage"),
    ("/administration/quartiers", "Quartiers", "registry.divide"),
    ("/administration/geographie", "Géographie", "service.upkeep"),
    ("/administration/entretien", "Entretien", "service.upkeep"),
)


def administration_page(
    request: Request,
    template: str,
    *,
    session: ReadingSession,
    caller: Caller,
    problem: Problem | None = None,
    status: int = 200,
    **values: Any,
) -> HTMLResponse:
    """Answer with a page, which is never kept and says who is signed in.

    Parameters: `problem`, what was wrong with the form sent; `status` without one.
    """
    response = render(
        request,
        f"administration/{template}",
        session=session,
        keep=False,
        status=problem.status if problem else status,
        caller=caller,
        csrf=page_form_token(request),
        robots="noindex",
        canonical=values.pop("canonical", request.url.path),
        problem=problem,
        may=caller.may,
        role=ROLE_LABELS[caller.role],
        parts=[(address, label) for address, label, right in PARTS if caller.may(right)],
        **values,
    )
    # Under « no-referrer » browsers would not say of forms that they come from here either.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def leading_to(address: str) -> RedirectResponse:
    """Lead to another page after a form."""
    return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})


async def sent_form(request: Request) -> FormData:
    """Give the form of a request, as a dependency."""
    return await request.form()
