"""``./cpts check-letter``: the check on a list of communes or a polygon in a file."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.failures import Failure
from app.letters.check.rules import Verdict

if TYPE_CHECKING:
    from app.database.sessions import ReadingSession
    from app.letters.check.schemas import LetterCheck

UNUSABLE = 2


def check_letter(
    *,
    file: Annotated[
        Path,
        typer.Argument(
            help="Communes (texte, une par ligne ; CSV ; XLSX) ou polygone "
            "(GeoJSON, GeoPackage, KML, Shapefile zippé)."
        ),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Écrit la réponse JSON de l'API.")
    ] = False,
    exclude_cpts: Annotated[
        int | None,
        typer.Option(help="CPTS dont ce serait le nouveau territoire (avenant).", min=1),
    ] = None,
    effective_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Jour d'effet ; aujourd'hui par défaut."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Nom du projet.")] = None,
    department: Annotated[
        str | None,
        typer.Option(
            metavar="04,83",
            help="Départements de toute la liste : précisent les noms que plusieurs communes "
            "portent, jamais contre ce que dit la ligne.",
        ),
    ] = None,
    crs: Annotated[
        str | None,
        typer.Option(
            metavar="EPSG:2154",
            help="Système de coordonnées des polygones, si le fichier ne le dit pas.",
        ),
    ] = None,
) -> None:
    """Vérifie un territoire : 0 libre, 1 disputé, incomplet ou bloqué, 2 illisible."""
    answer = _answer(
        file,
        name=name,
        exclude_cpts=exclude_cpts,
        effective_on=effective_on,
        department=department,
        crs=crs,
    )
    if as_json:
        typer.echo(answer.model_dump_json(indent=2))
    else:
        from app.letters.check.terminal import show

        show(answer)
    raise typer.Exit(0 if answer.verdict == Verdict.CLEAR else 1)


def _answer(
    file: Path,
    *,
    name: str | None,
    exclude_cpts: int | None,
    effective_on: datetime | None,
    department: str | None,
    crs: str | None,
) -> "LetterCheck":
    # Slow to import, and not needed to show the help.
    from app.cluster.command_database import command_engine
    from app.database.sessions import snapshot_scope
    from app.geography.loading import load_or_keep
    from app.letters.check import service
    from app.letters.check.commune_lists import read_commune_list
    from app.problems import Invalid
    from app.progress import terminal_progress

    read = read_commune_list(file, crs=crs)
    question = service.Question(
        given=read.given,
        surface=read.geometry,
        name=name,
        exclude_cpts=exclude_cpts,
        effective_on=effective_on.date() if effective_on else None,
    )
    progress = terminal_progress()
    with command_engine(progress=progress) as engine:
        load_or_keep(engine, progress)
        with snapshot_scope(engine) as session:
            if department is not None:
                question = replace(question, settled_in=_stated(session, department))
            try:
                return service.check_letter(session, question)
            except Invalid as invalid:
                raise Failure(invalid.detail, exit_status=UNUSABLE) from invalid


def _stated(session: "ReadingSession", department: str) -> frozenset[str]:
    from app.geography.resolution import stated_departments

    found = stated_departments(session, department)
    if not found:
        raise Failure(
            f"Département « {department} » inconnu ; par exemple 04,83.", exit_status=UNUSABLE
        )
    return found
