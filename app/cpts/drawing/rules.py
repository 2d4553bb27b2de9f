"""Where each part of the country stands on the drawn national map."""

from collections.abc import Iterable
from dataclasses import dataclass

OVERSEAS = ("971", "972", "973", "974", "976")
INNER_PARIS = ("75", "92", "93", "94")


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
