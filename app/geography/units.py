"""What a unit is to whoever reads names and codes."""

from typing import NamedTuple


class CommuneRef(NamedTuple):
    """A unit of today; `part_of` is the code of the city that a declared part belongs to."""

    code: str
    name: str
    department: str
    part_of: str | None = None

    @property
    def whole(self) -> str:
        """Give the code of the city of a part, of any other unit its own."""
        return self.part_of or self.code


class DividedCity(NamedTuple):
    """A city with the number of its parts; `prefixes` are the beginnings of their codes."""

    code: str
    name: str
    department: str
    parts: int
    prefixes: list[str]
