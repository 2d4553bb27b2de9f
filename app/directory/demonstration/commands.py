"""`./cpts demo load` and `./cpts demo remove`."""

import typer

demonstration_commands = typer.Typer(
    help="Les données de démonstration, fictives.", no_args_is_help=True
)


@demonstration_commands.command("load")
def load() -> None:
    """Charge les CPTS fictives, hors des communes que tiennent de vraies CPTS."""
    from app.cluster.command_database import command_engine
    from app.cpts.demonstration.service import load_demonstration
    from app.database.sessions import session_scope
    from app.directory.demonstration.service import fill_sheets
    from app.geography.loading import load_or_keep
    from app.progress import terminal_progress

    progress = terminal_progress()
    with command_engine(progress=progress) as engine:
        load_or_keep(engine, progress)
        cpts, communes = load_demonstration(engine, progress)
        with session_scope(engine) as session:
            fill_sheets(session)
    typer.echo(f"{cpts} CPTS de démonstration chargées, sur {communes} communes.")


@demonstration_commands.command("remove")
def remove() -> None:
    """Retire toutes les CPTS fictives, et les comptes de démonstration avec elles."""
    from app.accounts.people.demonstration import remove_accounts
    from app.cluster.command_database import command_engine
    from app.cpts.demonstration.service import remove_demonstration
    from app.database.sessions import session_scope

    with command_engine() as engine, session_scope(engine) as session:
        removed = remove_demonstration(session)
        remove_accounts(session)
    typer.echo(f"{removed} CPTS de démonstration retirées.")
