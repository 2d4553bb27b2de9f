"""`./cpts institutions …`."""

from pathlib import Path
from typing import Annotated

import typer

institution_commands = typer.Typer(
    help="Qui appeler : les contacts des institutions, par région et département.",
    no_args_is_help=True,
)


@institution_commands.callback()
def institutions() -> None:
    """Qui appeler : les contacts des institutions, par région et département."""


@institution_commands.command("import")
def import_contacts(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Tableau CSV.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tout faire sauf écrire.")] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Retirer des régions et départements du fichier ce qu'il ne nomme pas.",
        ),
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Rapport CSV, une ligne par ligne du fichier.")
    ] = None,
) -> None:
    """Charge un tableau, tout ou rien : 0 il est entré, 1 il est refusé, 2 inutilisable."""
    from app.cluster.command_database import command_engine
    from app.cpts.importing.report import check_writable
    from app.database.sessions import session_scope
    from app.files.sources import unusable
    from app.institutions import service
    from app.institutions.reporting import report_text, summary

    if report is not None:
        check_writable(report)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise unusable(f"« {file} » ne peut pas être lu ({error.strerror}).") from None
    entries = service.read_table(content, name=file.name)
    with command_engine() as engine, session_scope(engine) as session:
        done = service.import_entries(
            session, entries, service.Command(), replace=replace, dry_run=dry_run
        )
    if report is not None:
        report.write_text(report_text(done), encoding="utf-8", newline="")
    for told in summary(done):
        typer.echo(told)
    raise typer.Exit(1 if done.is_refused else 0)


@institution_commands.command("export")
def export(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Tableau CSV à écrire.")],
) -> None:
    """Écrit les contacts de tout le pays, tels que l'import les relit."""
    from app.cluster.command_database import command_engine
    from app.database.sessions import snapshot_scope
    from app.files.office_tables import csv_for_excel
    from app.files.sources import unusable
    from app.institutions import service

    with command_engine() as engine, snapshot_scope(engine) as session:
        sheet = service.exported(session)
    rows = list(sheet.rows)
    try:
        file.write_bytes(csv_for_excel(sheet))
    except OSError as error:
        raise unusable(f"« {file} » ne peut pas être écrit ({error.strerror}).") from None
    typer.echo(f"Contacts écrits dans « {file.name} » : {len(rows)}.")
