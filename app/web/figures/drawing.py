"""A drawing as an SVG document: bare for a page, or with title, date, legend and source.

Presentation attributes only: a policy without inline styles holds for it too.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from types import MappingProxyType
from unicodedata import east_asian_width

from app.cpts.drawing.rules import Label
from app.french import typeset

INK, QUIET, LINE, SEA = "#0b0f14", "#4a5563", "#8b96a3", "#e1e9ee"
# The first is the file's own name in the PDF and PNG that we typeset.
FONT = "RobotoRegular, Roboto, system-ui, Liberation Sans, DejaVu Sans, sans-serif"
BOLD_FONT = "RobotoBold, Roboto, system-ui, Liberation Sans, DejaVu Sans, sans-serif"
# Units around a framed drawing.
MARGIN = 24
# Width of a sign in parts of its height: of letters on average, of what is as wide as high.
_NARROW, _WIDE = 0.55, 1.0
_MOST_TITLE_LINES = 4
# What XML does not allow even as a reference.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Key:
    """A line of a legend: what a fill means; `pattern` is a mark of its own over it."""

    label: str
    fill: str
    pattern: str | None = None
    dashed: bool = False
    border: str = INK


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing and what is said of it, as plain texts.

    Parameters: `content`, SVG in units, of escaped texts, `width` by `height`; `dated`, of
    which day it is and on what it rests; `description`, for who does not see it; `name` of
    its file, without an extension; `definitions` that the content refers to.
    """

    name: str
    title: str
    dated: str
    description: str
    width: int
    height: int
    content: str
    keys: Sequence[Key] = ()
    definitions: str = ""


# Lines for what is outside, dots for what nobody has declared, as on the interactive map.
PATTERNS: Mapping[str, str] = MappingProxyType(
    {
        "outside": '<pattern id="outside" width="8" height="8" patternUnits="userSpaceOnUse">'
        '<path d="M-2 10L10 -2M-2 2L2 -2M6 10L10 6" stroke="#1c2430" stroke-width=".8" '
        'stroke-opacity=".35"/></pattern>',
        "unknown": '<pattern id="unknown" width="8" height="8" patternUnits="userSpaceOnUse">'
        '<path d="M2.6 4a1.4 1.4 0 1 0 2.8 0a1.4 1.4 0 1 0 -2.8 0Z" fill="#1c2430" '
        'fill-opacity=".6"/></pattern>',
    }
)


def xml_text(text: str) -> str:
    """Write a text as the content of an element, with the signs that French is printed with."""
    return typeset(escape(_NO_XML.sub("\N{REPLACEMENT CHARACTER}", text), quote=False))


def bare(figure: Figure) -> str:
    """Write a drawing as a document of its own size, for a page that says the rest."""
    return (
        f"{_head(figure, figure.width, figure.height)}{_definitions(figure)}"
        f"{figure.content}</svg>"
    )


def framed(figure: Figure, sources: Iterable[str]) -> str:
    """Write a drawing with its title and date above, its legend and `sources` beneath."""
    total = figure.width + 2 * MARGIN
    parts, top = _title_block(figure, figure.width)
    parts.append(f'<g transform="translate({MARGIN} {top})">{figure.content}')
    parts.append(
        f'<rect x=".5" y=".5" width="{figure.width - 1}" height="{figure.height - 1}" '
        f'fill="none" stroke="{LINE}"/></g>'
    )
    top += figure.height + 12
    legend, top = _legend(figure.keys, top, figure.width)
    parts += legend
    top += 6
    for source in sources:
        for line in _lines(source, 10.5, figure.width, most=3):
            top += 14
            parts.append(written(line, MARGIN, top, 10.5, QUIET))
    height = top + MARGIN - 6
    return (
        f"{_head(figure, total, height)}{_definitions(figure)}"
        f'<rect width="{total}" height="{height}" fill="#ffffff"/>{"".join(parts)}</svg>'
    )


def with_legend(figure: Figure) -> str:
    """Write a drawing with its legend alone, for a document that says the rest."""
    legend, _ = _legend(figure.keys, figure.height + 12, figure.width, left_side=0)
    head = _head(figure, figure.width, height_of(figure))
    return (
        f"{head}{_definitions(figure)}{figure.content}"
        f'<rect x=".5" y=".5" width="{figure.width - 1}" height="{figure.height - 1}" '
        f'fill="none" stroke="{LINE}"/>{"".join(legend)}</svg>'
    )


def height_of(figure: Figure) -> int:
    """Give the height of a drawing with its legend, in units."""
    return _legend(figure.keys, figure.height + 12, figure.width, left_side=0)[1] + 8


def width_of(text: str, size: float) -> float:
    """Guess the width of a text of a size, in units; rather too wide than too narrow."""
    return size * sum(_WIDE if east_asian_width(sign) in "WF" else _NARROW for sign in text)


def names_written(labels: Iterable[Label]) -> str:
    """Write names over a map, legible on any ground; important ones larger."""
    texts = "".join(
        f'<text x="{label.x}" y="{label.y}" font-size="{16 if label.important else 12}">'
        f"{xml_text(label.text)}</text>"
        for label in labels
    )
    return (
        f'<g text-anchor="middle" font-family="{FONT}" fill="{INK}" stroke="#ffffff" '
        f'stroke-width="3" stroke-linejoin="round" paint-order="stroke">{texts}</g>'
    )


def _head(figure: Figure, width: int, height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-labelledby="t d" lang="fr">'
        f'<title id="t">{xml_text(figure.title)}</title>'
        f'<desc id="d">{xml_text(figure.description)}</desc>'
    )


def _definitions(figure: Figure) -> str:
    return f"<defs>{figure.definitions}</defs>" if figure.definitions else ""


def _title_block(figure: Figure, width: int) -> tuple[list[str], int]:
    parts, top = [], MARGIN - 4
    for line in _lines(figure.title, 21, width, most=_MOST_TITLE_LINES):
        top += 25
        parts.append(written(line, MARGIN, top, 21, bold=True))
    for line in _lines(figure.dated, 13, width, most=3):
        top += 19
        parts.append(written(line, MARGIN, top, 13, QUIET))
    return parts, top + 14


def _legend(
    keys: Sequence[Key], top: int, width: int, *, left_side: int = MARGIN
) -> tuple[list[str], int]:
    parts: list[str] = []
    left = left_side
    for position, key in enumerate(keys):
        needed = round(26 + width_of(key.label, 12.5) + 16)
        if position == 0:
            top += 16
        elif left + needed > left_side + width:
            left, top = left_side, top + 22
        fills = [key.fill, *([f"url(#{key.pattern})"] if key.pattern else [])]
        dashes = ' stroke-dasharray="3 2"' if key.dashed else ""
        parts += [
            f'<rect x="{left + 0.5}" y="{top - 12.5}" width="20" height="14" fill="{fill}" '
            f'stroke="{key.border}" stroke-width="{0.7 if key.border == INK else 2}"{dashes}/>'
            for fill in fills
        ]
        parts.append(written(key.label, left + 27, top, 12.5))
        left += needed
    return parts, top


def written(
    text: str, x: float, y: float, size: float, fill: str = INK, *, bold: bool = False
) -> str:
    """Write a line of text of a size from (`x`, `y`) on, in units."""
    family = BOLD_FONT if bold else FONT
    weight = ' font-weight="700"' if bold else ""
    return (
        f'<text x="{round(x, 1)}" y="{round(y, 1)}" font-family="{family}" '
        f'font-size="{size}"{weight} fill="{fill}">{xml_text(text)}</text>'
    )


def _lines(text: str, size: float, width: int, *, most: int) -> list[str]:
    """Break a text at spaces, long words anywhere; what is beyond `most` lines is cut."""
    lines = [""]
    for word in text.split(" "):
        piece = word
        if lines[-1] and width_of(f"{lines[-1]} {piece}", size) > width:
            lines.append("")
        while width_of(piece, size) > width:
            fitting = next(
                end for end in range(len(piece), 0, -1) if width_of(piece[:end], size) <= width
            )
            lines[-1] = piece[:fitting]
            lines.append("")
            piece = piece[fitting:]
        lines[-1] = f"{lines[-1]} {piece}" if lines[-1] else piece
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1][:-1].rstrip()}…"]
    return [line for line in lines if line]
