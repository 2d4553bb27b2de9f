"""Fictitious territories: the communes of France grouped along their EPCI, some left free.

Nothing here stands for a real CPTS. The grouping is drawn with a seeded generator, so that the
same geography always gives the same territories.
"""

import csv
import heapq
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import shapely

FREE_SHARE = 0.15
COMMUNES_PER_FREE_ZONE = 25
LARGEST_CUT_OFF = 3
LARGEST_UNSPLIT = 240_000
# Populations that a territory may aim at; the tiers of the funding scale are all among them.
TARGETS = (22_000, 34_000, 50_000, 70_000, 75_000, 100_000, 130_000, 160_000, 230_000)
# How much heavier a merger counts when it crosses the border of a department or a region.
ACROSS_DEPARTMENTS, ACROSS_REGIONS = 2.5, 6.0
TOO_POPULATED = 4.0


@dataclass(frozen=True)
class Unit:
    """A commune or a municipal arrondissement; ``x``, ``y`` in degrees."""

    code: str
    name: str
    population: int
    department: str
    region: str
    group: str
    postcode: str
    x: float
    y: float


class Geography:
    """The units by code, and their shared borders in metres."""

    def __init__(self, directory: Path) -> None:
        """Read ``communes.parquet`` and ``neighbours.csv`` from ``directory``."""
        frame = geopandas.read_parquet(directory / "communes.parquet")
        points = frame.geometry.representative_point().to_numpy()
        places = shapely.get_x(points), shapely.get_y(points)
        self.units = {
            row.code: Unit(
                str(row.code),
                str(row.name),
                row.population,
                str(row.department),
                str(row.region),
                row.epci if isinstance(row.epci, str) else f"{row.department}-isolated",
                row.postcodes[0],
                float(x),
                float(y),
            )
            for row, x, y in zip(frame.itertuples(index=False), *places, strict=True)
        }
        self.borders: dict[str, dict[str, float]] = defaultdict(dict)
        with (directory / "neighbours.csv").open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                one, other, border = row["commune"], row["neighbour"], float(row["border_m"])
                self.borders[one][other] = self.borders[other][one] = border

    def population(self, codes: Iterable[str]) -> int:
        """Return the inhabitants of some units."""
        return sum(self.units[code].population for code in codes)

    def components(self, codes: Iterable[str]) -> list[list[str]]:
        """Return the pieces that some units form, joined by shared borders."""
        left = set(codes)
        pieces = []
        for start in sorted(left):
            if start not in left:
                continue
            left.discard(start)
            piece, queue = [start], [start]
            while queue:
                for neighbour in sorted(self.borders[queue.pop()]):
                    if neighbour in left:
                        left.discard(neighbour)
                        piece.append(neighbour)
                        queue.append(neighbour)
            pieces.append(sorted(piece))
        return pieces


def free_communes(geography: Geography, draw: random.Random) -> set[str]:
    """Return about 15 % of the communes of every department, in connected zones."""
    departments: dict[str, list[str]] = defaultdict(list)
    for unit in geography.units.values():
        departments[unit.department].append(unit.code)
    free: set[str] = set()
    for department in sorted(departments):
        codes = sorted(departments[department])
        count = max(1, round(FREE_SHARE * len(codes)))
        zones = max(1, count // COMMUNES_PER_FREE_ZONE)
        for zone in range(zones):
            size = count // zones + (zone < count % zones)
            free |= _grow_zone(geography, set(codes) - free, size, draw)
    return free | _cut_off(geography, free)


def _cut_off(geography: Geography, free: set[str]) -> set[str]:
    """Return the few communes that free zones separate from all others, islands excepted."""
    found: set[str] = set()
    for piece in geography.components(geography.units.keys() - free):
        touches_free = any(
            neighbour in free for code in piece for neighbour in geography.borders[code]
        )
        if touches_free and len(piece) <= LARGEST_CUT_OFF:
            found |= set(piece)
    return found


def _grow_zone(
    geography: Geography, allowed: set[str], size: int, draw: random.Random
) -> set[str]:
    # Zones begin at one of the least populated communes, as white zones mostly do.
    candidates = sorted(allowed, key=lambda code: (geography.units[code].population, code))
    start = draw.choice(candidates[: max(1, len(candidates) // 3)])
    zone = {start}
    while len(zone) < size:
        around: dict[str, float] = defaultdict(float)
        for code in zone:
            for neighbour, border in geography.borders[code].items():
                if neighbour in allowed and neighbour not in zone:
                    around[neighbour] += border
        if around:
            zone.add(max(sorted(around), key=lambda code: around[code]))
        else:
            zone.add(_nearest(geography, start, sorted(allowed - zone)))
    return zone


def territories(geography: Geography, count: int, draw: random.Random) -> list[list[str]]:
    """Return ``count`` disjoint territories, as sorted codes, over communes not left free."""
    free = free_communes(geography, draw)
    groups: dict[str, list[str]] = defaultdict(list)
    for unit in geography.units.values():
        if unit.code not in free:
            groups[unit.group].append(unit.code)
    pieces: list[list[str]] = []
    for group in sorted(groups):
        for piece in geography.components(groups[group]):
            pieces += _split(geography, piece, draw)
    return _merge(geography, pieces, count, draw)


def _split(geography: Geography, piece: list[str], draw: random.Random) -> list[list[str]]:
    """Cut a piece that is too populated into connected parts of similar populations."""
    population = geography.population(piece)
    parts = round(population / draw.choice((90_000, 120_000, 160_000, 200_000)))
    if population <= LARGEST_UNSPLIT or parts < 2 or len(piece) < 2:
        return [piece]
    parts = min(parts, len(piece))
    seeds = [max(piece, key=lambda code: (geography.units[code].population, code))]
    while len(seeds) < parts:
        others = [code for code in piece if code not in seeds]
        seeds.append(
            max(
                others,
                key=lambda code: (min(_distance(geography, code, s) for s in seeds), code),
            )
        )
    owner = {seed: index for index, seed in enumerate(seeds)}
    weight = [geography.units[seed].population for seed in seeds]
    left = set(piece) - set(seeds)
    while left:
        for index in sorted(range(parts), key=lambda index: (weight[index], index)):
            around: dict[str, float] = defaultdict(float)
            for code in (code for code, part in owner.items() if part == index):
                for neighbour, border in geography.borders[code].items():
                    if neighbour in left:
                        around[neighbour] += border
            if around:
                chosen = max(sorted(around), key=lambda code: around[code])
                owner[chosen] = index
                weight[index] += geography.units[chosen].population
                left.discard(chosen)
                break
    result: list[list[str]] = [[] for _ in seeds]
    for code in piece:
        result[owner[code]].append(code)
    return result


class _Pieces:
    """Pieces under merger, with the borders between them."""

    def __init__(
        self, geography: Geography, pieces: list[list[str]], draw: random.Random
    ) -> None:
        self.geography = geography
        self.codes = dict(enumerate(pieces))
        self.population = {
            index: geography.population(codes) for index, codes in self.codes.items()
        }
        self.target = {index: draw.choice(TARGETS) for index in self.codes}
        self.place = {index: self._lead(index) for index in self.codes}
        self.borders: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
        owner = {code: index for index, codes in self.codes.items() for code in codes}
        for code, index in owner.items():
            for neighbour, border in geography.borders[code].items():
                other = owner.get(neighbour)
                if other is not None and other != index:
                    self.borders[index][other] += border

    def need(self, index: int) -> float:
        """Return how far a piece is from the population it aims at: the lowest merges first."""
        return self.population[index] / self.target[index]

    def best_neighbour(self, index: int) -> int | None:
        """Return the piece to merge with: small, with a long border, in the same department."""
        around = self.borders[index]
        if not around:
            return self._nearest_in_department(index)
        longest = max(around.values())

        def burden(other: int) -> tuple[float, int]:
            mine, theirs = self.place[index], self.place[other]
            across = 1.0 if mine == theirs else ACROSS_DEPARTMENTS
            across = across if mine[0] == theirs[0] else ACROSS_REGIONS
            combined = self.population[index] + self.population[other]
            across *= TOO_POPULATED if combined > LARGEST_UNSPLIT else 1.0
            return combined * across / (around[other] / longest + 0.1), other

        return min(around, key=burden)

    def merge(self, index: int, other: int) -> None:
        """Give all of ``index`` to ``other``."""
        if self.population[index] > self.population[other]:
            self.target[other] = self.target[index]
        self.codes[other] = sorted(self.codes[other] + self.codes.pop(index))
        self.population[other] += self.population.pop(index)
        self.place[other] = self._lead(other)
        for neighbour, border in self.borders.pop(index, {}).items():
            self.borders[neighbour].pop(index, None)
            if neighbour != other:
                self.borders[neighbour][other] += border
                self.borders[other][neighbour] += border

    def _nearest_in_department(self, index: int) -> int | None:
        mine = self.codes[index][0]
        others = [
            other
            for other in sorted(self.codes)
            if other != index and self.place[other][1] == self.place[index][1]
        ]
        if not others:
            return None
        return min(
            others,
            key=lambda other: min(
                _distance(self.geography, mine, code) for code in self.codes[other]
            ),
        )

    def _lead(self, index: int) -> tuple[str, str]:
        """Return the region and department in which most inhabitants of a piece live."""
        inhabitants: dict[tuple[str, str], int] = defaultdict(int)
        for code in self.codes[index]:
            unit = self.geography.units[code]
            inhabitants[unit.region, unit.department] += unit.population
        return max(sorted(inhabitants), key=lambda place: inhabitants[place])


def _merge(
    geography: Geography, parts: list[list[str]], count: int, draw: random.Random
) -> list[list[str]]:
    pieces = _Pieces(geography, parts, draw)
    queue = [(pieces.need(index), index) for index in pieces.codes]
    heapq.heapify(queue)
    while len(pieces.codes) > count:
        need, index = heapq.heappop(queue)
        if index not in pieces.codes or need != pieces.need(index):
            continue
        other = pieces.best_neighbour(index)
        if other is not None:
            pieces.merge(index, other)
            heapq.heappush(queue, (pieces.need(other), other))
    return sorted(pieces.codes.values())


def _nearest(geography: Geography, code: str, others: list[str]) -> str:
    return min(others, key=lambda other: (_distance(geography, code, other), other))


def _distance(geography: Geography, one: str, other: str) -> float:
    # Degrees are enough to rank places of one department.
    first, second = geography.units[one], geography.units[other]
    return float(np.hypot(first.x - second.x, first.y - second.y))
