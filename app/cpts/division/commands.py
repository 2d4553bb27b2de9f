"""``./cpts geography divide`` and ``undivide``."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.geography.division.service import DivisionPlan

EVERY = "toutes"

Code = Annotated[
    str, typer.Argument(metavar="CODE", help="Code INSEE de la commune, par exemple 06088.")
]


class _Command:
    """Whoever may run commands."""

    token_id = None
    name = "commande"


def divide(
    *,
    code: Annotated[
        str,
        typer.Argument(
            metavar="CODE",
            help="Code INSEE de la commune, par exemple 06088 ; « toutes » pour chaque "
            "commune que le fichier divise.",
        ),
    ],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FICHIER",
            help="Contours d’IRIS, de quartiers ou de CPTS (GeoPackage, GeoJSON, Shapefile "
            "zippé).",
        ),
    ],
    population_column: Annotated[
        str | None,
        typer.Option(help="Champ qui compte les habitants ; sans lui, selon la surface."),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            formats=["%Y-%m-%d"],
            metavar="AAAA-MM-JJ",
            help="Premier jour des quartiers ; aujourd’hui par défaut.",
        ),
    ] = None,
    crs: Annotated[
        str | None,
        typer.Option(
            metavar="EPSG:2154",
            help="Système de coordonnées, si le fichier ne le dit pas.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Dit ce que la division donnerait, sans l’écrire.")
    ] = False,
) -> None:
    """Divise une commune en quartiers : 0 divisée, 1 refusée, 2 fichier inutilisable."""
    # Slow to import, and not needed to show the help.
    from app.cluster.command_database import command_engine
    from app.cpts.division import service
    from app.database.calendar import today
    from app.database.sessions import session_scope
    from app.geography.division.reading import communes_of, parts_of, read_parts
    from app.geography.division.service import plan_divisions

    read = read_parts(file, population_column=population_column, crs=crs)
    drawn = communes_of(read) if code == EVERY else {code: parts_of(read, code)}
    day = since.date() if since else today()
    with command_engine() as engine, session_scope(engine) as session:
        if dry_run:
            plans = plan_divisions(session, drawn, day)
        else:
            plans = service.divide_all(
                session,
                drawn,
                day,
                source=read.name,
                signatory=_Command(),
                population_column=population_column,
            )
    _tell(plans, is_written=not dry_run)


def undivide(code: Code) -> None:
    """Annule la dernière division d’une commune : 0 annulée, 1 refusée."""
    from app.cluster.command_database import command_engine
    from app.cpts.division import service
    from app.database.sessions import session_scope
    from app.french import counted, short_date

    with command_engine() as engine, session_scope(engine) as session:
        division = service.undivide(session, code, signatory=_Command())
    typer.echo(
        f"Division du {short_date(division.divided_on)} annulée : {division.city} n’a plus ces "
        f"{counted(len(division.parts), 'quartier')} ({division.source})."
    )


def _tell(plans: Sequence["DivisionPlan"], *, is_written: bool) -> None:
    from app.french import counted, number, percent, short_date

    several = len(plans) > 1
    for plan in plans:
        commune = plan.commune
        typer.echo(
            f"{commune.name} ({commune.code}) : {counted(len(plan.parts), 'quartier')}"
            f" à partir du {short_date(plan.day)}, "
            f"{counted(sum(plan.populations), 'habitant')}."
        )
        if not several:
            for part, population in zip(plan.parts, plan.populations, strict=True):
                typer.echo(f"{part.code}\t{part.name}\t{number(population)}")
        if plan.snapped.rest_share > 0:
            typer.echo(
                f"{percent(plan.snapped.rest_share)} de la commune n’était dans aucun "
                "quartier : donné au plus proche."
            )
        if plan.snapped.overlap_share > 0:
            typer.echo(
                f"{percent(plan.snapped.overlap_share)} de la commune était dans plusieurs "
                "quartiers : donné à un seul."
            )
        if plan.left_aside and not several:
            typer.echo(f"Hors de la commune, laissés de côté : {', '.join(plan.left_aside)}.")
    if not all(plan.by_column for plan in plans):
        typer.echo(
            "Attention : sans champ de population (--population-column), les habitants sont "
            "répartis selon la surface."
        )
    else:
        typer.echo(
            "Les habitants du fichier sont ramenés à la population municipale en vigueur, à "
            "l’unité près (plus forts restes)."
        )
    if several:
        parts = sum(len(plan.parts) for plan in plans)
        typer.echo(
            f"{counted(len(plans), 'commune divisée', 'communes divisées')}, "
            f"{counted(parts, 'quartier')}."
        )
    if not is_written:
        typer.echo("Rien n’est écrit (--dry-run).")
