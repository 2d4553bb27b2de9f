"""Use cases of the second factor: setting it up, giving it at sign-in, taking it off."""

from datetime import UTC, datetime

from sqlalchemy import func

from app.accounts import repository as accounts
from app.accounts.mail.repository import enqueue
from app.accounts.models import Person
from app.accounts.people import repository as people
from app.accounts.people.signing_in import SecondFactorPolicy
from app.accounts.rules import Caller
from app.accounts.second_factor import repository
from app.accounts.second_factor.rules import (
    fresh_recovery_codes,
    fresh_totp_secret,
    interval_of,
    recovery_code_spelled,
)
from app.accounts.service import begin_session, digest_of, lifetime_of, sign_out
from app.database.calendar import today
from app.database.sessions import WritingSession
from app.problems import Forbidden, Invalid, NotFound

_WRONG_CODE = "Ce code ne convient pas, ou il a déjà servi."


def begin_setup(session: WritingSession, caller: Caller) -> str:
    """Draw the secret that an application is to learn; it counts once a code has shown it.

    Raises:
        NotFound: no person.
        Forbidden: a second factor is there already.
    """
    person = _locked(session, caller)
    if person.totp_confirmed_at is not None:
        raise Forbidden("Un second facteur est déjà en place.")
    # Never one that was shown before, maybe to another.
    secret = fresh_totp_secret()
    people.update_person(session, person.id, totp_secret=secret)
    return secret


def confirm_setup(session: WritingSession, caller: Caller, code: str) -> list[str]:
    """Put the second factor in place by a first code; give the recovery codes, once.

    One's other sessions end, and one's address is told.

    Raises:
        Invalid: a wrong code, or no secret to go with it.
    """
    person = _locked(session, caller)
    if person.totp_secret is None or person.totp_confirmed_at is not None:
        raise _wrong()
    _take_code(session, person, code)
    codes = fresh_recovery_codes()
    repository.replace_codes(
        session, person.id, (digest_of(recovery_code_spelled(each)) for each in codes)
    )
    people.update_person(session, person.id, totp_confirmed_at=func.now())
    accounts.delete_sessions_of(session, person.id, but=caller.session_id)
    enqueue(session, "second-factor-changed", person.email, {"person_id": person.id})
    return codes


def give(
    session: WritingSession, caller: Caller, code: str, *, former: str, browser: str
) -> tuple[str, str, list[str]]:
    """Take the second factor of somebody whose password was right, and begin their session.

    Whoever must have one and has none yet puts it in place by this code.

    Parameters: `former`, the secret of the cookie so far.

    Returns the secret of the new session, the role, and the recovery codes of a second
    factor that was put in place, else none.

    Raises:
        Invalid: a wrong code.
    """
    person = _locked(session, caller)
    codes: list[str] = []
    if person.totp_confirmed_at is None:
        codes = confirm_setup(session, caller, code)
    elif not _use_recovery_code(session, person, code):
        _take_code(session, person, code)
    people.update_person(session, person.id, last_seen_on=today())
    # Whoever came from a provider leaves by it too.
    id_token = sign_out(session, former)
    secret = begin_session(
        session,
        person_id=person.id,
        former=None,
        lifetime=lifetime_of(person.role),
        browser=browser,
        oidc_id_token=id_token,
    )
    return secret, person.role, codes


def remove(
    session: WritingSession, caller: Caller, code: str, policy: SecondFactorPolicy
) -> None:
    """Take one's second factor off, by a code of it.

    Raises:
        Forbidden: one's role must have one.
        Invalid: a wrong code.
    """
    person = _locked(session, caller)
    if policy.required_of_admin and person.role == "admin":
        raise Forbidden("Un administrateur garde ici un second facteur.")
    if person.totp_confirmed_at is None or not _use_recovery_code(session, person, code):
        _take_code(session, person, code)
    _forget(session, person)


def remove_of(session: WritingSession, person_id: int) -> None:
    """Take somebody's second factor off, who has lost it; all their sessions end.

    Raises:
        NotFound: no such person.
    """
    person = people.locked(session, person_id)
    if person is None:
        raise NotFound("Cette personne n'existe pas.")
    _forget(session, person)
    accounts.delete_sessions_of(session, person_id)


def _forget(session: WritingSession, person: Person) -> None:
    people.update_person(
        session, person.id, totp_secret=None, totp_confirmed_at=None, totp_interval=None
    )
    repository.replace_codes(session, person.id, ())
    enqueue(session, "second-factor-changed", person.email, {"person_id": person.id})


def _locked(session: WritingSession, caller: Caller) -> Person:
    person = people.locked(session, caller.person_id) if caller.person_id else None
    if person is None:
        raise NotFound("Ce compte n'existe pas.")
    return person


def _take_code(session: WritingSession, person: Person, code: str) -> None:
    interval = None
    if person.totp_secret is not None:
        interval = interval_of(
            person.totp_secret, code, now=datetime.now(UTC), after=person.totp_interval
        )
    if interval is None:
        raise _wrong()
    people.update_person(session, person.id, totp_interval=interval)


def _use_recovery_code(session: WritingSession, person: Person, code: str) -> bool:
    spelled = recovery_code_spelled(code)
    return bool(spelled) and repository.use_code(session, person.id, digest_of(spelled))


def _wrong() -> Invalid:
    return Invalid.at("body", "code", message=_WRONG_CODE)
