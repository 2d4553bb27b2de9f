"""The SQL of persons to call, and of who was shown them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, func, select, text

from app.database.sessions import ReadingSession, WritingSession
from app.database.statements import statement
from app.directory.models import ContactView, CptsContact, FormerContact


@dataclass(frozen=True, slots=True)
class Told:
    """The contacts of a CPTS in the order told, and whether they were seen on that day."""

    contacts: list[dict[str, Any]]
    seen: bool


def contacts(
    session: ReadingSession, cpts_ids: Collection[int], day: date, viewer_id: int
) -> dict[int, Told]:
    """Give the contacts that are kept on a day, by CPTS, of those that have some.

    Parameters: `viewer_id`, who may have been shown them on that day.
    """
    asked = {"ids": list(cpts_ids), "day": day, "viewer": viewer_id}
    rows = session.execute(statement(__file__, "told"), asked)
    return {row.cpts_id: Told(row.contacts, row.seen) for row in rows}


_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('contact_view'), :viewer)")


def note_views(
    session: WritingSession,
    viewer_id: int,
    cpts_ids: Sequence[int],
    day: date,
    per_day: int,
) -> set[int]:
    """Note whose contacts somebody is shown, and tell of which CPTS they may be.

    Those of a CPTS that was shown on that day are shown again; others, in the order given,
    until there are `per_day` of them.
    """
    # Two answers at once must not both take what is left.
    session.execute(_LOCK, {"viewer": viewer_id % 2**31})
    noted = session.scalars(
        statement(__file__, "note_views"),
        {"viewer": viewer_id, "ids": list(cpts_ids), "day": day, "per_day": per_day},
    )
    return set(noted)


def viewers(session: ReadingSession, cpts_id: int) -> list[dict[str, Any]]:
    """List who was shown the contacts of a CPTS, by day, the latest first.

    Whoever was erased since is None by name; a machine has the label of its token.
    """
    rows = session.execute(statement(__file__, "viewers"), {"cpts": cpts_id})
    return [dict(row) for row in rows.mappings()]


def views_by(session: ReadingSession, viewer_id: int) -> list[dict[str, Any]]:
    """List whose contacts somebody was shown, by day."""
    rows = session.execute(
        select(ContactView.seen_on, ContactView.cpts_id)
        .where(ContactView.viewer_id == viewer_id)
        .order_by(ContactView.seen_on, ContactView.cpts_id)
    )
    return [dict(row) for row in rows.mappings()]


def of_person(session: ReadingSession, person_id: int) -> list[dict[str, Any]]:
    """List what sheets tell of whoever has this account, by account or by address."""
    rows = session.execute(statement(__file__, "of_person"), {"person": person_id})
    return [dict(row) for row in rows.mappings()]


def addresses_told(
    session: ReadingSession, cpts_id: int, writer_token_id: int | None
) -> set[str]:
    """List the addresses, in small letters, of those whom a sheet tells or told of.

    Parameters: `writer_token_id`, whoever writes it, whose own address counts too.
    """
    told = {
        address
        for table in (CptsContact, FormerContact)
        for address in session.scalars(
            select(func.lower(table.email)).where(
                table.cpts_id == cpts_id, table.email.is_not(None)
            )
        )
    }
    own = text("SELECT lower(email) FROM person WHERE identity_id = :identity")
    return told | set(session.scalars(own, {"identity": writer_token_id}))


def purge(session: WritingSession, day: date, views_kept: timedelta) -> tuple[int, int]:
    """Delete contacts, present and former, past their last day, and views past their term.

    Returns how many of each.
    """
    contacts_gone = [
        number
        for table in (CptsContact, FormerContact)
        for number in session.scalars(
            delete(table).where(table.kept_until < day).returning(table.id)
        )
    ]
    views_gone = session.execute(
        delete(ContactView)
        .where(ContactView.seen_on < day - views_kept)
        .returning(ContactView.cpts_id)
    ).all()
    return len(contacts_gone), len(views_gone)


def seen_on(session: ReadingSession, viewer_id: int, day: date) -> int:
    """Count the CPTS whose contacts somebody was shown on a day."""
    return session.execute(
        select(func.count()).where(
            ContactView.viewer_id == viewer_id, ContactView.seen_on == day
        )
    ).scalar_one()
