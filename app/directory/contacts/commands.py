"""`./cpts contacts …`."""

import typer

contact_commands = typer.Typer(
    help="Les personnes à joindre des fiches des CPTS.", no_args_is_help=True
)


@contact_commands.callback()
def contacts() -> None:
    """Les personnes à joindre des fiches des CPTS."""


@contact_commands.command("purge")
def purge() -> None:
    """Efface les contacts et consultations dont le terme est passé ; chaque jour."""
    from app.cluster.command_database import command_engine
    from app.database.sessions import session_scope
    from app.directory.contacts.service import purge as delete_past_their_term

    with command_engine() as engine, session_scope(engine) as session:
        contacts_gone, views_gone = delete_past_their_term(session)
    typer.echo(f"Contacts effacés : {contacts_gone} ; consultations effacées : {views_gone}.")
