"""Use cases of what people change of themselves: password, name, address."""

from typing import Any

from sqlalchemy.exc import IntegrityError

from app.accounts import repository as accounts
from app.accounts.mail.repository import enqueue, withdraw_to
from app.accounts.models import Person
from app.accounts.people import passwords, repository
from app.accounts.people.links import USED_LINK, forget_links, person_of_link, use_up
from app.accounts.people.rules import address_spelled, check_password, name_spelled
from app.accounts.rules import Caller
from app.accounts.service import digest_of
from app.database.sessions import ReadingSession, WritingSession
from app.problems import Invalid, NotFound


def ask_for_new_password(session: WritingSession, email: str) -> None:
    """Let a link for a new password leave, if somebody has this address.

    Whether somebody has it is looked up when the message is written, not now.

    Raises:
        Invalid: no address at all.
    """
    enqueue(session, "password", address_spelled(email))


def forgetful(session: ReadingSession, secret: str) -> Person | None:
    """Tell whom a link for a new password is for, None when it may no longer be used."""
    found = repository.link(session, digest_of(secret), "password")
    return repository.person_by_id(session, found.person_id) if found else None


def renew_password(session: WritingSession, secret: str, password: str) -> None:
    """Set a new password by a link; all sessions end and the address is told.

    Whoever recovers an account has it alone: its tokens and its tied identity, which another
    may have made, are gone.

    Raises:
        NotFound: the link was used, or its time is over.
        Invalid: the password.
    """
    person = person_of_link(session, secret, "password")
    check_password(password, known=(person.name, person.email))
    use_up(session, secret, "password")
    _set_password(session, person, password, keep_session=None)
    accounts.forget_tokens(session, person.id)
    repository.update_person(session, person.id, oidc_issuer=None, oidc_subject=None)
    _tell(session, person, "password-renewed")


def change_password(
    session: WritingSession, caller: Caller, *, present: str, password: str
) -> None:
    """Change one's password; one's other sessions end and the address is told.

    Raises:
        Invalid: the present password is another, or the new one.
    """
    person = _own(session, caller)
    _check_present(person, present)
    check_password(password, known=(person.name, person.email))
    _set_password(session, person, password, keep_session=caller.session_id)
    _tell(session, person, "password-changed")


def rename(session: WritingSession, caller: Caller, name: str) -> None:
    """Change one's name; raises `Invalid` as for `accept`."""
    repository.update_person(session, _own(session, caller).id, name=name_spelled(name))


def ask_for_new_address(
    session: WritingSession, caller: Caller, *, present: str, email: str
) -> None:
    """Let a link leave to a new address, which then has to be confirmed there.

    The old address is told. Whether somebody else has the new one is not.

    Raises:
        Invalid: the present password is another, or no address.
    """
    person = _own(session, caller)
    _check_present(person, present)
    spelled = address_spelled(email)
    enqueue(session, "address", spelled, {"person_id": person.id})
    _tell(session, person, "address-asked")


def check_address_link(session: ReadingSession, caller: Caller, secret: str) -> None:
    """Check that a link confirms an address of the person who calls.

    Raises:
        NotFound: the link was used, or its time is over, or it is for another account.
    """
    found = repository.link(session, digest_of(secret), "address")
    if found is None or found.person_id != caller.person_id:
        raise NotFound(USED_LINK)


def confirm_address(session: WritingSession, caller: Caller, secret: str) -> None:
    """Take over the address that a link was sent to; links sent to the old one are void.

    Only the account itself does: whoever gets the mail by mistake gets no account by it.

    Raises:
        NotFound: the link was used, or its time is over, or it is for another account, or
            somebody has the address.
    """
    check_address_link(session, caller, secret)
    person_id, email = repository.use_link(session, digest_of(secret), "address")
    person = repository.locked(session, person_id) if person_id else None
    if person is None or email is None:
        raise NotFound(USED_LINK)
    former = person.email
    try:
        with session.begin_nested():
            repository.update_person(session, person_id, email=email)
    except IntegrityError:
        raise NotFound(USED_LINK) from None
    repository.delete_links(session, person_id)
    withdraw_to(session, former, "password")
    enqueue(session, "address-changed", former, {"person_id": person_id})


def _own(session: WritingSession, caller: Caller) -> Person:
    person = repository.locked(session, caller.person_id) if caller.person_id else None
    if person is None:
        raise NotFound("Ce compte n'existe pas.")
    return person


def _check_present(person: Person, present: str) -> None:
    if not passwords.matches(person.password_hash, present):
        raise Invalid.at("body", "present", message="Ce n'est pas votre mot de passe actuel.")


def _set_password(
    session: WritingSession, person: Person, password: str, *, keep_session: int | None
) -> None:
    values: dict[str, Any] = {"password_hash": passwords.hashed(password)}
    if person.totp_confirmed_at is None:
        # Whoever began it may not be who has the account now.
        values["totp_secret"] = None
    repository.update_person(session, person.id, **values)
    forget_links(session, person.id)
    accounts.delete_sessions_of(session, person.id, but=keep_session)


def _tell(session: WritingSession, person: Person, kind: str) -> None:
    enqueue(session, kind, person.email, {"person_id": person.id})
