"""Drawing a social preview with Pillow, whose import only a first image pays for."""

import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from app.maps.palette import BORDER_COLOUR, FILL_OPACITY
from app.web.information import icons
from app.web.layout.rendering import SITE_NAME

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw as Pen
    from PIL.ImageFont import FreeTypeFont

WIDTH_PX, HEIGHT_PX = 1200, 630
# Drawn larger and reduced, so that borders are smooth.
_OVERSAMPLING = 2
_PAPER, _INK, _QUIET, _LAND, _PANEL = "#f4f1ea", "#1c2430", "#4f5966", "#e3ded1", "#ffffff"
_WARNING, _WARNING_INK = "#fff1cc", "#553c00"
_PANEL_WIDTH = 500
_MARGIN = 44
_INSET_PX = 86
_ONE_AT_A_TIME = Lock()

Point = tuple[float, float]
Ring = Sequence[Point]
Territory = tuple[Sequence["Shape"], Sequence["Shape"]]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """A GeoJSON Polygon or MultiPolygon (WGS 84) and its fill; without one it is land."""

    geometry: Mapping[str, Any]
    fill: str | None

    def polygons(self) -> Iterator[Sequence[Ring]]:
        """Give the polygons, each its outer ring first."""
        coordinates = self.geometry["coordinates"]
        yield from [coordinates] if self.geometry["type"] == "Polygon" else coordinates


@dataclass(frozen=True, slots=True)
class StageLine:
    """A line of the legend: how many CPTS are at a stage, and its colour."""

    label: str
    colour: str
    count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What is written: title, two figures with their words, the legend, the date."""

    title: str
    figures: Sequence[tuple[str, str]]
    stages: Sequence[StageLine]
    dated: str
    demonstration: bool


@dataclass(frozen=True, slots=True)
class Projection:
    """Degrees to pixels: plane, true in the middle of the view, which fills a box."""

    west: float
    north: float
    shrink: float
    scale: float
    left: float
    top: float

    def to_pixels(self, ring: Ring) -> list[Point]:
        """Give the points of a ring in pixels."""
        return [
            (
                self.left + (x - self.west) * self.shrink * self.scale,
                self.top + (self.north - y) * self.scale,
            )
            for x, y, *_ in ring
        ]


def fitting(shapes: Sequence[Shape], box: Box) -> Projection:
    """Fit shapes into a box of pixels (left, top, right, bottom), centred."""
    points = [point for shape in shapes for rings in shape.polygons() for point in rings[0]]
    west, east = min(x for x, *_ in points), max(x for x, *_ in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    shrink = math.cos(math.radians((south + north) / 2))
    width, height = max((east - west) * shrink, 1e-9), max(north - south, 1e-9)
    left, top, right, bottom = box
    scale = min((right - left) / width, (bottom - top) / height)
    return Projection(
        west,
        north,
        shrink,
        scale,
        left + (right - left - width * scale) / 2,
        top + (bottom - top - height * scale) / 2,
    )


def draw_preview(preview: Preview, territory: Territory, insets: Sequence[Territory]) -> bytes:
    """Draw a preview of 1200 × 630 pixels as PNG.

    Parameters: `territory` and `insets`, each the land that the view fits and the CPTS
    over it; the insets stand in a row beneath the map. One is drawn at a time.
    """
    with _ONE_AT_A_TIME:
        from PIL import Image, ImageDraw  # noqa: PLC0415

        size = (WIDTH_PX * _OVERSAMPLING, HEIGHT_PX * _OVERSAMPLING)
        image = Image.new("RGB", size, _PAPER)
        pen = ImageDraw.Draw(image)
        bottom = HEIGHT_PX - (_INSET_PX + 40 if insets else 28)
        _draw_map(pen, territory, _scaled((_PANEL_WIDTH + 28, 28, WIDTH_PX - 28, bottom)))
        for position, inset in enumerate(insets):
            step = (WIDTH_PX - _PANEL_WIDTH - 56) / len(insets)
            left = _PANEL_WIDTH + 28 + position * step + (step - _INSET_PX) / 2
            top = HEIGHT_PX - _INSET_PX - 22
            _draw_map(pen, inset, _scaled((left, top, left + _INSET_PX, top + _INSET_PX)))
        # Neighbours that the view does not show end at the panel.
        pen.rectangle(_scaled((0, 0, _PANEL_WIDTH, HEIGHT_PX)), fill=_PANEL)
        image = image.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.LANCZOS)
        logo = icons.draw(44, rounded=True)
        image.paste(logo, (_MARGIN, 38), logo)
        _write_panel(ImageDraw.Draw(image), preview)
        buffer = io.BytesIO()
        # Few colours: a third of the bytes, and no difference to be seen.
        image.quantize(128, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
        return buffer.getvalue()


def _scaled(box: Box) -> Box:
    left, top, right, bottom = (value * _OVERSAMPLING for value in box)
    return left, top, right, bottom


def _draw_map(pen: "Pen", territory: Territory, box: Box) -> None:
    land, cpts = territory
    projection = fitting(land, box)
    for shape in land:
        for rings in shape.polygons():
            pen.polygon(projection.to_pixels(rings[0]), fill=_LAND)
    # What a ring encloses is painted after it.
    ordered = sorted(
        ((shape, rings) for shape in cpts for rings in shape.polygons()),
        key=lambda drawn: -_extent(drawn[1][0]),
    )
    for shape, rings in ordered:
        outer = projection.to_pixels(rings[0])
        pen.polygon(outer, fill=_blended(shape.fill or _LAND))
        for hole in rings[1:]:
            pen.polygon(projection.to_pixels(hole), fill=_LAND)
        pen.line([*outer, outer[0]], fill=BORDER_COLOUR, width=1)
    for shape in land:
        for rings in shape.polygons():
            outer = projection.to_pixels(rings[0])
            pen.line([*outer, outer[0]], fill=BORDER_COLOUR, width=1)


def _extent(ring: Ring) -> float:
    xs, ys = [point[0] for point in ring], [point[1] for point in ring]
    return (max(xs) - min(xs)) * (max(ys) - min(ys))


@lru_cache(maxsize=32)
def _blended(colour: str) -> str:
    """Give the colour as the maps show it, over their paper."""
    channels = (
        round(
            int(colour[at : at + 2], 16) * FILL_OPACITY
            + int(_PAPER[at : at + 2], 16) * (1 - FILL_OPACITY)
        )
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{channel:02x}" for channel in channels)


@lru_cache(maxsize=16)
def _font(weight: str, size: int) -> "FreeTypeFont":
    from PIL import ImageFont  # noqa: PLC0415
    from xstatic.pkg import roboto_fontface  # noqa: PLC0415

    folder = Path(roboto_fontface.BASE_DIR) / "fonts" / "roboto"
    return ImageFont.truetype(str(folder / f"Roboto-{weight}.ttf"), size)


def _write_panel(pen: "Pen", preview: Preview) -> None:
    pen.text((_MARGIN + 58, 60), SITE_NAME, font=_font("Medium", 25), fill=_INK, anchor="lm")
    top = 118
    lines, title = _fitting_title(preview.title, _PANEL_WIDTH - 2 * _MARGIN + 16)
    for line in lines:
        pen.text((_MARGIN, top), line, font=title, fill=_INK)
        top += int(title.size * 1.14)
    top = max(top + 18, 268)
    left: float = _MARGIN
    for value, words in preview.figures:
        pen.text((left, top), value, font=_font("Bold", 50), fill="#23408e")
        pen.text((left, top + 60), words, font=_font("Regular", 21), fill=_QUIET)
        widest = max(_font("Bold", 50).getlength(value), _font("Regular", 21).getlength(words))
        left += widest + 44
    top += 106
    for stage in preview.stages:
        pen.rounded_rectangle(
            (_MARGIN, top + 3, _MARGIN + 30, top + 21),
            radius=4,
            fill=_blended(stage.colour),
            outline=BORDER_COLOUR,
        )
        pen.text((_MARGIN + 44, top), stage.label, font=_font("Regular", 20), fill=_INK)
        pen.text(
            (_PANEL_WIDTH - _MARGIN, top),
            str(stage.count),
            font=_font("Bold", 20),
            fill=_INK,
            anchor="ra",
        )
        top += 29
    foot = HEIGHT_PX - 36
    pen.text(
        (_MARGIN, foot), preview.dated, font=_font("Regular", 20), fill=_QUIET, anchor="lm"
    )
    if preview.demonstration:
        pen.rounded_rectangle(
            (_PANEL_WIDTH - _MARGIN - 172, foot - 17, _PANEL_WIDTH - _MARGIN, foot + 17),
            radius=8,
            fill=_WARNING,
        )
        pen.text(
            (_PANEL_WIDTH - _MARGIN - 86, foot),
            "Données fictives",
            font=_font("Medium", 19),
            fill=_WARNING_INK,
            anchor="mm",
        )


def _fitting_title(title: str, width: float) -> tuple[list[str], "FreeTypeFont"]:
    """Break a title into at most two lines, in the largest letters that allow it."""
    for size in (60, 54, 48, 42, 36, 30):
        font = _font("Bold", size)
        lines = _broken(title, font, width)
        if len(lines) <= 2 and all(font.getlength(line) <= width for line in lines):
            return lines, font
    return lines[:2], font


def _broken(title: str, font: "FreeTypeFont", width: float) -> list[str]:
    """Break at spaces and after hyphens."""
    lines = [""]
    for word in re.findall(r"[^ -]*[ -]?", title):
        if lines[-1] and font.getlength((lines[-1] + word).rstrip()) > width:
            lines.append("")
        lines[-1] += word
    return [line.strip() for line in lines]
