"""`./cpts sheets …`."""

from pathlib import Path
from typing import Annotated

import typer

sheets_commands = typer.Typer(
    help="Les fiches par lesquelles les CPTS se disent aux membres.", no_args_is_help=True
)


@sheets_commands.command("remind")
def remind() -> None:
    """Rappelle par courriel les fiches à confirmer ; le service le fait aussi chaque jour."""
    from app.accounts.mail.repository import enqueue_text
    from app.cluster.command_database import command_engine
    from app.database.calendar import today
    from app.database.sessions import session_scope
    from app.directory.reminders.service import remind as remind_editors
    from app.settings import Settings

    base = Settings().service.link_base
    with command_engine() as engine, session_scope(engine) as session:
        count = remind_editors(session, enqueue_text, base, today())
    typer.echo(f"Fiches rappelées : {count}.")


@sheets_commands.command("forget")
def forget(
    email: Annotated[str, typer.Argument(help="Adresse électronique de la personne.")],
) -> None:
    """Efface une personne de toutes les fiches, à sa demande, qu'elle ait un compte ou non."""
    from app.cluster.command_database import command_engine
    from app.database.sessions import session_scope
    from app.directory.sheets.service import erase_contacts

    with command_engine() as engine, session_scope(engine) as session:
        count = erase_contacts(session, email.strip())
    typer.echo(f"Fiches qui la montraient encore : {count}.")


@sheets_commands.command("export")
def export(
    file: Annotated[
        Path, typer.Argument(metavar="FICHIER", help="Classeur .xlsx, ou table .csv.")
    ],
) -> None:
    """Écrit les fiches de toutes les CPTS, personnes comprises : à garder pour soi."""
    from app.cluster.command_database import command_engine
    from app.database.sessions import snapshot_scope
    from app.directory.exchange.exporting import exported, write_export

    with command_engine() as engine, snapshot_scope(engine) as session:
        tables = exported(session)
    write_export(file, tables)
    rows = sum(len(table.rows) for table in tables)
    typer.echo(f"{rows} lignes écrites dans « {file.name} ».")


@sheets_commands.command("import")
def import_sheets(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="XLSX, ODS, XLS ou CSV.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tout faire sauf écrire.")] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Retirer des CPTS du fichier les actions et personnes qu'il ne donne pas.",
        ),
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Rapport CSV, une ligne par ligne du fichier.")
    ] = None,
) -> None:
    """Charge les fiches de nombreuses CPTS : 0 tout est entré, 1 non, 2 inutilisable."""
    from app.accounts.mail.repository import enqueue_text
    from app.cluster.command_database import command_engine
    from app.cpts.importing.report import check_writable
    from app.database.sessions import session_scope
    from app.directory.exchange import service
    from app.directory.exchange.tables import read_entries
    from app.directory.sheets.notices import Notices
    from app.directory.sheets.service import Terms
    from app.files.sources import open_source
    from app.settings import Settings

    settings = Settings()
    terms = Terms(
        settings.sheets.contacts_kept,
        settings.sheets.former_contacts_kept,
        Notices(enqueue_text, settings.service.link_base),
    )
    if report is not None:
        check_writable(report)
    entries = read_entries(open_source(file))
    with command_engine() as engine, session_scope(engine) as session:
        lines = service.import_entries(
            session, entries, terms, origin=file.name, replace=replace, dry_run=dry_run
        )
        if report is not None:
            service.write_report(report, lines)
    for told in service.summary(lines, dry_run=dry_run):
        typer.echo(told)
    raise typer.Exit(0 if service.everything_went_in(lines) else 1)
