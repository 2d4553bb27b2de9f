"""`./cpts completeness …`."""

from datetime import datetime
from typing import Annotated

import typer

completeness_commands = typer.Typer(
    help="Les départements dont le contenu est déclaré complet.", no_args_is_help=True
)

Departments = Annotated[
    str, typer.Argument(metavar="DÉPARTEMENT,…", help="Codes séparés par des virgules.")
]
On = Annotated[
    datetime | None,
    typer.Option(
        "--on",
        formats=["%Y-%m-%d"],
        metavar="AAAA-MM-JJ",
        help="Premier jour concerné ; aujourd'hui par défaut.",
    ),
]


@completeness_commands.command("set")
def set_complete(departments: Departments, on: On = None) -> None:
    """Déclare que le registre connaît toutes les CPTS de ces départements."""
    _declare(departments, on, complete=True)


@completeness_commands.command("unset")
def set_incomplete(departments: Departments, on: On = None) -> None:
    """Retire cette déclaration : « aucune CPTS » redevient « territoire non renseigné »."""
    _declare(departments, on, complete=False)


@completeness_commands.command("list")
def list_states(on: On = None) -> None:
    """Liste les départements, complets ou non, et depuis quand."""
    from app.cluster.command_database import command_engine
    from app.cpts.completeness.service import completeness
    from app.database.sessions import snapshot_scope
    from app.french import short_date

    with command_engine() as engine, snapshot_scope(engine) as session:
        states = completeness(session, on.date() if on else None)
    for state in states:
        told = (
            f"complet depuis le {short_date(state.completed_on)}"
            if state.completed_on
            else "non renseigné"
        )
        typer.echo(f"{state.department}\t{state.name}\t{told}")
    complete = sum(1 for state in states if state.complete)
    typer.echo(f"Départements complets : {complete} sur {len(states)}.")


def _declare(departments: str, on: datetime | None, *, complete: bool) -> None:
    from app.cluster.command_database import command_engine
    from app.cpts.completeness import service
    from app.cpts.completeness.rules import department_codes
    from app.database.calendar import today
    from app.database.sessions import session_scope
    from app.french import short_date

    codes = department_codes(departments)
    day = on.date() if on else today()
    with command_engine() as engine, session_scope(engine) as session:
        declare = service.declare_complete if complete else service.declare_incomplete
        declare(session, codes, day)
    said = "déclarés complets" if complete else "déclarés non renseignés"
    typer.echo(f"Départements {said} à partir du {short_date(day)} : {', '.join(codes)}.")
