"""Where each part of the country stands on the drawn national map."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.cpts.reading.schemas import Detail

OVERSEAS = ("971", "972", "973", "974", "976")
INNER_PARIS = ("75", "92", "93", "94")
# From how many metres a unit on the coarser shapes of regions, and of the country, are drawn.
_METRES_OF_DEPARTMENT, _METRES_OF_REGION = 150, 900
# Units beyond the sides of a frame up to which shapes are drawn, so that no border shows there.
_BEYOND = 8


@dataclass(frozen=True, slots=True)
class Frame:
    """A part of the drawing with a projection and a scale of its own.

    Parameters: `srid`, a projected system in metres; `west`, `north`, in its metres, the
    corner that stands at (`left`, `top`) of the drawing; `metres_per_unit`, of the
    drawing's units; `width`, `height`, in units; `departments`, what is drawn in it, the
    whole of metropolitan France when empty.
    """

    name: str
    srid: int
    west: float
    north: float
    metres_per_unit: float
    left: float
    top: float
    width: float
    height: float
    departments: tuple[str, ...] = ()

    @property
    def detail(self) -> Detail:
        """How fine the shapes are that it draws; what is overseas is small anyway."""
        if self.departments or self.metres_per_unit < _METRES_OF_REGION:
            is_near = self.metres_per_unit < _METRES_OF_DEPARTMENT
            return "department" if is_near else "region"
        return "national"

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north of what it draws, in metres, a little beyond its sides."""
        beyond = _BEYOND * self.metres_per_unit
        return (
            self.west - beyond,
            self.north - self.height * self.metres_per_unit - beyond,
            self.west + self.width * self.metres_per_unit + beyond,
            self.north + beyond,
        )

    @property
    def offset(self) -> tuple[float, float]:
        """What is added to scaled coordinates; y runs upwards until ST_AsSVG turns it."""
        scale = 1 / self.metres_per_unit
        return self.left - self.west * scale, -self.top - self.north * scale


WIDTH, HEIGHT = 720, 818
# Lambert-93, then the official projection of each territory overseas (EPSG).
FRAMES = (
    Frame("Métropole", 2154, 99_000, 7_110_500, 1_600, 0, 2, 715, 665),
    Frame(
        "Paris et petite couronne", 2154, 637_300, 6_879_300, 360, 590, 4, 96, 100, INNER_PARIS
    ),
    Frame("Guadeloupe", 5490, 627_500, 1_826_000, 760, 12, 694, 114, 99, ("971",)),
    Frame("Martinique", 5490, 690_800, 1_645_600, 540, 170, 694, 84, 99, ("972",)),
    Frame("Guyane", 2972, 99_200, 636_100, 4_060, 316, 694, 82, 99, ("973",)),
    Frame("La Réunion", 2975, 314_700, 7_691_300, 600, 448, 694, 108, 96, ("974",)),
    Frame("Mayotte", 4471, 501_900, 8_602_400, 400, 612, 694, 76, 99, ("976",)),
)


@dataclass(frozen=True, slots=True)
class PartExtent:
    """What some departments of a part of the country cover, in metres of its projection.

    `part` is empty for metropolitan France, else the code of the department overseas.
    """

    part: str
    srid: int
    west: float
    south: float
    east: float
    north: float


# Around a place, in units; the least and the most that it is drawn high; of an inset; between.
_AROUND, _LOWEST, _HIGHEST, _INSET, _GAP = 22, 380, 760, 104, 30
# So that a place of one point still shows what is around it, in metres.
_LEAST_M = 12_000


def frames_around(parts: Sequence[PartExtent], names: Mapping[str, str]) -> tuple[Frame, ...]:
    """Lay out a drawing of `WIDTH` units of some places: the first part large, others beneath.

    Parameters: `parts`, metropolitan France first; `names` of the departments overseas by code.
    """
    if not parts:
        return ()
    main, others = parts[0], parts[1:]
    high = _HIGHEST - (_INSET + _GAP if others else 0)
    wide_m = max(main.east - main.west, _LEAST_M)
    high_m = max(main.north - main.south, _LEAST_M)
    metres = max(wide_m / (WIDTH - 2 * _AROUND), high_m / (high - 2 * _AROUND))
    height = round(min(high, max(_LOWEST, high_m / metres + 2 * _AROUND)))
    frames = [_frame(main, names, metres, (0, 0, WIDTH, height))]
    each = (WIDTH - _GAP / 2 * (len(others) - 1)) / max(1, len(others))
    side = min(each, 2 * _INSET)
    for position, part in enumerate(others):
        metres = max(
            max(part.east - part.west, _LEAST_M) / (side - 12),
            max(part.north - part.south, _LEAST_M) / (_INSET - 12),
        )
        left = position * (each + _GAP / 2) + (each - side) / 2
        frames.append(_frame(part, names, metres, (left, height + 8, side, _INSET)))
    return tuple(frames)


def _frame(
    part: PartExtent,
    names: Mapping[str, str],
    metres: float,
    place: tuple[float, float, float, float],
) -> Frame:
    """Put the middle of a part into the middle of a place: left, top, width, height."""
    left, top, width, height = place
    return Frame(
        name=names.get(part.part, part.part) if part.part else "Métropole",
        srid=part.srid,
        west=(part.west + part.east) / 2 - metres * width / 2,
        north=(part.south + part.north) / 2 + metres * height / 2,
        metres_per_unit=metres,
        left=left,
        top=top,
        width=width,
        height=height,
        departments=(part.part,) if part.part else (),
    )


# Width of a sign and height of a line of a label, in units of a drawing.
_SIGN, _LINE = 7.2, 15


@dataclass(frozen=True, slots=True)
class Label:
    """A name on a drawing, centred at (`x`, `y`)."""

    text: str
    x: int
    y: int
    important: bool


def placed_labels(
    wanted: Iterable[tuple[str, float, float, float, bool]], width: int, height: int
) -> list[Label]:
    """Choose the labels that have room: important ones, then those of the widest shapes.

    Parameters: `wanted`, text, x, y, width of the shape and whether it is important;
    `width`, `height`, of the drawing. A label that would leave the drawing, lie over
    another or be far wider than its shape is left out.
    """
    taken: list[tuple[float, float, float, float]] = []
    labels = []
    for text, at, y, room, important in sorted(
        wanted, key=lambda each: (not each[4], -each[3])
    ):
        half = len(text) * _SIGN * (1.3 if important else 1) / 2
        x = min(max(at, half), width - half) if important else at
        box = (x - half, y - _LINE / 2, x + half, y + _LINE / 2)
        inside = box[0] >= 0 and box[1] >= 0 and box[2] <= width and box[3] <= height
        free = all(
            box[2] <= other[0] or other[2] <= box[0] or box[3] <= other[1] or other[3] <= box[1]
            for other in taken
        )
        if important or (inside and free and half * 2 <= room * 1.25):
            taken.append(box)
            labels.append(Label(text, round(x), round(y) + 4, important))
    return labels
