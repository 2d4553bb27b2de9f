"""The one list of what the service does by itself."""

from datetime import UTC, datetime, timedelta

from app.accounts.mail.repository import enqueue_text
from app.accounts.mail.sending import outbox
from app.accounts.people.service import UNSENT_DAYS
from app.accounts.people.service import purge as purge_people
from app.accounts.repository import forget_what_is_over
from app.cpts.importing.drafts.repository import forget_old_drafts
from app.database.calendar import today
from app.database.sessions import WritingSession
from app.directory.contacts.service import purge as purge_contacts
from app.directory.reminders.service import remind
from app.directory.saved_searches.digest import send_due
from app.http.repository import forget_addresses
from app.letters.notes.repository import delete_notes
from app.settings import Settings
from app.upkeep.rules import Task


def tasks_of(settings: Settings) -> tuple[Task, ...]:
    """Give the tasks, with the terms of the settings."""
    terms = settings.accounts
    base = settings.service.link_base
    erased: list[str] = []
    files = outbox(settings.mail, settings.database.data_directory)

    def people(session: WritingSession) -> int:
        gone = purge_people(
            session,
            former_days=terms.former_members_kept_days,
            absent_days=terms.absent_members_kept_days,
        )
        erased[:] = gone.people
        return len(gone.people) + gone.messages

    def their_files() -> int:
        for address in erased:
            files.forget(address)
        return files.purge(UNSENT_DAYS)

    def notes(session: WritingSession) -> int:
        kept = timedelta(days=settings.service.notes_kept_days)
        return delete_notes(session, datetime.now(UTC) - kept)

    def contacts(session: WritingSession) -> int:
        return sum(purge_contacts(session))

    return (
        Task("addresses", "Adresses comptées", timedelta(minutes=1), forget_addresses),
        Task("sessions", "Sessions et liens échus", timedelta(hours=1), forget_what_is_over),
        Task(
            "people",
            "Personnes au terme, messages jamais partis",
            timedelta(days=1),
            people,
            their_files,
        ),
        Task("notes", "Notes de vérification échues", timedelta(days=1), notes),
        Task("contacts", "Personnes des fiches au terme", timedelta(days=1), contacts),
        Task(
            "digests",
            "Recherches enregistrées : personnes averties",
            timedelta(hours=1),
            lambda session: send_due(session, enqueue_text, base),
        ),
        Task(
            "reminders",
            "Rappels de confirmer sa fiche",
            timedelta(hours=1),
            lambda session: remind(session, enqueue_text, base, today()),
        ),
        Task("imports", "Fichiers d’imports laissés", timedelta(days=1), forget_old_drafts),
    )
