"""`./cpts token …`."""

from typing import Annotated

import typer

token_commands = typer.Typer(help="Les jetons d'accès à l'API.", no_args_is_help=True)


@token_commands.command("create")
def create(
    role: Annotated[
        str, typer.Option(help="member, editor, ars, assurance_maladie, urps ou admin.")
    ],
    region: Annotated[
        str | None,
        typer.Option(
            help="Code INSEE de la région d'un rôle régional (ars, assurance_maladie, urps)."
        ),
    ] = None,
    cpts: Annotated[
        int | None, typer.Option(help="Identifiant de la CPTS d'un editor.")
    ] = None,
    label: Annotated[
        str,
        typer.Option(help="À quoi sert ce jeton ; inscrit à l'historique, donc sans nom."),
    ] = "",
    days: Annotated[int, typer.Option(help="Durée du jeton, en jours.", min=1, max=3650)] = 365,
) -> None:
    """Crée un jeton et l'affiche une seule fois, seul sur la dernière ligne."""
    from datetime import timedelta

    from app.accounts.service import create_token
    from app.cluster.command_database import command_engine
    from app.database.sessions import session_scope
    from app.progress import terminal_progress

    progress = terminal_progress()
    with command_engine(progress=progress) as engine:
        if region:
            # Regions are known once the reference geography is there.
            from app.geography.loading import load_or_keep

            load_or_keep(engine, progress)
        with session_scope(engine) as session:
            token = create_token(
                session,
                role=role,
                region=region,
                cpts_id=cpts,
                label=label,
                lifetime=timedelta(days=days),
            )
    typer.echo("Ce jeton ne sera plus jamais affiché :")
    typer.echo(token)


@token_commands.command("list")
def list_tokens() -> None:
    """Liste les jetons, sans jamais les montrer."""
    from app.accounts.repository import tokens
    from app.cluster.command_database import command_engine
    from app.database.sessions import snapshot_scope

    with command_engine() as engine, snapshot_scope(engine) as session:
        for token in tokens(session):
            limits = " ".join(
                part
                for part in (
                    f"région {token.region_code}" if token.region_code else "",
                    f"CPTS {token.cpts_id}" if token.cpts_id else "",
                    f"personne {token.person_id}" if token.person_id else "",
                    "révoqué" if token.revoked_at else "",
                )
                if part
            )
            # A person's own word for a token is theirs.
            label = token.label if token.role else ""
            used = (
                f"servi {token.last_used_on:%Y-%m-%d}" if token.last_used_on else "jamais servi"
            )
            days = [f"{token.created_at:%Y-%m-%d}", f"terme {token.expires_at:%Y-%m-%d}", used]
            typer.echo("\t".join([str(token.id), token.role or "-", label, limits, *days]))


@token_commands.command("revoke")
def revoke(number: Annotated[int, typer.Argument(help="Numéro donné par la liste.")]) -> None:
    """Révoque un jeton ; il cesse de valoir aussitôt."""
    from app.accounts.repository import revoke as withdraw
    from app.cluster.command_database import command_engine
    from app.database.sessions import session_scope
    from app.failures import Failure

    with command_engine() as engine, session_scope(engine) as session:
        if not withdraw(session, number):
            raise Failure(f"Aucun jeton en service ne porte le numéro {number}.", exit_status=2)
    typer.echo(f"Jeton {number} révoqué.")
