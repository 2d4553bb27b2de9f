"""Signing in: a first factor that was right begins a session."""

from dataclasses import dataclass

from app.accounts.models import Person
from app.accounts.people import passwords, repository
from app.accounts.people.links import is_in_use
from app.accounts.second_factor.rules import fresh_totp_secret
from app.accounts.service import SECOND_FACTOR_PATIENCE, begin_session, lifetime_of
from app.database.calendar import today
from app.database.sessions import WritingSession
from app.http.texts import refusal_of_line


@dataclass(frozen=True)
class SignIn:
    """A session that begins: its secret, whether a second factor is owed first, the role."""

    secret: str
    awaits_second_factor: bool
    role: str


@dataclass(frozen=True)
class SecondFactorPolicy:
    """Whether administrators must have a second factor."""

    required_of_admin: bool = False

    def asks(self, person: Person) -> bool:
        """Tell whether somebody owes a second factor at each sign-in."""
        must = self.required_of_admin and person.role == "admin"
        return must or person.totp_confirmed_at is not None


def sign_in(
    session: WritingSession,
    email: str,
    password: str,
    *,
    former: str | None,
    browser: str,
    policy: SecondFactorPolicy,
) -> SignIn | None:
    """Begin a session with an address and a password, and end the one before.

    Whether somebody has this address or not, the same is done up to the answer. None when
    the two do not go together, or the person has no access.
    """
    spelled = email.strip().lower()
    is_line = refusal_of_line(spelled) is None
    person = repository.person_by_email(session, spelled) if is_line else None
    usable = person is not None and is_in_use(person)
    stored = person.password_hash if person is not None and usable else None
    if not passwords.matches(stored, password) or person is None or stored is None:
        return None
    if passwords.is_outdated(stored):
        repository.update_person(session, person.id, password_hash=passwords.hashed(password))
    return begin_for(session, person, former=former, browser=browser, policy=policy)


def begin_for(
    session: WritingSession,
    person: Person,
    *,
    former: str | None,
    browser: str,
    policy: SecondFactorPolicy,
    oidc_id_token: str | None = None,
) -> SignIn:
    """Begin the session of somebody whose first factor was right."""
    awaits = policy.asks(person)
    if awaits and person.totp_confirmed_at is None:
        # Whoever must have a second factor sets it up before anything else, with a secret
        # that nobody was shown before.
        repository.update_person(session, person.id, totp_secret=fresh_totp_secret())
    repository.update_person(session, person.id, last_seen_on=today())
    secret = begin_session(
        session,
        person_id=person.id,
        former=former,
        lifetime=SECOND_FACTOR_PATIENCE if awaits else lifetime_of(person.role),
        browser=browser,
        awaits_second_factor=awaits,
        oidc_id_token=oidc_id_token,
    )
    return SignIn(secret, awaits, person.role)
