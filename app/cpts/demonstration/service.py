"""Fictitious CPTS, so that a new installation shows something before its first import.

They cover the country in the manner of the real ones, their names begin with "Démo", and
each is marked `demonstration` wherever it is shown. They conflict like any other CPTS.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Engine

from app.cpts.claims import repository as claims_of
from app.cpts.claims.rules import told
from app.cpts.claims.service import RegistryChange
from app.cpts.completeness.repository import begin_fictitious, forget_fictitious
from app.cpts.demonstration import repository as demonstration
from app.cpts.errors import PlannedChangeDropped
from app.cpts.writing import repository
from app.cpts.writing.rules import StageRecord
from app.database.calendar import today
from app.database.sessions import WritingSession, session_scope
from app.failures import Failure
from app.http.repository import lock_registry
from app.progress import Progress
from app.settings import PROJECT_ROOT

DIRECTORY = PROJECT_ROOT / "geo_data"
ACTOR = "données de démonstration"


@dataclass(frozen=True)
class DemonstrationCpts:
    """One fictitious CPTS: columns of `cpts`, stages by slug, themes, communes by code."""

    columns: Mapping[str, str | None]
    stages: Mapping[str, date]
    themes: tuple[str, ...]
    claims: Mapping[str, date]


def read_demonstration(directory: Path = DIRECTORY) -> list[DemonstrationCpts]:
    """Read the fictitious CPTS from `demonstration_cpts.csv` and `demonstration_claims.csv`."""
    claims: dict[str, dict[str, date]] = {}
    for row in _rows(directory / "demonstration_claims.csv"):
        claims.setdefault(row["key"], {})[row["commune"]] = date.fromisoformat(row["from"])
    return [
        DemonstrationCpts(
            columns={
                column: row[column] or None
                for column in ("name", "acronym", "website", "email", "phone", "address")
            },
            stages={
                slug: date.fromisoformat(day)
                for slug, _, day in (part.partition(":") for part in row["stages"].split("|"))
            },
            themes=tuple(filter(None, row["themes"].split("|"))),
            claims=claims.get(row["key"], {}),
        )
        for row in _rows(directory / "demonstration_cpts.csv")
    ]


def load_on_first_start(engine: Engine, progress: Progress) -> None:
    """Load the demonstration data unless it was loaded before or real CPTS are there."""
    with session_scope(engine) as session:
        wanted = demonstration.never_loaded(session)
    if wanted:
        load_demonstration(engine, progress)


def load_demonstration(
    engine: Engine, progress: Progress, directory: Path = DIRECTORY
) -> tuple[int, int]:
    """Load the demonstration data, in place of what is left of an earlier load.

    Departments of which nothing was declared count as complete while it is there.
    Communes that a real CPTS holds, or will hold, are left out. `directory` holds the two
    files of `read_demonstration`.

    Returns: the numbers of CPTS and of communes loaded.
    """
    label = "Chargement des données de démonstration"
    with progress.step(label), session_scope(engine) as session:
        remove_demonstration(session)
        return _insert(session, read_demonstration(directory))


def remove_demonstration(session: WritingSession) -> int:
    """Take every demonstration CPTS out of the registry and give their number.

    Unlike a real CPTS, a fictitious one leaves no history behind.

    Raises:
        Failure: a validated letter has planned something for real CPTS together with
            fictitious ones; it is named.
    """
    lock_registry(session)
    planned = demonstration.planned_with_real_ones(session, today())
    if planned:
        raise Failure(
            "Les données de démonstration ne peuvent pas être retirées : "
            + PlannedChangeDropped(told(planned)).detail
        )
    forget_fictitious(session)
    return demonstration.remove(session)


def _insert(session: WritingSession, wanted: list[DemonstrationCpts]) -> tuple[int, int]:
    change = RegistryChange(session, actor=ACTOR, token_id=None)
    codes = {code for cpts in wanted for code in cpts.claims}
    held = {
        claim.commune_code
        for claim in claims_of.conflicts(
            session, codes, date.min.replace(year=1900), stage_day=today()
        )
    }
    loaded = [cpts for cpts in wanted if not cpts.claims or cpts.claims.keys() - held]
    ids = repository.insert_cpts(
        session,
        [
            {
                **cpts.columns,
                "demonstration": True,
                "started_on": min([*cpts.stages.values(), *cpts.claims.values()]),
            }
            for cpts in loaded
        ],
    )
    numbered = dict(zip(ids, loaded, strict=True))
    repository.put_stages(
        session,
        [
            (cpts_id, StageRecord(slug, since, since))
            for cpts_id, cpts in numbered.items()
            for slug, since in cpts.stages.items()
        ],
    )
    repository.set_themes(session, {cpts_id: cpts.themes for cpts_id, cpts in numbered.items()})
    claims = [
        (cpts_id, code, since)
        for cpts_id, cpts in numbered.items()
        for code, since in cpts.claims.items()
        if code not in held
    ]
    claims_of.insert_claims(session, claims)
    change.created(ids, "created")
    change.record()
    begins = min((min(cpts.stages.values()) for cpts in loaded), default=None)
    if begins:
        begin_fictitious(session, begins)
    demonstration.note_loaded(session)
    return len(ids), len(claims)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
