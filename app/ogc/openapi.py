"""The description of these routes in OpenAPI 3.0, which OGC API asks for.

FastAPI writes 3.1; what the routes use of it is put into the older words.
"""

from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi

from app.http.described_answers import complete
from app.ogc.addresses import ROOT
from app.ogc.description import DESCRIPTION, TITLE

_LICENCE = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"


def openapi_3_0(router: APIRouter, server: str) -> dict[str, Any]:
    """Describe the routes under `/ogc`; `server`, the whole address of that."""
    document = get_openapi(
        title=TITLE,
        version="1",
        openapi_version="3.0.3",
        description=DESCRIPTION,
        license_info={"name": "Licence Ouverte 2.0", "url": _LICENCE},
        servers=[{"url": server}],
        routes=router.routes,
    )
    document = complete(document, router)
    document["paths"] = {
        path.removeprefix(ROOT) or "/": told for path, told in document["paths"].items()
    }
    downgraded: dict[str, Any] = _downgraded(document)
    return downgraded


def _downgraded(value: Any) -> Any:
    if isinstance(value, list):
        return [_downgraded(each) for each in value]
    if not isinstance(value, dict):
        return value
    told = {name: _downgraded(each) for name, each in value.items()}
    if isinstance(choices := told.get("anyOf"), list):
        some = [each for each in choices if each != {"type": "null"}]
        if len(some) < len(choices):
            del told["anyOf"]
            told |= some[0] if len(some) == 1 else {"anyOf": some}
    if isinstance(examples := told.get("examples"), list):
        del told["examples"]
        told |= {"example": examples[0]} if examples else {}
    if "const" in told:
        told["enum"] = [told.pop("const")]
    for bound, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(told.get(bound), int | float) and not isinstance(told[bound], bool):
            told[limit], told[bound] = told[bound], True
    return told
