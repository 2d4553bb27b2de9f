"""GeoJSON as an answer, described by its own media type."""

from typing import Any

from starlette.responses import JSONResponse

GEOJSON = "application/geo+json"


class GeoJsonResponse(JSONResponse):
    """A document that is written already (RFC 7946); as `response_class=`, its media type."""

    media_type = GEOJSON

    def render(self, content: Any) -> bytes:
        """Give the document as it is, in bytes."""
        assert isinstance(content, bytes)
        return content
