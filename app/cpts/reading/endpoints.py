"""The public routes of the registry: lists, maps' data, reference lists, coverage."""

from collections.abc import Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app.cpts.reading import service
from app.cpts.reading.filters import RequestedFilters
from app.cpts.reading.schemas import (
    Coverage,
    CoverageLevel,
    CptsItem,
    CptsPage,
    Detail,
    FeatureCollection,
    FeatureOfItem,
)
from app.cpts.references import repository as references
from app.cpts.references.schemas import (
    DepartmentItem,
    ReferenceList,
    RegionItem,
    StageItem,
    ThemeItem,
    TierItem,
)
from app.database.calendar import today
from app.database.request_sessions import ReadSession
from app.database.sessions import ReadingSession
from app.files.cells import CSV_MEDIA_TYPE
from app.http.caching import keep_until_change
from app.http.dependence import standing_of
from app.http.geojson import GEOJSON, GeoJsonResponse
from app.http.paging import PageAddress
from app.http.parameters import Day, RegionCodes, RowId, StageSlugs

JSON = "application/json"

router = APIRouter(prefix="/api/v1", tags=["Lecture"])

CptsId = Annotated[RowId, Path(description="Identifiant de la CPTS.")]
AskedDetail = Annotated[
    Detail | None,
    Query(
        description="Finesse du tracé ; par défaut celle qui convient au filtre.",
        examples=["region"],
    ),
]


def _answer(
    request: Request, session: ReadingSession, body: bytes, media_type: str
) -> Response:
    keep_until_change(request, standing_of(request, session))
    return Response(body, media_type=media_type)


def _listed(request: Request, session: ReadingSession, items: Sequence[Any]) -> Response:
    return _answer(request, session, orjson.dumps({"items": items}), JSON)


@router.get("/cpts", response_model=CptsPage, summary="Les CPTS, filtrées, sans leur géométrie")
def list_cpts(request: Request, session: ReadSession, filters: RequestedFilters) -> Response:
    """Triées par pertinence avec `q`, sinon par nom ; `links` mène aux autres pages."""
    body = service.cpts_page(session, filters, PageAddress.of(request))
    return _answer(request, session, body, JSON)


@router.get(
    "/cpts.geojson",
    response_model=FeatureCollection,
    response_class=GeoJsonResponse,
    summary="Les CPTS, filtrées, avec leur territoire (GeoJSON)",
)
def list_cpts_geojson(
    request: Request,
    session: ReadSession,
    filters: RequestedFilters,
    detail: AskedDetail = None,
) -> Response:
    """FeatureCollection (RFC 7946) ; sans commune, la géométrie est nulle."""
    standing = standing_of(request, session)
    body = service.cpts_collection(
        session, filters, PageAddress.of(request), detail, changed_at=standing.changed_at
    )
    keep_until_change(request, standing)
    return Response(body, media_type=GEOJSON)


@router.get(
    "/cpts/{cpts_id}.geojson",
    response_model=FeatureOfItem,
    response_class=GeoJsonResponse,
    summary="Une CPTS avec son territoire (GeoJSON)",
)
def read_cpts_geojson(
    request: Request,
    session: ReadSession,
    cpts_id: CptsId,
    detail: AskedDetail = None,
    at: Day = None,
) -> Response:
    """Une Feature (RFC 7946) dont les propriétés comptent les communes."""
    body = service.cpts_feature(session, cpts_id, at, detail)
    return _answer(request, session, body, GEOJSON)


@router.get(
    "/cpts/{cpts_id}",
    response_model=CptsItem,
    summary="Une CPTS avec ses communes",
)
def read_cpts(
    request: Request, session: ReadSession, cpts_id: CptsId, at: Day = None
) -> Response:
    """Une CPTS qui a pris fin est montrée à son dernier jour, avec `ended_on`."""
    body = service.cpts_item_body(session, cpts_id, at)
    return _answer(request, session, body, JSON)


@router.get(
    "/compositions.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    summary="CPTS et communes, une ligne par couple (CSV)",
)
def list_compositions(
    request: Request, session: ReadSession, filters: RequestedFilters
) -> Response:
    """`limit` et `offset` comptent des CPTS ; l'en-tête `Link` mène aux autres pages."""
    body, links = service.compositions_csv(session, filters, PageAddress.of(request))
    response = _answer(request, session, body, CSV_MEDIA_TYPE)
    response.headers["Link"] = ", ".join(
        f'<{link["href"]}>; rel="{link["rel"]}"' for link in links
    )
    response.headers["Content-Disposition"] = 'attachment; filename="compositions.csv"'
    return response


@router.get("/regions", response_model=ReferenceList[RegionItem], summary="Les régions")
def list_regions(request: Request, session: ReadSession) -> Response:
    """Code et nom, par code."""
    return _listed(request, session, references.regions(session))


@router.get(
    "/departments", response_model=ReferenceList[DepartmentItem], summary="Les départements"
)
def list_departments(
    request: Request,
    session: ReadSession,
    region: RegionCodes = [],  # noqa: B006  (FastAPI copies defaults)
    at: Day = None,
) -> Response:
    """Code, nom et région, par code ; `complete` : leur contenu est déclaré complet."""
    return _listed(request, session, service.departments(session, tuple(region), at))


@router.get(
    "/stages", response_model=ReferenceList[StageItem], summary="Les stades d'avancement"
)
def list_stages(request: Request, session: ReadSession) -> Response:
    """Dans l'ordre d'avancement."""
    return _listed(request, session, references.stages(session))


@router.get("/themes", response_model=ReferenceList[ThemeItem], summary="Les thèmes de travail")
def list_themes(request: Request, session: ReadSession) -> Response:
    """Avec la mission de l'ACI à laquelle chacun appartient."""
    return _listed(request, session, references.themes(session))


@router.get(
    "/tiers", response_model=ReferenceList[TierItem], summary="Les tailles et leurs bornes"
)
def list_tiers(request: Request, session: ReadSession, at: Day = None) -> Response:
    """De `population_from` habitants à moins de `population_under`."""
    return _listed(request, session, references.tiers(session, at or today()))


@router.get("/coverage", response_model=Coverage, summary="La couverture par territoire")
def read_coverage(
    request: Request,
    session: ReadSession,
    level: Annotated[
        CoverageLevel, Query(description="Pays, régions ou départements.", examples=["region"])
    ] = "country",
    stage: StageSlugs = [],  # noqa: B006  (FastAPI copies defaults)
    at: Day = None,
) -> Response:
    """Population et communes couvertes, avec la définition et la date du calcul.

    Sans `stage`, comptent les stades à partir de la lettre d'intention validée.
    """
    body = service.coverage(session, level, tuple(stage), at)
    return _answer(request, session, body, JSON)
