"""Use cases of people: being invited, roles, leaving."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError

from app.accounts import repository as accounts
from app.accounts.mail.repository import enqueue, give_up, to_address
from app.accounts.models import Person
from app.accounts.notices.repository import told_to
from app.accounts.people import passwords, repository
from app.accounts.people.links import (
    INVITATION_LIFETIME,
    forget_links,
    make_link,
    person_of_link,
    use_up,
)
from app.accounts.people.rules import address_spelled, check_password, name_spelled
from app.accounts.permissions import REGIONAL_ROLES, ROLES
from app.accounts.rules import Caller
from app.accounts.service import create_own_token, digest_of
from app.database.sessions import ReadingSession, WritingSession
from app.http.repository import lock_registry
from app.http.texts import refusal_of_line
from app.problems import Invalid, NotFound

# Retention, in days, of what nobody settles otherwise.
INVITED_DAYS = 30
UNSENT_DAYS = 14


def invite(
    session: WritingSession,
    *,
    email: str,
    role: str,
    region: str | None = None,
    cpts_id: int | None = None,
    by_mail: bool = False,
) -> tuple[int, str]:
    """Invite somebody, or anew whoever has not accepted yet or was suspended.

    Of a suspended account nothing opens any more but the link: password, tied identity,
    tokens and sessions are gone. A second factor stays: it only asks for more.

    Parameters: `by_mail`, whether the link goes by mail too (with a secret of its own).

    Returns the number of the person and the secret of the link.

    Raises:
        Invalid: an address that is none or that somebody in use has; a role that is
            unknown or lacks its region or CPTS; an unknown region or CPTS.
    """
    spelled = address_spelled(email)
    _check_role(role, region, cpts_id)
    known = repository.person_by_email(session, spelled)
    values: dict[str, Any] = {"role": role, "region_code": region, "cpts_id": cpts_id}
    try:
        with session.begin_nested():
            if known is None:
                identity = accounts.insert_identity(session)
                person = repository.insert_person(
                    session, identity_id=identity, email=spelled, **values
                )
            elif known.confirmed_at is None or known.suspended_at is not None:
                person = known
                if known.suspended_at is not None:
                    _begin_anew(session, known)
                _give_role(session, known, **values)
            else:
                raise Invalid.at("body", "email", message="Cette adresse a déjà un compte.")
    except IntegrityError as error:
        raise _unknown_limit(error) from None
    secret = make_link(session, "invitation", person.id, INVITATION_LIFETIME)
    if by_mail:
        enqueue(session, "invitation", spelled, {"person_id": person.id})
    return person.id, secret


def _begin_anew(session: WritingSession, person: Person) -> None:
    accounts.forget_tokens(session, person.id)
    accounts.delete_sessions_of(session, person.id)
    repository.delete_links(session, person.id)
    repository.update_person(
        session,
        person.id,
        suspended_at=None,
        confirmed_at=None,
        # Else a visit of long ago would count as a long absence.
        last_seen_on=None,
        password_hash=None,
        oidc_issuer=None,
        oidc_subject=None,
    )


def _give_role(
    session: WritingSession,
    person: Person,
    *,
    role: str,
    region_code: str | None,
    cpts_id: int | None,
) -> None:
    values: dict[str, Any] = {
        "role": role,
        "region_code": region_code,
        "cpts_id": cpts_id,
    }
    if person.cpts_id != cpts_id:
        # What was registered under the former identity is no longer one's own.
        values["identity_id"] = accounts.insert_identity(session)
    repository.update_person(session, person.id, **values)


def change_role(
    session: WritingSession,
    person_id: int,
    *,
    role: str,
    region: str | None,
    cpts_id: int | None,
) -> None:
    """Give somebody another role: tokens have its rights at once, sessions end.

    Whoever signs in again gives the second factor that the new role may ask for. With
    another CPTS, acts are recorded under another identity.

    Raises:
        NotFound, Invalid: no such person; a role as `invite` refuses it.
    """
    _check_role(role, region, cpts_id)
    person = repository.locked(session, person_id)
    if person is None:
        raise NotFound("Cette personne n'existe pas.")
    try:
        with session.begin_nested():
            _give_role(session, person, role=role, region_code=region, cpts_id=cpts_id)
    except IntegrityError as error:
        raise _unknown_limit(error) from None
    accounts.delete_sessions_of(session, person_id)


def suspend(session: WritingSession, person_id: int) -> None:
    """End somebody's access: sessions and links go, tokens open nothing any more.

    Raises:
        NotFound: no such person.
    """
    person = repository.locked(session, person_id)
    if person is None:
        raise NotFound("Cette personne n'existe pas.")
    if person.suspended_at is None:
        repository.update_person(session, person_id, suspended_at=func.now())
    accounts.delete_sessions_of(session, person_id)
    repository.delete_links(session, person_id)


def invited(session: ReadingSession, secret: str) -> Person | None:
    """Tell whom a link of invitation is for, None when it may no longer be used."""
    found = repository.link(session, digest_of(secret), "invitation")
    return repository.person_by_id(session, found.person_id) if found else None


def accept(session: WritingSession, secret: str, *, name: str, password: str) -> Person:
    """Accept an invitation with a name and a password, and give the person.

    Raises:
        NotFound: the link was used, or its time is over.
        Invalid: the name or the password.
    """
    spelled = name_spelled(name)
    person = person_of_link(session, secret, "invitation")
    check_password(password, known=(spelled, person.email))
    use_up(session, secret, "invitation")
    repository.update_person(
        session,
        person.id,
        name=spelled,
        password_hash=passwords.hashed(password),
        confirmed_at=func.coalesce(Person.confirmed_at, func.now()),
    )
    repository.delete_links(session, person.id, "invitation")
    accounts.delete_sessions_of(session, person.id)
    return person


def accept_with(session: WritingSession, secret: str, *, name: str) -> Person:
    """Accept an invitation without a password, for whoever proves otherwise who they are.

    Parameters: `name`, the address stands in for one that is empty.

    Raises:
        NotFound: the link was used, or its time is over.
        Invalid: the name.
    """
    person = person_of_link(session, secret, "invitation")
    use_up(session, secret, "invitation")
    repository.update_person(
        session,
        person.id,
        name=name_spelled(name or person.email),
        confirmed_at=func.coalesce(Person.confirmed_at, func.now()),
    )
    repository.delete_links(session, person.id, "invitation")
    accounts.delete_sessions_of(session, person.id)
    return person


def make_token(
    session: WritingSession, caller: Caller, *, label: str, lifetime: timedelta
) -> str:
    """Make a token with one's rights, tell one's address, and give it for the only time.

    Raises:
        NotFound: a machine, or somebody erased since.
        Invalid: the label.
    """
    refusal = refusal_of_line(label)
    if refusal:
        raise Invalid.at("body", "label", message=refusal)
    person = own(session, caller)
    token = create_own_token(session, person.id, label=label, lifetime=lifetime)
    enqueue(session, "token-made", person.email, {"person_id": person.id})
    return token


def end_everywhere(session: WritingSession, caller: Caller) -> None:
    """End all of one's sessions, and all that a link could still do.

    Raises:
        NotFound: a machine, or somebody erased since.
    """
    person = own(session, caller)
    accounts.delete_sessions_of(session, person.id)
    forget_links(session, person.id)


def erase(session: WritingSession, person_id: int) -> str:
    """Erase somebody: what they did stays under a number, which nobody can name any more.

    Returns their address, under which messages may lie outside the database.

    Raises:
        NotFound: no such person.
    """
    # In the order in which everybody writes: sheets may tell of the person too.
    lock_registry(session)
    accounts.forget_tokens(session, person_id)
    email = repository.delete_person(session, person_id)
    if email is None:
        raise NotFound("Cette personne n'existe pas.")
    return email


@dataclass(frozen=True)
class Purged:
    """Addresses of the people erased, and how many messages were given up."""

    people: list[str]
    messages: int


def purge(session: WritingSession, *, former_days: int, absent_days: int) -> Purged:
    """Erase whoever is past their term, and give up messages that never left.

    Parameters, in days: since the suspension; since the last visit.
    """
    lock_registry(session)
    gone = repository.past_their_term(
        session, former_days=former_days, absent_days=absent_days, invited_days=INVITED_DAYS
    )
    people = [erase(session, person_id) for person_id in gone]
    return Purged(people, give_up(session, UNSENT_DAYS))


def own(session: ReadingSession, caller: Caller) -> Person:
    """Give the person who calls.

    Raises:
        NotFound: a machine, or somebody erased since.
    """
    person = repository.person_by_id(session, caller.person_id) if caller.person_id else None
    if person is None:
        raise NotFound("Ce compte n'existe pas.")
    return person


def data_of(session: ReadingSession, caller: Caller) -> dict[str, Any]:
    """Gather all that accounts keep on the person who calls, without any secret."""
    person = own(session, caller)
    return {
        "account": {
            "email": person.email,
            "name": person.name,
            "role": person.role,
            "region": person.region_code,
            "cpts_id": person.cpts_id,
            "recorded_as": caller.name,
            "origin": person.origin,
            "created_at": person.created_at,
            "confirmed_at": person.confirmed_at,
            "last_seen_on": person.last_seen_on,
            "has_password": person.password_hash is not None,
            "second_factor_since": person.totp_confirmed_at,
            "identity_provider": person.oidc_issuer,
            "identity_provider_subject": person.oidc_subject,
            "letter_mail": person.letter_mail,
        },
        "sessions": [
            {
                "started_at": each.created_at,
                "last_seen_at": each.last_seen_at,
                "expires_at": each.expires_at,
                "browser": each.browser,
                "by_identity_provider": each.oidc_id_token is not None,
            }
            for each in accounts.sessions_of(session, person.id)
        ],
        "tokens": [
            {
                "label": each.label,
                "created_at": each.created_at,
                "expires_at": each.expires_at,
                "last_used_on": each.last_used_on,
                "revoked_at": each.revoked_at,
            }
            for each in accounts.tokens(session, person_id=person.id)
        ],
        "waiting_messages": to_address(session, person.email),
        "letters_told_by_mail": told_to(session, person.id),
    }


def _check_role(role: str, region: str | None, cpts_id: int | None) -> None:
    if role not in ROLES:
        raise Invalid.at("body", "role", message="Rôle inconnu.", accepted=ROLES)
    if (role in REGIONAL_ROLES) != (region is not None):
        raise Invalid.at(
            "body",
            "region",
            message="Une région va avec les rôles régionaux, et avec eux seuls.",
            accepted=REGIONAL_ROLES,
        )
    if role == "editor" and cpts_id is None:
        raise Invalid.at("body", "cpts", message="Un « editor » est celui d'une CPTS.")
    if cpts_id is not None and role not in ("editor", "member"):
        raise Invalid.at("body", "cpts", message="Ce rôle ne va pas avec une CPTS.")


def _unknown_limit(error: IntegrityError) -> Exception:
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", "")
    problems = {
        "person_region_code_fkey": ("region", "Région inconnue."),
        "person_cpts_id_fkey": ("cpts", "CPTS inconnue."),
        "person_email_key": ("email", "Cette adresse a déjà un compte."),
    }
    if constraint not in problems:
        return error
    at, message = problems[constraint]
    return Invalid.at("body", at, message=message)
