"""The route that adds up what a size tier pays."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from app.database.calendar import today
from app.database.request_sessions import ReadSession
from app.funding.repository import scale_on
from app.funding.schemas import AskedFunding
from app.http.caching import keep_until_change
from app.http.parameters import WholeNumber
from app.http.repository import current_revision
from app.problems import Invalid

router = APIRouter(prefix="/api/v1", tags=["Financement"])


@router.get("/funding", summary="Ce que paie une taille", response_model=AskedFunding)
def read_funding(
    *,
    request: Request,
    session: ReadSession,
    tier: Annotated[WholeNumber, Query(description="Taille", examples=[2])],
    members: Annotated[
        WholeNumber | None, Query(ge=0, le=1_000_000, description="Membres de l'association")
    ] = None,
    optional: Annotated[bool, Query(description="Avec les missions facultatives")] = False,
    year: Annotated[
        Literal["1", "2"] | None,
        Query(description="Année du contrat ; sans elle, `total` est le plus possible"),
    ] = None,
) -> AskedFunding:
    """Le détail par mission et les totaux, selon le barème en vigueur aujourd'hui."""
    scale = scale_on(session, today())
    funding = scale.funding(tier, members)
    if funding is None:
        known = sorted(scale.amounts)
        raise Invalid.at("query", "tier", message=f"Taille inconnue : {tier}.", accepted=known)
    keep_until_change(request, current_revision(session))
    return AskedFunding.asked(
        funding, members, year=int(year) if year else None, optional=optional
    )
