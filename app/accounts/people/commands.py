"""`./cpts person …`."""

from typing import Annotated

import typer

person_commands = typer.Typer(help="Les personnes qui ont un compte.", no_args_is_help=True)


@person_commands.command("invite")
def invite(
    email: Annotated[str, typer.Argument(help="Adresse électronique de la personne.")],
    role: Annotated[
        str,
        typer.Option(help="member, editor, ars, assurance_maladie, urps ou admin."),
    ],
    region: Annotated[
        str | None, typer.Option(help="Code INSEE de la région d'un rôle régional.")
    ] = None,
    cpts: Annotated[
        int | None, typer.Option(help="Identifiant de la CPTS d'un editor ou d'un member.")
    ] = None,
) -> None:
    """Invite une personne et affiche l'adresse à lui remettre, seule sur la dernière ligne."""
    from app.accounts.mail.rules import link_of
    from app.accounts.people.service import invite as invite_person
    from app.cluster.command_database import command_engine
    from app.database.sessions import session_scope
    from app.failures import Failure
    from app.problems import Invalid
    from app.progress import terminal_progress
    from app.settings import Settings

    progress = terminal_progress()
    service = Settings().service
    with command_engine(progress=progress) as engine:
        if region:
            # Regions are known once the reference geography is there.
            from app.geography.loading import load_or_keep

            load_or_keep(engine, progress)
        try:
            with session_scope(engine) as session:
                _, secret = invite_person(
                    session, email=email, role=role, region=region, cpts_id=cpts
                )
        except Invalid as problem:
            raise Failure(problem.detail, exit_status=2) from None
    if service.public_url is None:
        typer.echo(
            "Sans CPTS_PUBLIC_URL, l'adresse est celle de cette machine ; un autre port se "
            "change à la main.",
            err=True,
        )
    typer.echo("Cette adresse vaut quatorze jours, pour une seule personne :")
    typer.echo(link_of(service.link_base, "invitation", secret))


@person_commands.command("list")
def list_people() -> None:
    """Liste les personnes, avec leur rôle et l'état de leur compte."""
    from app.accounts.people.repository import people
    from app.cluster.command_database import command_engine
    from app.database.sessions import snapshot_scope

    with command_engine() as engine, snapshot_scope(engine) as session:
        for person in people(session):
            limits = " ".join(
                part
                for part in (
                    f"région {person.region_code}" if person.region_code else "",
                    f"CPTS {person.cpts_id}" if person.cpts_id else "",
                )
                if part
            )
            state = "actif" if person.confirmed_at else "invité"
            if person.suspended_at:
                state = "suspendu"
            typer.echo(f"{person.email}\t{person.name}\t{person.role}\t{limits}\t{state}")


@person_commands.command("suspend")
def suspend(
    email: Annotated[str, typer.Argument(help="Adresse électronique de la personne.")],
) -> None:
    """Met fin à l'accès d'une personne ; une nouvelle invitation le rend."""
    from app.accounts.people.repository import person_by_email
    from app.accounts.people.service import suspend as end_access
    from app.cluster.command_database import command_engine
    from app.database.sessions import session_scope
    from app.failures import Failure

    with command_engine() as engine, session_scope(engine) as session:
        person = person_by_email(session, email.strip().lower())
        if person is None:
            raise Failure("Personne n'a de compte à cette adresse.", exit_status=2)
        end_access(session, person.id)
    typer.echo("L'accès de cette personne a pris fin.")


@person_commands.command("purge")
def purge() -> None:
    """Efface les personnes dont le terme est passé ; à lancer chaque jour par une minuterie."""
    from app.accounts.mail.sending import outbox
    from app.accounts.people.service import UNSENT_DAYS
    from app.accounts.people.service import purge as erase_past_their_term
    from app.cluster.command_database import command_engine
    from app.database.sessions import session_scope
    from app.settings import Settings

    settings = Settings()
    accounts = settings.accounts
    with command_engine() as engine, session_scope(engine) as session:
        gone = erase_past_their_term(
            session,
            former_days=accounts.former_members_kept_days,
            absent_days=accounts.absent_members_kept_days,
        )
    files = outbox(settings.mail, settings.database.data_directory)
    for address in gone.people:
        files.forget(address)
    unlinked = files.purge(UNSENT_DAYS)
    typer.echo(
        f"Personnes effacées : {len(gone.people)} ; messages abandonnés : "
        f"{gone.messages + unlinked}."
    )
