"""The routes of OGC API – Features: `/ogc` and what lies below, reading only."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.cpts.reading.filtering import Filters, requested
from app.database.request_sessions import ReadSession
from app.database.sessions import ReadingSession
from app.http.address_limit import limit_of
from app.http.caching import keep_where_settled
from app.http.geojson import GEOJSON
from app.http.repository import current_revision
from app.ogc import description, pages, repository, service
from app.ogc.addresses import HTML, JSON, ROOT, SCHEMA, Address, ItemsAddress, link
from app.ogc.collections import COLLECTIONS, Collection
from app.ogc.openapi import openapi_3_0
from app.ogc.parameters import (
    AskedFormat,
    ItemKey,
    RequestedDrawing,
    RequestedItems,
)
from app.ogc.systems import SYSTEMS, CoordinateSystem
from app.ogc.tiles import endpoints as tiles
from app.problems import DatabaseUnavailable, Invalid, TooManyRequests, declared, refuses

router = APIRouter(
    tags=["OGC API"],
    responses=declared(Invalid, DatabaseUnavailable),
)


def _answers(media_type: str) -> dict[int | str, dict[str, Any]]:
    content = {
        media_type: {"schema": {"type": "object"}},
        HTML: {"schema": {"type": "string"}},
    }
    return {200: {"content": content}}


def _answer(request: Request, session: ReadingSession, answer: Response) -> Response:
    keep_where_settled(request, current_revision(session))
    return answer


def _document(told: Any, media_type: str = JSON) -> Response:
    return Response(orjson.dumps(told), media_type=media_type)


@router.get(f"{ROOT}/", response_class=Response, include_in_schema=False)
@router.get(
    ROOT, response_class=Response, responses=_answers(JSON), summary="L'accueil de l'API"
)
def read_landing_page(
    request: Request, session: ReadSession, f: AskedFormat = "json"
) -> Response:
    """Mène à la description, aux normes suivies et aux collections."""
    address = Address.of(request)
    told = description.landing(address)
    answer = pages.page("landing", told=told) if f == "html" else _document(told)
    return _answer(request, session, answer)


@router.get(
    f"{ROOT}/conformance",
    response_class=Response,
    responses=_answers(JSON),
    summary="Les normes suivies",
)
def read_conformance(
    request: Request, session: ReadSession, f: AskedFormat = "json"
) -> Response:
    """Les classes de conformité d'OGC API – Features et de CQL2."""
    address = Address.of(request)
    if f == "html":
        answer: Response = pages.page("conformance", classes=description.CONFORMANCE)
    else:
        answer = _document(description.conformance(address))
    return _answer(request, session, answer)


@router.get(
    f"{ROOT}/api",
    response_class=Response,
    responses=_answers(description.OPENAPI_3_0),
    summary="La description de l'API (OpenAPI 3.0)",
)
def read_api_definition(
    request: Request, session: ReadSession, f: AskedFormat = "json"
) -> Response:
    """Les adresses et leurs paramètres."""
    address = Address.of(request)
    told = openapi_3_0(router, address.to(ROOT))
    if f == "html":
        answer: Response = pages.page("api", paths=told["paths"])
    else:
        answer = _document(told, description.OPENAPI_3_0)
    return _answer(request, session, answer)


@router.get(
    f"{ROOT}/collections",
    response_class=Response,
    responses=_answers(JSON),
    summary="Les collections",
)
def list_collections(
    request: Request, session: ReadSession, f: AskedFormat = "json"
) -> Response:
    """Chacune avec son étendue, ses systèmes de référence et ses liens."""
    address = Address.of(request)
    if f == "html":
        answer: Response = pages.page("collections", collections=COLLECTIONS)
    else:
        answer = _document(description.collections(address, repository.extent(session)))
    return _answer(request, session, answer)


@refuses(TooManyRequests)
async def _within_limit(request: Request) -> None:
    # A filter of one's own is the one thing whose price clients choose.
    if "filter" in request.query_params:
        await limit_of(request, "filter").count_aside(request)


def _in_system(answer: Response, system: CoordinateSystem) -> Response:
    answer.headers["Content-Crs"] = f"<{system.uri}>"
    return answer


def _add_routes(collection: Collection) -> None:
    """Give a collection its routes, each of whose parameters are its own."""
    Chosen = Annotated[  # noqa: N806  (a type)
        Filters, Depends(requested(collection.filters, paged=False))
    ]

    @router.get(
        collection.path,
        name=f"read_collection_{collection.name}",
        response_class=Response,
        responses=_answers(JSON),
        summary=f"La collection « {collection.title} »",
    )
    def read_collection(
        request: Request, session: ReadSession, f: AskedFormat = "json"
    ) -> Response:
        address = Address.of(request)
        if f == "html":
            answer: Response = pages.page(
                "collection", collection=collection, systems=SYSTEMS.values()
            )
        else:
            extent = repository.extent(session)
            answer = _document(description.collection(collection, address, extent))
        return _answer(request, session, answer)

    def schema_answer(
        request: Request, session: ReadingSession, f: str, *, of_filters: bool = False
    ) -> Response:
        address = Address.of(request)
        told = description.schema(collection, address, of_filters=of_filters)
        if f == "html":
            answer: Response = pages.page(
                "schema",
                collection=collection,
                heading="Ce que les filtres connaissent" if of_filters else "Schéma",
                properties=told["properties"],
            )
        else:
            answer = _document(told, SCHEMA)
        return _answer(request, session, answer)

    @router.get(
        f"{collection.path}/schema",
        name=f"read_schema_{collection.name}",
        response_class=Response,
        responses=_answers(SCHEMA),
        summary=f"Le schéma de « {collection.title} »",
    )
    def read_schema(
        request: Request, session: ReadSession, f: AskedFormat = "json"
    ) -> Response:
        return schema_answer(request, session, f)

    @router.get(
        f"{collection.path}/queryables",
        name=f"read_queryables_{collection.name}",
        response_class=Response,
        responses=_answers(SCHEMA),
        summary=f"Ce que les filtres connaissent de « {collection.title} »",
    )
    def read_queryables(
        request: Request, session: ReadSession, f: AskedFormat = "json"
    ) -> Response:
        return schema_answer(request, session, f, of_filters=True)

    @router.get(
        f"{collection.path}/items",
        name=f"list_items_{collection.name}",
        response_class=Response,
        responses=_answers(GEOJSON),
        dependencies=[Depends(_within_limit)],
        summary=f"Les éléments de « {collection.title} »",
    )
    def list_items(
        request: Request, session: ReadSession, asked: RequestedItems, filters: Chosen
    ) -> Response:
        address = Address.of(request)
        page = service.page_of(
            session, collection, asked, filters, ItemsAddress(address, asked.form)
        )
        if asked.form == "html":
            answer: Response = pages.items_page(collection, page)
        else:
            answer = Response(service.collection_body(session, page), media_type=GEOJSON)
        return _answer(request, session, _in_system(answer, asked.system))

    @router.get(
        f"{collection.path}/items/{{key}}",
        name=f"read_item_{collection.name}",
        response_class=Response,
        responses=_answers(GEOJSON),
        summary=f"Un élément de « {collection.title} »",
    )
    def read_item(
        request: Request, session: ReadSession, asked: RequestedDrawing, key: ItemKey
    ) -> Response:
        address = Address.of(request)
        item = service.item_of(session, collection, key, asked)
        links = [
            *address.forms(asked.form, GEOJSON),
            link(address.to(collection.path), "collection", JSON, "La collection"),
        ]
        if asked.form == "html":
            answer: Response = pages.item_page(collection, item, links)
        else:
            answer = Response(service.item_body(item, links), media_type=GEOJSON)
        return _answer(request, session, _in_system(answer, asked.system))


for _collection in COLLECTIONS:
    _add_routes(_collection)
router.include_router(tiles.router)
