"""`./cpts backup …`: the backups of the private cluster from the command line."""

from typing import Annotated

import typer

from app.failures import Failure

backup_commands = typer.Typer(
    help="Les sauvegardes de la base privée, et leur restauration.", no_args_is_help=True
)


@backup_commands.command("run")
def run() -> None:
    """Sauvegarde la base, et archive son journal dès la première fois."""
    from app.progress import terminal_progress
    from app.running.backup.rules import size_in_french
    from app.running.backup.service import run_backup
    from app.settings import Settings

    made = run_backup(Settings(), terminal_progress())
    typer.echo(f"Sauvegarde {made.label} : {size_in_french(made.stored)} écrits.")


@backup_commands.command("list")
def list_all() -> None:
    """Liste les sauvegardes, la plus ancienne d'abord."""
    from app.database.calendar import PARIS
    from app.progress import terminal_progress
    from app.running.backup.rules import size_in_french
    from app.running.backup.service import list_backups
    from app.settings import Settings

    listing = list_backups(Settings(), terminal_progress())
    kinds = {"full": "complète", "incr": "changements", "diff": "changements"}
    for backup in listing.backups:
        sizes = f"base {size_in_french(backup.size)}, ajoutés {size_in_french(backup.stored)}"
        known = "" if backup.contents is not None else "  (contenu non relevé)"
        typer.echo(
            f"{backup.label}  {backup.ended.astimezone(PARIS):%Y-%m-%d %H:%M:%S}  "
            f"{kinds.get(backup.kind, backup.kind)}  {sizes}{known}"
        )
    if not listing.backups:
        typer.echo("Aucune sauvegarde : ./cpts backup run en fait une.")
    if listing.archiving_fault is not None:
        raise Failure(listing.archiving_fault)


@backup_commands.command("verify")
def verify(
    label: Annotated[
        str | None, typer.Option("--set", help="La sauvegarde ; la dernière sans cela.")
    ] = None,
) -> None:
    """Restaure une sauvegarde à part et la compare à ce qu'elle a relevé."""
    from app.progress import terminal_progress
    from app.running.backup.service import verify_backup
    from app.settings import Settings

    drift = verify_backup(Settings(), label, terminal_progress())
    for line in drift:
        typer.echo(line)
    if drift:
        typer.echo(f"{len(drift)} écart(s).")
        raise typer.Exit(1)
    typer.echo("La sauvegarde se restaure, et tout y est.")


@backup_commands.command("restore")
def restore(
    to: Annotated[
        str | None,
        typer.Option(
            help="Le moment, à la seconde (heure de Paris) ; le dernier archivé sans cela.",
            metavar="MOMENT",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Sans demander confirmation.")] = False,
) -> None:
    """Remet la base dans l'état d'un moment ; les données présentes sont gardées à part."""
    import sys
    from datetime import UTC, datetime

    from app.database.calendar import PARIS
    from app.progress import terminal_progress
    from app.running.backup.restoring import restore as restore_cluster
    from app.running.backup.rules import read_moment
    from app.running.backup.service import refuse_external
    from app.settings import Settings

    settings = Settings()
    refuse_external(settings)
    moment = None if to is None else read_moment(to, datetime.now(UTC), PARIS)
    state = (
        "du dernier changement archivé"
        if moment is None
        else f"du {moment.astimezone(PARIS):%Y-%m-%d %H:%M:%S} (heure de Paris)"
    )
    if not yes:
        if not sys.stdin.isatty():
            raise Failure("La restauration demande une confirmation : ajoutez --yes.")
        question = f"Remettre la base dans l'état {state} ?"
        if not typer.confirm(question, default=False):
            raise Failure("Rien n'a changé.")
    restored = restore_cluster(settings, moment, terminal_progress())
    typer.echo(f"La base est dans l'état {state}.")
    if restored.kept is not None:
        typer.echo(f"Les données d'avant sont gardées dans {restored.kept}")
