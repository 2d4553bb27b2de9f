"""`/metrics`, for an administrator's token."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.accounts.dependencies import MetricsCaller
from app.metrics.service import CONTENT_TYPE, page
from app.settings import Settings

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
def metrics(request: Request, _caller: MetricsCaller) -> Response:
    """Donne les mesures du service au format texte de Prometheus."""
    settings: Settings = request.app.state.settings
    text = page(request.app.state.sessions.engines["asides"], settings.database.data_directory)
    return Response(text, media_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})
