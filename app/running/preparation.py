"""Bringing a database to where the service needs it; look-ups only when it is there."""

from sqlalchemy import Engine

from app.accounts.people.demonstration import has_invited, remove_accounts, renew_accounts
from app.cluster.addresses import DatabaseAddress, database_server
from app.cluster.command_database import migrate, preparation_lock
from app.cpts.demonstration.repository import first_one, has_real_ones
from app.cpts.demonstration.service import load_on_first_start
from app.database.engine import create_database_engine
from app.database.sessions import session_scope
from app.directory.demonstration.service import fill_sheets
from app.geography.loading import load_or_keep
from app.progress import Progress
from app.settings import Settings


def prepare_database(settings: Settings, progress: Progress) -> None:
    """Bring schema, reference geography and demonstration data up to date.

    Accounts of demonstration are renewed where they are wanted and neither a real CPTS nor
    somebody invited is there, and erased elsewhere.
    Demonstration data go into an untouched registry only, and into a database given by
    `DATABASE_URL` only when `CPTS_DEMO` asks for them. Commands that prepare one
    database at once wait for each other. Raises `Failure`.
    """
    with database_server(settings.database, progress) as address:
        engine = create_database_engine(address.url, application_name="cpts-prepare")
        try:
            with preparation_lock(engine):
                migrate(engine, progress, address.owner_url)
                _load_geography(address, engine, progress)
                if settings.service.wants_demonstration(private=address.private):
                    load_on_first_start(engine, progress)
                    with session_scope(engine) as session:
                        fill_sheets(session)
                _demonstration_accounts(engine, settings.service.demo_accounts, progress)
        finally:
            engine.dispose()


def _demonstration_accounts(engine: Engine, wanted: bool, progress: Progress) -> None:
    with session_scope(engine) as session:
        in_use = has_real_ones(session) or has_invited(session)
        cpts_id = first_one(session) if wanted and not in_use else None
        if cpts_id is None:
            remove_accounts(session)
            return
        password, addresses = renew_accounts(session, cpts_id=cpts_id)
    progress.say(f"Comptes de démonstration, mot de passe {password} : {', '.join(addresses)}.")


def _load_geography(address: DatabaseAddress, engine: Engine, progress: Progress) -> None:
    """Load the geography as the owner of its tables, who may have them analysed."""
    if address.owner_url is None:
        load_or_keep(engine, progress)
        return
    owner = create_database_engine(address.owner_url, application_name="cpts-prepare")
    try:
        load_or_keep(owner, progress)
    finally:
        owner.dispose()
