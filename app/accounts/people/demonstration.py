"""Accounts to try the service with, one per role: fictitious, and on this machine only."""

import secrets

from sqlalchemy import func

from app.accounts import repository as accounts
from app.accounts.people import passwords, repository
from app.accounts.people.service import erase
from app.accounts.permissions import REGIONAL_ROLES, ROLE_LABELS, ROLES
from app.database.sessions import ReadingSession, WritingSession

_REGION = "32"


def renew_accounts(session: WritingSession, *, cpts_id: int) -> tuple[str, list[str]]:
    """Give each role an account; those of the start before get another password.

    Parameters: `cpts_id`, the fictitious CPTS of the editor and of the member.

    Returns the password of all, which nothing keeps, and their addresses.
    """
    password = secrets.token_urlsafe(12)
    hashed = passwords.hashed(password)
    addresses = []
    for role in ROLES:
        email = f"{role.replace('_', '-')}@demonstration.example"
        person = repository.person_by_email(session, email)
        if person is None:
            person = repository.insert_person(
                session,
                identity_id=accounts.insert_identity(session),
                email=email,
                role=role,
                region_code=_REGION if role in REGIONAL_ROLES else None,
                origin="demonstration",
            )
        elif person.origin != "demonstration":
            continue
        repository.update_person(
            session,
            person.id,
            name=f"Démo, compte fictif ({ROLE_LABELS[role]})",
            password_hash=hashed,
            confirmed_at=func.now(),
            role=role,
            region_code=_REGION if role in REGIONAL_ROLES else None,
            cpts_id=cpts_id if role in ("editor", "member") else None,
        )
        accounts.delete_sessions_of(session, person.id)
        addresses.append(email)
    return password, addresses


def has_invited(session: ReadingSession) -> bool:
    """Tell whether somebody was invited: a service in use wants no fictitious accounts."""
    return any(each.origin == "invitation" for each in repository.people(session))


def remove_accounts(session: WritingSession) -> int:
    """Erase the accounts of demonstration, where others may come, and tell how many."""
    fictitious = [each for each in repository.people(session) if each.origin != "invitation"]
    for person in fictitious:
        erase(session, person.id)
    return len(fictitious)
