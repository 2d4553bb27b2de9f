"""The site's icon as bitmaps, drawn after `app/web/layout/static/icon.svg`."""

import io
from functools import cache
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from PIL.Image import Image

SIZES = (180, 192, 512)
_BACKGROUND = "#23408e"
_UNITS = 36
_OVERSAMPLING = 4
# The three faces of the cube, in the units of the SVG.
_FACES = (
    ("#3b4fa8", ((18, 4.5), (30, 11.3), (30, 24.7), (18, 17.9))),
    ("#52b69a", ((18, 4.5), (18, 17.9), (6, 24.7), (6, 11.3))),
    ("#f6b24f", ((18, 17.9), (30, 24.7), (18, 31.5), (6, 24.7))),
)


def draw(size: int, *, rounded: bool) -> "Image":
    """Draw the icon, `size` pixels wide; `rounded`, whether its corners are see-through."""
    from PIL import Image, ImageDraw  # noqa: PLC0415

    full = size * _OVERSAMPLING
    unit = full / _UNITS
    image = Image.new("RGBA", (full, full))
    pen = ImageDraw.Draw(image)
    box = (0, 0, full - 1, full - 1)
    pen.rounded_rectangle(box, radius=8 * unit if rounded else 0, fill=_BACKGROUND)
    for colour, corners in _FACES:
        points = [(x * unit, y * unit) for x, y in corners]
        pen.polygon(points, fill=colour)
        pen.line([*points, points[0]], fill="#ffffff", width=round(1.6 * unit), joint="curve")
    return image.resize((size, size), Image.Resampling.LANCZOS)


@cache
def png(size: int) -> bytes:
    """Give the icon as PNG for a home screen, which rounds its corners by itself."""
    buffer = io.BytesIO()
    draw(size, rounded=False).convert("RGB").save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


@cache
def ico() -> bytes:
    """Give the icon as ICO, in the sizes that tabs and bookmarks show."""
    buffer = io.BytesIO()
    draw(48, rounded=True).save(buffer, "ICO", sizes=[(16, 16), (32, 32), (48, 48)])
    return buffer.getvalue()


def manifest(name: str, vector: str) -> bytes:
    """Write the web manifest; `vector`, the address of the SVG icon."""
    icons = [{"src": vector, "sizes": "any", "type": "image/svg+xml"}]
    icons += [
        {"src": f"/icone-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"}
        for size in SIZES
    ]
    return orjson.dumps(
        {
            "name": name,
            "short_name": "CPTS",
            "lang": "fr",
            "start_url": "/",
            "display": "browser",
            "background_color": "#f7f6f2",
            "theme_color": _BACKGROUND,
            "icons": icons,
        }
    )
