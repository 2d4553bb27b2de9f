"""`./cpts notes …`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

note_commands = typer.Typer(help="Les notes de vérification conservées.", no_args_is_help=True)


@note_commands.callback()
def notes() -> None:
    """Les notes de vérification conservées."""


@note_commands.command("purge")
def purge_notes(
    days: Annotated[
        int | None,
        typer.Option(help="Âge en jours ; CPTS_NOTES_KEPT_DAYS par défaut.", min=1),
    ] = None,
) -> None:
    """Supprime les notes plus anciennes que la durée de conservation."""
    from app.cluster.command_database import command_engine
    from app.database.sessions import session_scope
    from app.letters.notes.repository import delete_notes
    from app.settings import ServiceSettings

    kept = days or ServiceSettings().notes_kept_days
    with command_engine() as engine, session_scope(engine) as session:
        deleted = delete_notes(session, datetime.now(UTC) - timedelta(days=kept))
    typer.echo(f"Notes supprimées (plus de {kept} jours) : {deleted}.")
