"""The same question put to `geopandas.overlay`: which CPTS does the letter's polygon cut?"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas
import shapely
from sqlalchemy import Engine, text

from app.database.sessions import snapshot_scope
from app.letters.check.schemas import LetterQuestion
from app.letters.check.service import Question, check_letter

WGS84 = 4326
# Equal areas over the whole globe, for overseas territories as well.
EQUAL_AREA = 6933
HECTARE_M2 = 10_000
SCALES = {
    "au même tracé": "geom",
    "au tracé départemental": "geom_department",
    "au tracé régional": "geom_region",
    "au tracé national": "geom_country",
}

_TERRITORIES = "SELECT cpts_id, geom FROM cpts_territory WHERE held @> CURRENT_DATE"
_HOLDERS = "SELECT commune_code, cpts_id FROM claim WHERE held @> CURRENT_DATE"


@dataclass(frozen=True)
class Found:
    """CPTS that conflict with the letters, over all letters, at one scale of the polygon.

    Parameters: `true`, holders of a commune of the letter; `false`, those that overlay
    finds and that hold none; `false_beyond_hectare`, the same without pieces of less than
    a hectare; `missed`, holders that overlay does not find; `own_false`, `own_missed`,
    of the service when it is given the same polygon.
    """

    scale: str
    true: int
    false: int
    false_beyond_hectare: int
    missed: int
    own_false: int
    own_missed: int


@dataclass(frozen=True)
class Beside:
    """What overlay needs and finds in one registry.

    Parameters: `cpts` with a territory; `conflicts` per letter; `read_s`, seconds to read
    the territories; `seconds` of each overlay at the same scale.
    """

    cpts: int
    conflicts: int
    read_s: float
    seconds: list[float]
    found: list[Found]


def beside_overlay(engine: Engine, letters: Sequence[Sequence[str]]) -> Beside:
    """Ask overlay about the letters, their polygon at each generalisation in turn."""
    began = time.perf_counter()
    territories = geopandas.read_postgis(_TERRITORIES, engine, crs=WGS84)
    read_s = time.perf_counter() - began
    with engine.connect() as connection:
        holders: dict[str, int] = dict(connection.execute(text(_HOLDERS)).tuples().all())
    truths = [{holders[code] for code in letter if code in holders} for letter in letters]
    # Built once; not counted.
    _ = territories.sindex
    seconds: list[float] = []
    found = []
    for scale, column in SCALES.items():
        polygons = _polygons(engine, letters, column)
        taken, tally = _found(engine, scale, territories, polygons, truths)
        if column == "geom":
            seconds = taken
        found.append(tally)
    conflicts = round(sum(map(len, truths)) / len(truths))
    return Beside(len(territories), conflicts, read_s, seconds, found)


def _found(
    engine: Engine,
    scale: str,
    territories: geopandas.GeoDataFrame,
    polygons: Sequence[shapely.Geometry],
    truths: Sequence[set[int]],
) -> tuple[list[float], Found]:
    seconds = []
    counts = dict.fromkeys(("false", "beyond", "missed", "own_false", "own_missed"), 0)
    for polygon, truth in zip(polygons, truths, strict=True):
        letter = geopandas.GeoDataFrame(geometry=[polygon], crs=WGS84)
        began = time.perf_counter()
        # Territories that only touch the letter do not count.
        pieces = geopandas.overlay(letter, territories, how="intersection", keep_geom_type=True)
        seconds.append(time.perf_counter() - began)
        areas = pieces.to_crs(EQUAL_AREA).area
        cut = set(pieces["cpts_id"])
        own = _own(engine, polygon)
        counts["false"] += len(cut - truth)
        counts["beyond"] += len(set(pieces["cpts_id"][areas >= HECTARE_M2]) - truth)
        counts["missed"] += len(truth - cut)
        counts["own_false"] += len(own - truth)
        counts["own_missed"] += len(truth - own)
    return seconds, Found(
        scale,
        sum(map(len, truths)),
        counts["false"],
        counts["beyond"],
        counts["missed"],
        counts["own_false"],
        counts["own_missed"],
    )


def _own(engine: Engine, polygon: shapely.Geometry) -> set[int]:
    """Ask the service about the same polygon."""
    geometry: dict[str, Any] = json.loads(shapely.to_geojson(polygon))
    with snapshot_scope(engine) as session:
        answer = check_letter(session, Question.of(LetterQuestion(geometry=geometry)))
    return {conflict.cpts.id for conflict in answer.conflicts}


def _polygons(
    engine: Engine, letters: Sequence[Sequence[str]], column: str
) -> list[shapely.Geometry]:
    wanted = sorted({code for letter in letters for code in letter})
    statement = text(
        f"SELECT code, ST_AsBinary({column}) FROM commune WHERE code = ANY (:codes)"
    )
    with engine.connect() as connection:
        rows = connection.execute(statement, {"codes": wanted}).tuples().all()
    communes = {code: shapely.from_wkb(bytes(geometry)) for code, geometry in rows}
    return [shapely.union_all([communes[code] for code in letter]) for letter in letters]
