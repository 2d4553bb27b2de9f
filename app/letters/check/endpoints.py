"""Routes of letters of intent."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request, Response

from app.database.sessions import ReadSession
from app.letters.check import service
from app.letters.check.rate_limit import CheckLimit
from app.letters.check.schemas import LetterCheck, LetterQuestion
from app.problems import TooLarge, TooManyRequests, UnsupportedMediaType, declared

router = APIRouter(prefix="/api/v1/letters", tags=["Lettres d'intention"])


async def _within_limit(request: Request) -> None:
    limit: CheckLimit = request.app.state.check_limit
    limit.count(request.client.host if request.client else None)


@router.post(
    "/check",
    summary="Vérifier le territoire d'une lettre d'intention",
    description="Le territoire est-il libre, qui tient quoi, que reste-t-il ? "
    "Rien n'est écrit. Ouvert à tous, dans la limite d'un nombre par minute et par adresse.",
    response_model=LetterCheck,
    responses=declared(TooLarge, UnsupportedMediaType, TooManyRequests),
    dependencies=[Depends(_within_limit)],
)
def check_letter(question: Annotated[LetterQuestion, Body()], session: ReadSession) -> Response:
    """Tell whether the territory is free, who holds what, and what is left. Writes nothing."""
    answer = service.check_letter(session, service.Question.of(question))
    return Response(
        answer.model_dump_json(),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
