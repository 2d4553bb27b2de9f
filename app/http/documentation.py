"""The page that shows the API, from files of this machine only."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import HTMLResponse, Response

from app.http.caching import keep_for_good
from app.http.content_policy import INLINE, hash_of, page_content_policy
from app.http.described_answers import complete
from app.http.static_files import StaticFolder

# Swagger UI looks for no other host once its own "try it" validator badge is off.
_START = """
window.onload = () => {
  window.ui = SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#swagger",
    deepLinking: true,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
  });
};
"""
_PAGE = """<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="{icon}">
<link rel="stylesheet" href="{style}">
</head>
<body>
<div id="swagger"></div>
<script src="{bundle}"></script>
<script>{start}</script>
</body>
</html>
"""


def describe_answers(app: FastAPI) -> None:
    """Put into the OpenAPI document what follows from what routes use."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
            )
            app.openapi_schema = complete(document, app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def swagger_folder() -> StaticFolder:
    """Find Swagger UI's files in the package that carries them, without importing it."""
    spec = find_spec("fastapi_swagger")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package fastapi-swagger is not installed")
    return StaticFolder(
        "swagger-ui", Path(spec.origin).parent / "resources", ("swagger-ui*", "*.png")
    )


def documentation_router(title: str, folder: StaticFolder) -> APIRouter:
    """Make the routes `/openapi.json` and `/docs`, whose files are served from `folder`.

    They take the application from the request: FastAPI remembers every endpoint for good,
    and with it whatever it closes over.
    """
    router = APIRouter(include_in_schema=False)
    page = _PAGE.format(
        title=title,
        icon=folder.address("favicon-32x32.png"),
        style=folder.address("swagger-ui.css"),
        bundle=folder.address("swagger-ui-bundle.js"),
        start=_START,
    )
    # Swagger UI writes style attributes.
    policy = page_content_policy(scripts=[hash_of(_START)], styles=[INLINE])

    @router.get("/docs")
    async def documentation(request: Request) -> HTMLResponse:
        keep_for_good(request)
        return HTMLResponse(page, headers={"Content-Security-Policy": policy})

    @router.get("/openapi.json")
    async def openapi_document(request: Request) -> Response:
        keep_for_good(request)
        return Response(orjson.dumps(request.app.openapi()), media_type="application/json")

    return router
