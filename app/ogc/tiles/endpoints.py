"""The routes of tiles: `/ogc/collections/…/tiles` and what maps need besides."""

from threading import Lock
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from app.database.calendar import today
from app.database.request_sessions import ReadSession
from app.http.address_limit import limited
from app.http.caching import keep_until_change, keep_where_settled
from app.http.parameters import Day, WholeNumber
from app.http.repository import current_revision
from app.ogc import repository as items
from app.ogc.addresses import JSON, ROOT, Address
from app.ogc.collections import COMMUNES, CPTS, Collection
from app.ogc.tiles import archive, description, repository
from app.ogc.tiles.description import MVT, PMTILES, STYLE
from app.ogc.tiles.rules import LAYERS, MATRIX_SET, MAXIMUM_ZOOM, Layer, Tile
from app.problems import NotFound, ServiceBusy

router = APIRouter()

TILED = (CPTS, COMMUNES)
_ARCHIVE = f"{ROOT}/cpts.pmtiles"
# Longer than for other answers: some thousand tiles are cut, for whoever asks meanwhile too.
PATIENCE_S = {_ARCHIVE: 120.0}
# A worker writes one at a time, whoever asks: the next one waits this long for its turn.
_BEING_WRITTEN = Lock()
_TURN_S = 5.0

_MOST = 24
Zoom = Annotated[WholeNumber, Path(ge=0, le=_MOST, description="Zoom.")]
Place = Annotated[WholeNumber, Path(ge=0, lt=1 << _MOST)]


def _of_type(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {"schema": {"type": "object"}}}}}


def _document(
    request: Request, session: ReadSession, told: Any, media_type: str = JSON
) -> Response:
    keep_where_settled(request, current_revision(session))
    return Response(orjson.dumps(told), media_type=media_type)


@router.get(
    f"{ROOT}/tileMatrixSets",
    response_class=Response,
    responses=_of_type(JSON),
    summary="Les découpages en tuiles",
)
def list_matrix_sets(request: Request, session: ReadSession) -> Response:
    """Un seul, celui des cartes du web."""
    address = Address.of(request)
    return _document(request, session, description.matrix_sets(address))


@router.get(
    f"{ROOT}/tileMatrixSets/{MATRIX_SET}",
    response_class=Response,
    responses=_of_type(JSON),
    summary="Le découpage en tuiles des cartes du web",
)
def read_matrix_set(request: Request, session: ReadSession) -> Response:
    """Échelles et origines des tuiles."""
    told = description.matrix_set_definition()
    return _document(request, session, told)


@router.get(
    f"{ROOT}/styles/cpts",
    response_class=Response,
    responses=_of_type(STYLE),
    summary="Le style d'une carte des tuiles (MapLibre)",
)
def read_style(request: Request, session: ReadSession) -> Response:
    """Les CPTS aux couleurs de leurs stades, et les limites des communes de près."""
    address = Address.of(request)
    return _document(request, session, description.style(address, LAYERS), STYLE)


@router.get(
    _ARCHIVE,
    dependencies=[limited("archive")],
    response_class=Response,
    responses=_of_type(PMTILES),
    summary="Toutes les tuiles du jour, en un fichier (PMTiles)",
)
def read_archive(request: Request, session: ReadSession) -> Response:
    """CPTS et communes, pour un hôte qui ne sert que des fichiers."""
    if not _BEING_WRITTEN.acquire(timeout=_TURN_S):
        raise ServiceBusy("Le fichier des tuiles est en cours d'écriture, réessayez.")
    try:
        body = archive.archive(session, TILED)
    finally:
        _BEING_WRITTEN.release()
    keep_until_change(request, current_revision(session))
    headers = {"Content-Disposition": 'attachment; filename="cpts.pmtiles"'}
    return Response(body, media_type=PMTILES, headers=headers)


def _add_routes(collection: Collection, layer: Layer) -> None:
    name, path = layer.name, description.tiles_path(layer)

    @router.get(
        path.removesuffix(f"/{MATRIX_SET}"),
        name=f"list_tile_sets_{name}",
        response_class=Response,
        responses=_of_type(JSON),
        summary=f"Les jeux de tuiles de « {collection.title} »",
    )
    def list_tile_sets(request: Request, session: ReadSession) -> Response:
        address = Address.of(request)
        told = description.tile_sets(collection, layer, address)
        return _document(request, session, told)

    @router.get(
        path,
        name=f"read_tile_set_{name}",
        response_class=Response,
        responses=_of_type(JSON),
        summary=f"Le jeu de tuiles de « {collection.title} »",
    )
    def read_tile_set(request: Request, session: ReadSession) -> Response:
        address = Address.of(request)
        told = description.tile_set(collection, layer, address, items.extent(session))
        return _document(request, session, told)

    @router.get(
        f"{path}/tilejson.json",
        name=f"read_tilejson_{name}",
        response_class=Response,
        responses=_of_type(JSON),
        summary=f"Les tuiles de « {collection.title} » (TileJSON)",
    )
    def read_tilejson(request: Request, session: ReadSession, at: Day = None) -> Response:
        address = Address.of(request)
        extent = items.extent(session)
        told = description.tilejson(collection, layer, address, extent, at)
        return _document(request, session, told)

    @router.get(
        f"{path}/{{zoom}}/{{row}}/{{column}}",
        name=f"read_tile_{name}",
        response_class=Response,
        responses={
            200: {"content": {MVT: {"schema": {"type": "string", "format": "binary"}}}},
        },
        summary=f"Une tuile de « {collection.title} » (Mapbox Vector Tile)",
    )
    def read_tile(
        request: Request,
        session: ReadSession,
        *,
        zoom: Zoom,
        row: Place,
        column: Place,
        at: Day = None,
    ) -> Response:
        tile = Tile(zoom, row, column)
        if not layer.minimum_zoom <= zoom <= MAXIMUM_ZOOM or not tile.exists:
            raise NotFound(
                f"Cette tuile n'existe pas : les zooms vont de {layer.minimum_zoom} à "
                f"{MAXIMUM_ZOOM}."
            )
        body = repository.tile_body(session, collection, layer, tile, at or today())
        keep_until_change(request, current_revision(session))
        return Response(body, media_type=MVT)


for _collection, _layer in zip(TILED, LAYERS, strict=True):
    _add_routes(_collection, _layer)
