"""The commands of `./cpts`. Each noun's own are in its `commands` module."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from app.accounts.commands import token_commands
from app.accounts.people.commands import person_commands
from app.cluster import commands as database_commands
from app.command_ending import begin_work, end_with, end_without_work
from app.cpts.completeness.commands import completeness_commands
from app.cpts.division.commands import divide, undivide
from app.cpts.importing.commands import import_listing
from app.cpts.reports.commands import report_commands
from app.cpts.verification.commands import verify_database
from app.directory.contacts.commands import contact_commands
from app.directory.demonstration.commands import demonstration_commands
from app.directory.sheets.commands import sheets_commands
from app.geography.commands import geography_app
from app.institutions.commands import institution_commands
from app.letters.check.commands import check_letter
from app.letters.notes.commands import note_commands
from app.progress import terminal_progress
from app.running.backup.commands import backup_commands
from app.settings import Settings
from app.web.atlas.commands import write_atlas


class BenchmarkPart(StrEnum):
    """What `./cpts bench` can measure alone."""

    STARTING = "starting"
    FEATURES = "features"
    LETTERS = "letters"
    PAGE = "page"
    READING = "reading"
    DIRECTORY = "directory"
    GROWTH = "growth"


application = typer.Typer(
    name="cpts",
    help="Cartographie des CPTS : des territoires de communes, sans chevauchement.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@application.callback()
def before_command() -> None:
    """Cartographie des CPTS : des territoires de communes, sans chevauchement."""


database = typer.Typer(help="La base de données.", no_args_is_help=True)
database.command(
    "run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)(database_commands.run_with_database)
database.command("check-migrations", hidden=True)(database_commands.check_migrations)
database.command("verify")(verify_database)


@database.command("prepare")
def prepare() -> None:
    """Met la base à jour (schéma, géographie, démonstration) sans servir."""
    from app.running.preparation import prepare_database

    prepare_database(Settings(), terminal_progress())


application.add_typer(database, name="db")
application.command("import")(import_listing)
application.command("check-letter")(check_letter)
application.add_typer(token_commands, name="token")
application.add_typer(person_commands, name="person")
application.add_typer(contact_commands, name="contacts")
application.add_typer(demonstration_commands, name="demo")
application.add_typer(completeness_commands, name="completeness")
geography_app.command("divide")(divide)
geography_app.command("undivide")(undivide)
application.add_typer(geography_app, name="geography")
application.add_typer(institution_commands, name="institutions")
application.add_typer(report_commands, name="reports")
application.add_typer(sheets_commands, name="sheets")
application.add_typer(note_commands, name="notes")
application.add_typer(backup_commands, name="backup")
application.command("atlas")(write_atlas)


@application.command()
def serve(
    host: Annotated[str, typer.Option(help="Adresse d'écoute.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port d'écoute.", min=0, max=65535)] = 8000,
    workers: Annotated[
        int | None, typer.Option(help="Nombre de processus.", min=1, max=64)
    ] = None,
) -> None:
    """Prépare ce qui manque, puis sert la cartographie."""
    from app.running.serving import serve as run_service

    run_service(host, port, workers)


@application.command(
    "test",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    add_help_option=False,
)
def run_tests(
    arguments: Annotated[list[str] | None, typer.Argument(help="Arguments de pytest.")] = None,
) -> None:
    """Exécute tous les tests, avec leur propre serveur de base de données."""
    raise typer.Exit(database_commands.run_tests(arguments or []))


@application.command("bench")
def run_benchmarks(
    report: Annotated[
        Path | None, typer.Option("--json", help="Fichier JSON où écrire les mesures.")
    ] = None,
    charts: Annotated[
        Path | None, typer.Option(help="Dossier où dessiner la croissance, en SVG.")
    ] = None,
    seconds: Annotated[
        int, typer.Option(help="Durée de chaque mesure de débit.", min=1, max=60)
    ] = 5,
    only: Annotated[
        list[BenchmarkPart] | None, typer.Option(help="Ce qui est mesuré ; répétable.")
    ] = None,
) -> None:
    """Mesure le service à côté de tipg, nginx, geopandas et Folium."""
    from app.running.benchmarking import run_benchmarks as run

    raise typer.Exit(run(report, charts, seconds, [part.value for part in only or []]))


def run() -> int:
    """Run the command of the arguments and give its exit status; raises what stops it."""
    # Not through typer's own `main`, which has endings of its own for some errors.
    command = typer.main.get_command(application)
    try:
        with command.make_context("./cpts", sys.argv[1:]) as context:
            begin_work()
            command.invoke(context)
    except typer.Exit as ended:
        return ended.exit_code
    return 0


def main() -> NoReturn:
    """Run the command of the arguments; what stops it is told in one line."""
    end_without_work()
    end_with(run)


if __name__ == "__main__":
    main()
