"""`./cpts atlas`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer


def write_atlas(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Le PDF à écrire.")],
    at: Annotated[
        datetime | None,
        typer.Option(help="Jour montré ; aujourd'hui par défaut.", formats=["%Y-%m-%d"]),
    ] = None,
) -> None:
    """Écrit l'atlas : le pays, chaque région et chaque département, une page chacun (PDF)."""
    from app.cluster.command_database import command_engine
    from app.failures import Failure
    from app.french import counted
    from app.progress import terminal_progress
    from app.settings import Settings
    from app.web.atlas.making import make_atlas, write_whole

    if not file.parent.is_dir():
        raise Failure(f"le dossier {file.parent} n'existe pas.", exit_status=2)
    with command_engine() as engine:
        content, places, _ = make_atlas(
            engine,
            at.date() if at else None,
            base=Settings().service.settled_base,
            progress=terminal_progress(),
        )
    write_whole(file, content)
    typer.echo(f"{file} : atlas de {counted(places, 'page')}.")
