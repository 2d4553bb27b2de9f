"""Use cases of identities: beginning, coming back, tying one to an account, untying it."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from app.accounts.mail.repository import enqueue
from app.accounts.models import Person
from app.accounts.people import repository as people
from app.accounts.people.service import accept_with
from app.accounts.people.signing_in import SecondFactorPolicy, SignIn, begin_for
from app.accounts.provider import repository
from app.accounts.provider.asking import Provider
from app.accounts.provider.repository import Begun
from app.accounts.provider.rules import Identity
from app.accounts.rules import Caller
from app.accounts.service import digest_of, fresh_secret
from app.database.sessions import WritingSession
from app.problems import Forbidden, NotFound

PATIENCE = timedelta(minutes=10)


@dataclass(frozen=True)
class Departure:
    """Where to send somebody, and the state that their browser keeps meanwhile."""

    address: str
    state: str
    nonce: str
    verifier: str


def departure_to(provider: Provider, *, callback: str) -> Departure:
    """Prepare a sign-in with the provider, which may have to be asked first.

    Parameters: `callback`, the whole address to come back to. Raises `ProviderUnavailable`.
    """
    state, nonce, verifier = fresh_secret(), fresh_secret(), fresh_secret()
    address = provider.authorization_address(
        state=state, nonce=nonce, verifier=verifier, back=callback
    )
    return Departure(address, state, nonce, verifier)


def depart(session: WritingSession, departure: Departure, *, back: str) -> None:
    """Begin a sign-in with the provider.

    Parameters: `back`, where it leads when it is done.
    """
    begun = Begun(departure.nonce, departure.verifier, back)
    repository.insert_request(session, digest_of(departure.state), begun, PATIENCE)


def sign_in(
    session: WritingSession,
    identity: Identity,
    *,
    former: str | None,
    browser: str,
    policy: SecondFactorPolicy,
) -> SignIn | None:
    """Begin the session of whoever has an identity; None when nobody in use has it."""
    person = repository.person_of_identity(session, identity.issuer, identity.subject)
    if person is None or person.confirmed_at is None or person.suspended_at is not None:
        return None
    return begin_for(
        session,
        person,
        former=former,
        browser=browser,
        policy=policy,
        oidc_id_token=identity.id_token,
    )


def accept(session: WritingSession, secret: str, identity: Identity) -> Person:
    """Accept an invitation with an identity in place of a password.

    Raises:
        NotFound: the link was used, or its time is over.
        Forbidden: somebody else has this identity.
    """
    person = accept_with(session, secret, name=identity.name)
    _tie(session, person, identity)
    return person


def tie(session: WritingSession, caller: Caller, identity: Identity) -> None:
    """Tie an identity to the account of whoever is signed in; their address is told.

    Raises:
        NotFound: no person.
        Forbidden: somebody else has this identity, or the account has one already.
    """
    person = people.locked(session, caller.person_id) if caller.person_id else None
    if person is None:
        raise NotFound("Ce compte n'existe pas.")
    if person.oidc_subject is not None:
        raise Forbidden("Une identité est déjà liée à ce compte : retirez-la d'abord.")
    _tie(session, person, identity)
    enqueue(session, "identity-tied", person.email, {"person_id": person.id})


def untie(session: WritingSession, caller: Caller) -> None:
    """Untie the identity from one's account.

    Raises:
        NotFound: no person.
        Forbidden: without a password nothing would open the account any more.
    """
    person = people.locked(session, caller.person_id) if caller.person_id else None
    if person is None:
        raise NotFound("Ce compte n'existe pas.")
    if person.password_hash is None:
        raise Forbidden("Choisissez d'abord un mot de passe, par « Mot de passe oublié ».")
    people.update_person(session, person.id, oidc_issuer=None, oidc_subject=None)


def _tie(session: WritingSession, person: Person, identity: Identity) -> None:
    try:
        with session.begin_nested():
            people.update_person(
                session,
                person.id,
                oidc_issuer=identity.issuer,
                oidc_subject=identity.subject,
            )
    except IntegrityError:
        raise Forbidden("Cette identité est déjà liée à un autre compte.") from None
