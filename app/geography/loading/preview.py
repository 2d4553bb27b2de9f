"""What a release would change, worked out by the very SQL that loads it, and rolled back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy import Engine

from app.geography.loading import divided, repository
from app.geography.loading.release import content_hash, read_release
from app.geography.loading.repository import Contested, MergerHolder, Stranded


@dataclass(frozen=True)
class Merger:
    """Communes that become one; `holders` hold any of them, today or later."""

    code: str
    name: str
    merged: Sequence[str]
    holders: Sequence[MergerHolder]


@dataclass(frozen=True)
class Split:
    """A commune that comes out of another one, and who holds that one."""

    code: str
    name: str
    origin: str
    holders: Sequence[str]


@dataclass(frozen=True)
class Preview:
    """What a release would change.

    `straddling` and `stranded` keep it from being loaded; `added` and `removed` count
    communes.
    """

    reference_date: date
    is_loaded: bool
    added: int = 0
    removed: int = 0
    mergers: Sequence[Merger] = ()
    straddling: Sequence[Contested] = ()
    stranded: Sequence[Stranded] = ()
    splits: Sequence[Split] = field(default_factory=tuple)

    @property
    def may_be_loaded(self) -> bool:
        """Whether nothing is in the way."""
        return not (self.straddling or self.stranded)


def preview_geography(engine: Engine, directory: Path) -> Preview:
    """Tell what loading a release would change; changes nothing.

    Parameters: `directory`, which holds its files. Raises `Failure` when a file is missing
    or wrong.
    """
    release = read_release(directory, with_geometries=False)
    with repository.rolled_back(engine) as cursor:
        if repository.loaded_hash_of(cursor) == content_hash(directory):
            return Preview(release.reference_date, is_loaded=True)
        repository.stage_tables(cursor)
        repository.copy_rows(
            cursor,
            "new_commune",
            ("code", "name", "kind", "department_code", "region_code"),
            ((u.code, u.name, u.kind, u.department, u.region) for u in release.units),
        )
        repository.copy_rows(
            cursor,
            "new_former",
            ("code", "commune_code", "name", "kind", "ended_on"),
            (
                (f["code"], f["commune"], f["name"], f["kind"], f["ended_on"] or None)
                for f in release.former
            ),
        )
        divided.stage_parts(cursor)
        repository.work_out_succession(cursor)
        added, removed = repository.counted(cursor)
        return Preview(
            release.reference_date,
            is_loaded=False,
            added=added,
            removed=removed,
            mergers=[
                Merger(code, name, merged, holders)
                for code, name, merged, holders in repository.mergers(cursor)
            ],
            straddling=repository.contested_communes(cursor),
            stranded=repository.stranded_communes(cursor),
            splits=[Split(*each) for each in repository.detached_communes(cursor)],
        )
