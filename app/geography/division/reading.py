"""Files of parts: which field says what, and the parts of each commune."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.failures import Failure
from app.files.sources import open_source, unusable
from app.geography.division.rules import IRIS_CODE, DrawnPart, refusal_of_name
from app.geography.naming import spelling

# Fields by what they say, in the spellings of IGN and INSEE of several years, then others'.
_CODES = ("codeiris", "dcomiris", "iriscode")
_COMMUNES = ("codeinsee", "inseecom", "depcom", "codecommune", "insee", "com")
_NAMES = ("nomiris", "libiris", "liris", "nom", "name", "libelle", "quartier", "nomquartier")
_NAMES_OF_CPTS = ("cpts", "nomcpts", "cptsname")
_IRIS = ("iris",)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


@dataclass(frozen=True)
class PartsFile:
    """What a file of parts holds: `parts` with the code of their commune, None when unsaid."""

    name: str
    parts: Sequence[tuple[str | None, DrawnPart]]


def read_parts(
    path: Path,
    *,
    name: str | None = None,
    population_column: str | None = None,
    crs: str | None = None,
) -> PartsFile:
    """Read a file of parts: IRIS, quarters or outlines of CPTS.

    Parameters: `name`, how its user knows the file; `population_column`, the field that
    counts the inhabitants; `crs`, the coordinate system, for a file that does not say.
    Features of one code, or without codes of one name, are one part.

    Raises:
        Failure: the file cannot be read, or no field names its parts (exit status 2).
    """
    # Slow to import, and not needed to show the help.
    from app.files.layers import read_layers  # noqa: PLC0415

    source = open_source(path, crs=crs, name=name)
    if not source.format.has_polygons:
        raise unusable(f"« {source.name} » n'est pas un fichier de polygones.")
    layers = read_layers(source)
    for layer in layers:
        fields = {_plain(field): place for place, field in enumerate(layer.fields)}
        named = _first(fields, (*_NAMES, *_NAMES_OF_CPTS))
        if named is None:
            continue
        counted = None
        if population_column is not None:
            counted = fields.get(_plain(population_column))
            if counted is None:
                raise unusable(
                    f"« {source.name} » n'a pas de champ « {population_column} ». "
                    f"Champs : {', '.join(layer.fields)}."
                )
        places = _Places(
            name=named,
            code=_first(fields, _CODES),
            commune=_first(fields, _COMMUNES),
            iris=_first(fields, _IRIS),
            population=counted,
        )
        parts = [
            _part(source.name, feature.values, feature.polygon, places, feature.number)
            for feature in layer.features
            if feature.polygon is not None
        ]
        return PartsFile(source.name, _united(parts))
    fields_told = ", ".join(dict.fromkeys(name for layer in layers for name in layer.fields))
    raise unusable(
        f"« {source.name} » : aucun champ ne nomme les quartiers. Champs : "
        f"{fields_told or 'aucun'}. Nommez-le « nom »."
    )


@dataclass(frozen=True)
class _Places:
    name: int
    code: int | None
    commune: int | None
    iris: int | None
    population: int | None


def _plain(field: str) -> str:
    return re.sub(r"[^a-z0-9]", "", spelling(field))


def _first(fields: Mapping[str, int], wanted: Sequence[str]) -> int | None:
    return next((fields[name] for name in wanted if name in fields), None)


def _part(
    file: str, values: Sequence[str], polygon: Any, places: _Places, number: int
) -> tuple[str | None, DrawnPart]:
    def said(place: int | None) -> str:
        return values[place].strip() if place is not None else ""

    commune = said(places.commune).zfill(5) if said(places.commune) else None
    told = [
        said(places.code).zfill(9),
        f"{commune}{said(places.iris).zfill(4)}" if said(places.iris) else "",
    ]
    code = next((each for each in told if IRIS_CODE.fullmatch(each) and int(each[2:])), None)
    if commune is None and code is not None:
        commune = code[:5]
    name = said(places.name)
    if not name:
        raise unusable(f"« {file} » : l'entité {number} n'a pas de nom.")
    refused = refusal_of_name(name)
    if refused is not None:
        raise unusable(f"« {file} », entité {number} : {refused}")
    weight = None
    if places.population is not None:
        number_told = said(places.population)
        if not _NUMBER.fullmatch(number_told):
            raise unusable(
                f"« {file} » : population illisible pour {name} : « {number_told} »."
            )
        weight = float(number_told.replace(",", "."))
    return commune, DrawnPart(name, polygon, code, weight)


def _united(
    parts: Sequence[tuple[str | None, DrawnPart]],
) -> list[tuple[str | None, DrawnPart]]:
    import shapely  # noqa: PLC0415 (slow to import, and not needed to show the help)

    pieces: dict[tuple[str | None, str], list[DrawnPart]] = {}
    for commune, part in parts:
        pieces.setdefault((commune, part.code or f"nom {spelling(part.name)}"), []).append(part)
    return [
        (
            commune,
            each[0]
            if len(each) == 1
            else DrawnPart(
                each[0].name,
                shapely.union_all([part.polygon for part in each]),
                each[0].code,
                None if each[0].weight is None else sum(part.weight or 0.0 for part in each),
            ),
        )
        for (commune, _), each in pieces.items()
    ]


def parts_of(file: PartsFile, code: str) -> list[DrawnPart]:
    """Give the parts of a commune in a file, and those that say no commune.

    Raises:
        Failure: there are fewer than two (exit status 2).
    """
    found = [part for commune, part in file.parts if commune in (None, code)]
    if len(found) < 2:
        raise Failure(
            f"« {file.name} » a moins de deux quartiers pour la commune {code}.",
            exit_status=2,
        )
    return found


def communes_of(file: PartsFile) -> dict[str, list[DrawnPart]]:
    """Give, by commune, the parts of those that the file divides into two parts at least."""
    found: dict[str, list[DrawnPart]] = {}
    for commune, part in file.parts:
        if commune is not None:
            found.setdefault(commune, []).append(part)
    return {code: parts for code, parts in sorted(found.items()) if len(parts) > 1}
