"""`./cpts reports …`."""

from typing import Annotated

import typer

report_commands = typer.Typer(
    help="Les erreurs signalées par les visiteurs.", no_args_is_help=True
)


@report_commands.command("list")
def list_reports(
    closed: Annotated[
        bool, typer.Option("--all", help="Avec les signalements déjà clos.")
    ] = False,
) -> None:
    """Liste les signalements en attente, du plus ancien au plus récent."""
    from app.cluster.command_database import command_engine
    from app.cpts.reports.repository import reports
    from app.cpts.reports.rules import terminal_safe
    from app.database.calendar import PARIS
    from app.database.sessions import snapshot_scope

    with command_engine() as engine, snapshot_scope(engine) as session:
        found = reports(session, closed=closed)
    if not found:
        typer.echo("Aucun signalement en attente.")
    for report in found:
        state = " – clos" if report.handled_at else ""
        typer.echo(
            f"{report.id}. {report.reported_at.astimezone(PARIS):%Y-%m-%d %H:%M} – "
            f"{terminal_safe(report.about)}{state}"
        )
        for line in report.message.splitlines():
            typer.echo(f"   {terminal_safe(line)}")
        if report.reply_to:
            typer.echo(f"   Réponse demandée à : {terminal_safe(report.reply_to)}")
        if report.outcome:
            typer.echo(f"   Suite donnée : {terminal_safe(report.outcome)}")


@report_commands.command("close")
def close(
    number: Annotated[int, typer.Argument(help="Numéro donné par la liste.")],
    outcome: Annotated[str | None, typer.Option(help="La suite donnée.")] = None,
) -> None:
    """Clôt un signalement ; l'adresse de réponse est effacée."""
    from app.cluster.command_database import command_engine
    from app.cpts.reports.repository import close_report
    from app.database.sessions import session_scope
    from app.failures import Failure

    with command_engine() as engine, session_scope(engine) as session:
        if not close_report(session, number, outcome):
            raise Failure(
                f"Aucun signalement en attente ne porte le numéro {number}.", exit_status=2
            )
    typer.echo(f"Signalement {number} clos.")
