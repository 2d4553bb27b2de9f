"""Where each part of the country stands on the drawn national map."""

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
        "Paris et petite couronne", 2154, 637_300, 6_879_300, 360, 604, 4, 96, 100, INNER_PARIS
    ),
    Frame("Guadeloupe", 5490, 627_500, 1_826_000, 760, 12, 694, 114, 99, ("971",)),
    Frame("Martinique", 5490, 690_800, 1_645_600, 540, 170, 694, 84, 99, ("972",)),
    Frame("Guyane", 2972, 99_200, 636_100, 4_060, 316, 694, 82, 99, ("973",)),
    Frame("La Réunion", 2975, 314_700, 7_691_300, 600, 448, 694, 108, 96, ("974",)),
    Frame("Mayotte", 4471, 501_900, 8_602_400, 400, 612, 694, 76, 99, ("976",)),
)
