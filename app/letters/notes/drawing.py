"""The map of a note, as one SVG that needs nothing else: no tiles, no style sheet."""

from collections.abc import Mapping, Sequence
from html import escape

from app.cpts.drawing.rules import placed_labels
from app.french import measure
from app.letters.check.rules import Severity
from app.letters.notes.repository import MapShape

WIDTH, HEIGHT = 720, 520
# So that a single commune still shows what is around it.
LEAST_WIDTH_M = 12_000.0
_MARGIN = 12

_PAPER, _LAND, _LINE, _INK = "#e9eef2", "#fbfaf6", "#8b96a3", "#1c2430"
_HELD, _OWN = "#d9dde3", "#9cc3ea"
_BLOCKED, _CONTESTED, _ENCLAVE = "#d64545", "#f3a73b", "#fff2a8"
_FONT = 'font-family="RobotoRegular, Roboto, Arial, sans-serif"'


def draw(shapes: Sequence[MapShape], severities: Mapping[str, Severity]) -> str:
    """Draw a note's map; an empty text when there is nothing to draw.

    Parameters: `shapes`, in units of a drawing of `WIDTH` by `HEIGHT`; `severities`, of
    the communes in conflict, by code. Stripes tell conflicts apart without colour.
    """
    if not any(shape.kind == "commune" for shape in shapes):
        return ""
    by_kind: dict[str, list[MapShape]] = {}
    for shape in shapes:
        by_kind.setdefault(shape.kind, []).append(shape)
    body = [
        *(_path(s, _LAND, "none", 0) for s in by_kind.get("department", ())),
        *(_path(s, _HELD, _LINE, 0.8) for s in by_kind.get("cpts", ())),
        *(_path(s, _fill(s, severities), _INK, 0.5) for s in by_kind["commune"]),
        *(_path(s, "url(#enclave)", _INK, 0.8) for s in by_kind.get("enclave", ())),
        *(_path(s, "none", *_outline(s)) for s in by_kind.get("department", ())),
        *_labels(by_kind, severities),
        _scale_bar(shapes[0].metres),
    ]
    shown = [key for key in _LEGEND if _is_shown(key, by_kind, severities)]
    total = HEIGHT + 16 + 22 * len(shown)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total}" '
        f'width="{WIDTH}" height="{total}" role="img" aria-label="Carte du territoire">'
        f"{_DEFINITIONS}"
        f'<rect width="{WIDTH}" height="{total}" fill="#ffffff"/>'
        f'<g clip-path="url(#cadre)"><rect width="{WIDTH}" height="{HEIGHT}" fill="{_PAPER}"/>'
        f"{''.join(body)}</g>"
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" fill="none" '
        f'stroke="{_LINE}"/>{_legend(shown)}</svg>'
    )


_DEFINITIONS = (
    f'<defs><clipPath id="cadre"><rect width="{WIDTH}" height="{HEIGHT}"/></clipPath>'
    '<pattern id="bloque" width="7" height="7" patternUnits="userSpaceOnUse">'
    f'<rect width="7" height="7" fill="{_BLOCKED}"/>'
    '<path d="M0 7L7 0M-1 1L1 -1M6 8L8 6" stroke="#ffffff" stroke-width="1.4"/></pattern>'
    '<pattern id="dispute" width="8" height="8" patternUnits="userSpaceOnUse">'
    f'<rect width="8" height="8" fill="{_CONTESTED}"/>'
    '<circle cx="4" cy="4" r="1.3" fill="#7a3d00"/></pattern>'
    '<pattern id="enclave" width="6" height="6" patternUnits="userSpaceOnUse">'
    f'<rect width="6" height="6" fill="{_ENCLAVE}"/>'
    '<path d="M0 3H6" stroke="#8a6d00" stroke-width="1"/></pattern></defs>'
)
_LEGEND = {
    "own": (_OWN, "Territoire demandé, libre"),
    "blocking": ("url(#bloque)", "Commune tenue par une CPTS reconnue (bloquante)"),
    "contested": ("url(#dispute)", "Commune disputée avec une dynamique identifiée"),
    "enclave": ("url(#enclave)", "Communes libres que le territoire isolerait"),
    "cpts": (_HELD, "Autres CPTS"),
}


def _is_shown(
    key: str, by_kind: Mapping[str, Sequence[MapShape]], severities: Mapping[str, Severity]
) -> bool:
    if key in ("blocking", "contested"):
        return Severity(key) in severities.values()
    if key == "own":
        return any(shape.code not in severities for shape in by_kind["commune"])
    return key in by_kind


def _fill(shape: MapShape, severities: Mapping[str, Severity]) -> str:
    severity = severities.get(shape.code)
    if severity is None:
        return _OWN
    return "url(#bloque)" if severity is Severity.BLOCKING else "url(#dispute)"


def _path(
    shape: MapShape, fill: str, stroke: str, width: float, dashes: str | None = None
) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<path d="{shape.path}" fill="{fill}" stroke="{stroke}" stroke-width="{width}"'
        f'{dashed} fill-rule="evenodd"><title>{escape(shape.name)}</title></path>'
    )


def _outline(shape: MapShape) -> tuple[str, float, str | None]:
    # Over half the country and more, a wide line would cover what it surrounds.
    return ("#4a5563", 1.4, "6 3") if shape.metres < 1_000 else ("#4a5563", 0.4, None)


def _labels(
    by_kind: Mapping[str, Sequence[MapShape]], severities: Mapping[str, Severity]
) -> list[str]:
    """Write the names that have room: communes in conflict first, then others, then CPTS."""
    communes = by_kind["commune"]
    wanted = [
        # A shape in conflict counts as wider, so that it is named before the others.
        (s.name, s.x, s.y, s.width + (1_000 if s.code in severities else 200), False)
        for s in communes
    ]
    wanted += [(_short(s.name), s.x, s.y, s.width, False) for s in by_kind.get("cpts", ())]
    held = {_short(s.name) for s in by_kind.get("cpts", ())}
    return [
        f'<text x="{label.x}" y="{label.y + 4}" text-anchor="middle" font-size="11" '
        f'{_FONT} fill="{"#4a5563" if label.text in held else _INK}" stroke="#ffffff" '
        f'stroke-width="2.6" stroke-linejoin="round" paint-order="stroke">'
        f"{escape(label.text)}</text>"
        for label in placed_labels(wanted, WIDTH, HEIGHT - 34)
    ]


def _short(name: str) -> str:
    return name if len(name) <= 30 else f"{name[:29].rstrip()}…"


def _scale_bar(metres: float) -> str:
    """Draw a bar of a round length between a tenth and a quarter of the width."""
    longest = metres * WIDTH / 4 / 1000
    kilometres = max(
        (
            m * 10**power
            for power in range(-2, 5)
            for m in (1, 2, 5)
            if m * 10**power <= longest
        ),
        default=longest,
    )
    length = kilometres * 1000 / metres
    left, top = _MARGIN, HEIGHT - _MARGIN
    text = f"{measure(kilometres)} km"
    return (
        f'<g><rect x="{left - 6}" y="{top - 24}" width="{length + 12:.1f}" height="30" '
        f'fill="#ffffff" fill-opacity="0.85"/><path d="M{left} {top - 5}v5h{length:.1f}v-5" '
        f'fill="none" stroke="{_INK}" stroke-width="1.6"/><text x="{left + length / 2:.1f}" '
        f'y="{top - 9}" text-anchor="middle" font-size="11" {_FONT} fill="{_INK}">{text}'
        f"</text></g>"
    )


def _legend(shown: Sequence[str]) -> str:
    rows = []
    for row, key in enumerate(shown):
        fill, label = _LEGEND[key]
        top = HEIGHT + 12 + 22 * row
        rows.append(
            f'<rect x="1" y="{top}" width="22" height="14" fill="{fill}" stroke="{_INK}" '
            f'stroke-width="0.7"/><text x="32" y="{top + 11}" font-size="12" {_FONT} '
            f'fill="{_INK}">{label}</text>'
        )
    return "".join(rows)
