"""The fonts of the PDF, the signs that they hold, and texts fitted to them."""

import struct
import unicodedata
from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any

from xstatic.pkg import roboto_fontface

FONTS_FOLDER = Path(roboto_fontface.BASE_DIR) / "fonts" / "roboto"
# Those that the template and the map name.
FONTS = (FONTS_FOLDER / "Roboto-Regular.ttf", FONTS_FOLDER / "Roboto-Bold.ttf")
# Unicode's own mark of a sign that cannot be shown.
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Spaces of every width, which shaping makes of the font's own space.
_SPACES = frozenset(map(chr, (0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)))
_MICROSOFT, _UNICODE_BMP = 3, 1


def covered_signs(font: Path) -> frozenset[str]:
    """Give the signs of the Basic Multilingual Plane that a TrueType font has glyphs for.

    Read from the font's table `cmap`, in format 4 (OpenType specification, chapter
    "cmap"). Raises `ValueError` when the font has no such table.
    """
    data = font.read_bytes()
    table = _table(data, b"cmap")
    (count,) = struct.unpack_from(">H", data, table + 2)
    for index in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", data, table + 4 + 8 * index)
        if (platform, encoding) == (_MICROSOFT, _UNICODE_BMP):
            start = table + offset
            if struct.unpack_from(">H", data, start) == (4,):
                return frozenset(map(chr, _segments(data, start)))
    raise ValueError(f"no Unicode character map in {font.name}")


def _table(data: bytes, wanted: bytes) -> int:
    (count,) = struct.unpack_from(">H", data, 4)
    for index in range(count):
        tag, _checksum, offset, _length = struct.unpack_from(">4sIII", data, 12 + 16 * index)
        if tag == wanted:
            return int(offset)
    raise ValueError("no character map")


def _segments(data: bytes, start: int) -> Iterator[int]:
    (doubled,) = struct.unpack_from(">H", data, start + 6)
    count = doubled // 2
    ends_at = start + 14
    starts_at = ends_at + doubled + 2
    deltas_at, ranges_at = starts_at + doubled, starts_at + 2 * doubled
    ends = struct.unpack_from(f">{count}H", data, ends_at)
    starts = struct.unpack_from(f">{count}H", data, starts_at)
    deltas = struct.unpack_from(f">{count}H", data, deltas_at)
    ranges = struct.unpack_from(f">{count}H", data, ranges_at)
    for index in range(count):
        for code in range(starts[index], ends[index] + 1):
            glyph = code
            if ranges[index]:
                place = ranges_at + 2 * index + ranges[index] + 2 * (code - starts[index])
                (glyph,) = struct.unpack_from(">H", data, place)
                if glyph == 0:
                    continue
            # 0xFFFF closes the table, and is no sign.
            if (glyph + deltas[index]) % 0x10000 and code != 0xFFFF:
                yield code


class Fitting:
    """Fits texts to the signs that there are; tells which ones had to be replaced.

    Parameters: `covered`, the signs; others become `REPLACEMENT`, one for a sign and the
    marks upon it. Formatting signs without a glyph show nothing and are left out.
    """

    def __init__(self, covered: Set[str]) -> None:
        seen = {sign for sign in covered if unicodedata.category(sign) != "Cc"}
        self._covered = seen | _SPACES | {"\n"}
        # Each once, in the order in which they came.
        self.replaced: dict[str, None] = {}

    def fit(self, value: Any) -> Any:
        """Fit every text within texts, lists and dicts; leave all else as it is."""
        if isinstance(value, str):
            return self._fit_text(value)
        if isinstance(value, list | tuple):
            return [self.fit(item) for item in value]
        if isinstance(value, dict):
            return {key: self.fit(item) for key, item in value.items()}
        return value

    def _fit_text(self, text: str) -> str:
        if self._covered.issuperset(text) and unicodedata.is_normalized("NFC", text):
            return text
        fitted: list[str] = []
        for sign in unicodedata.normalize("NFC", text):
            if sign in self._covered:
                fitted.append(sign)
            elif not (_is_unseen(sign) or (fitted[-1:] == [REPLACEMENT] and _is_mark(sign))):
                fitted.append(REPLACEMENT)
                self.replaced[sign] = None
        return "".join(fitted)


def _is_unseen(sign: str) -> bool:
    """Whether a sign only says how others are shown: formats, variation selectors."""
    return (
        unicodedata.category(sign) == "Cf"
        or "\ufe00" <= sign <= "\ufe0f"
        or "\U000e0100" <= sign <= "\U000e01ef"
    )


def _is_mark(sign: str) -> bool:
    return unicodedata.category(sign) in ("Mn", "Me")
