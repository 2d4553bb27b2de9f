"""A chart of what grows with what, as SVG: values on a logarithmic scale."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 640, 360, 70, 50, 20
# Told apart without colours as well.
_LINES = (("#0b5394", ""), ("#b45f06", "6 4"), ("#38761d", "2 3"))


@dataclass(frozen=True)
class Curve:
    """Values, each above nothing, by what they grow with.

    Parameters: `millions` (of views a day) across, or whatever the chart's `across` says;
    `milliseconds` up, or whatever its `written` writes.
    """

    label: str
    millions: Sequence[float]
    milliseconds: Sequence[float]


def _written(milliseconds: float) -> str:
    return f"{milliseconds:g} ms" if milliseconds < 1000 else f"{milliseconds / 1000:g} s"


def chart(
    curves: Sequence[Curve],
    *,
    title: str = "Durée des réponses selon les vues par jour",
    across: str = "millions de vues par jour",
    written: Callable[[float], str] = _written,
) -> str:
    """Draw curves over one scale; raises `ValueError` without any point.

    Parameters: `across`, what is counted from left to right; `written`, how a value is.
    """
    most = max(value for curve in curves for value in curve.millions)
    values = [value for curve in curves for value in curve.milliseconds]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    right, floor = _WIDTH - 20, _HEIGHT - _BOTTOM

    def x(millions: float) -> float:
        return _LEFT + (right - _LEFT) * millions / most

    def y(milliseconds: float) -> float:
        return floor - (floor - _TOP) * (math.log10(milliseconds) - low) / (high - low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}">',
        f"<title>{escape(title)}</title>",
        '<g font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
    ]
    for power in range(low, high + 1):
        at = y(10**power)
        parts.append(f'<path d="M{_LEFT} {at:.1f}H{right}" stroke="#ccc"/>')
        label = escape(written(10.0**power))
        parts.append(f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{label}</text>')
    for step in range(5):
        at = most * step / 4
        parts.append(
            f'<text x="{x(at):.1f}" y="{floor + 18}" text-anchor="middle">{at:g}</text>'
        )
    parts.append(
        f'<text x="{(_LEFT + right) / 2}" y="{_HEIGHT - 10}" text-anchor="middle">'
        f"{escape(across)}</text>"
    )
    for number, curve in enumerate(curves):
        colour, dashes = _LINES[number % len(_LINES)]
        points = zip(curve.millions, curve.milliseconds, strict=True)
        line = " ".join(f"{x(across):.1f},{y(up):.1f}" for across, up in points)
        style = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"'
        parts.append(f'<polyline points="{line}" {style}/>')
        above = _TOP + 16 * (number + 1)
        parts.append(f'<path d="M{_LEFT + 10} {above - 4}h30" {style}/>')
        parts.append(f'<text x="{_LEFT + 46}" y="{above}">{escape(curve.label)}</text>')
    return "\n".join([*parts, "</g>", "</svg>", ""])
