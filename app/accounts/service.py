"""Making and recognising tokens; sessions of the pages."""

import hashlib
import hmac
import secrets
from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from app.accounts import repository
from app.accounts.repository import Recognised
from app.accounts.rules import REGIONAL_ROLES, ROLES, Caller
from app.database.calendar import today
from app.database.sessions import ReadingSession, WritingSession
from app.failures import Failure

PREFIX = "cpts_"
TOKEN_LIFETIME = timedelta(days=365)
# Of a session begun with a token, and of an administrator's.
SESSION_LIFETIME = timedelta(hours=12)
PERSON_SESSION_LIFETIME = timedelta(days=14)
PERSON_SESSION_IDLE = timedelta(days=3)
SECOND_FACTOR_PATIENCE = timedelta(minutes=10)


def digest_of(secret: str) -> bytes:
    """Give the SHA-256 digest under which a secret of 256 random bits is stored."""
    # There is nothing to guess, and so no need of a slow hash.
    return hashlib.sha256(secret.encode()).digest()


def fresh_secret() -> str:
    """Draw a secret of 256 bits for a cookie or a link."""
    return secrets.token_urlsafe(32)


def create_token(
    session: WritingSession,
    *,
    role: str,
    region: str | None = None,
    cpts_id: int | None = None,
    label: str = "",
    lifetime: timedelta = TOKEN_LIFETIME,
) -> str:
    """Make a machine's token and give it, for the only time.

    Parameters: `role`, one of `ROLES`; `region`, INSEE code, compulsory for the regional
    roles; `cpts_id`, the CPTS that an `editor` looks after; `label`, what it is for;
    `lifetime`, after which it opens nothing any more.

    Raises:
        Failure: unknown role, region or CPTS, or no region for a regional role.
    """
    if role not in ROLES:
        raise Failure(f"Rôle inconnu : {role}. Rôles : {', '.join(ROLES)}.", exit_status=2)
    if role in REGIONAL_ROLES and not region:
        raise Failure(f"Un jeton « {role} » demande une région (--region).", exit_status=2)
    token = PREFIX + fresh_secret()
    try:
        repository.insert_token(
            session,
            digest=digest_of(token),
            role=role,
            region=region,
            cpts_id=cpts_id,
            label=label,
            lifetime=lifetime,
        )
    except IntegrityError as error:
        constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", "")
        if constraint == "api_token_region_code_fkey":
            raise Failure(f"Région inconnue : {region}.", exit_status=2) from error
        if constraint == "api_token_cpts_id_fkey":
            raise Failure(f"CPTS inconnue : {cpts_id}.", exit_status=2) from error
        raise
    return token


def create_own_token(
    session: WritingSession, person_id: int, *, label: str, lifetime: timedelta
) -> str:
    """Make a token that has a person's rights, as they are and as they become; give it once."""
    token = PREFIX + fresh_secret()
    repository.insert_token(
        session,
        digest=digest_of(token),
        role=None,
        region=None,
        cpts_id=None,
        label=label,
        lifetime=min(lifetime, TOKEN_LIFETIME),
        person_id=person_id,
    )
    return token


def recognise(session: ReadingSession, token: str) -> Caller | None:
    """Tell whom a token belongs to, None when it is unknown, revoked or too old."""
    found = recognition(session, token)
    return found.caller if found else None


def recognition(session: ReadingSession, token: str) -> Recognised | None:
    """As `recognise`, with what is to be noted of its use (`repository.note_use`)."""
    return repository.token_of_digest(session, digest_of(token), today())


def sign_in(
    session: WritingSession, token: str, *, former: str | None = None, browser: str = ""
) -> str | None:
    """Begin a session of the pages with a token, and end the one before.

    Parameters: `former`, the secret of the cookie that the browser had so far.

    Returns the secret for the cookie, which is stored as a digest only; None when the
    token is unknown or revoked.
    """
    caller = recognise(session, token)
    if caller is None:
        return None
    if caller.person_id is not None:
        # A person signs in as one: a token is for programs.
        return None
    return begin_session(
        session,
        token_id=caller.token_id,
        former=former,
        lifetime=SESSION_LIFETIME,
        browser=browser,
    )


def begin_session(
    session: WritingSession,
    *,
    former: str | None,
    lifetime: timedelta,
    token_id: int | None = None,
    person_id: int | None = None,
    browser: str = "",
    awaits_second_factor: bool = False,
    oidc_id_token: str | None = None,
) -> str:
    """Begin a session of a token or a person, end the one before, give the new secret."""
    if former:
        sign_out(session, former)
    secret = fresh_secret()
    repository.insert_session(
        session,
        digest=digest_of(secret),
        token_id=token_id,
        person_id=person_id,
        lifetime=lifetime,
        browser=browser,
        awaits_second_factor=awaits_second_factor,
        oidc_id_token=oidc_id_token,
    )
    return secret


def lifetime_of(role: str) -> timedelta:
    """Tell how long a person of a role stays signed in at most."""
    return SESSION_LIFETIME if role == "admin" else PERSON_SESSION_LIFETIME


def signed_in(session: ReadingSession, secret: str) -> Caller | None:
    """Tell who is signed in with a cookie's secret, None when nobody is (any longer)."""
    found = presence(session, secret)
    return found.caller if found else None


def presence(
    session: ReadingSession, secret: str, *, awaiting: bool = False
) -> Recognised | None:
    """As `signed_in`, with what is to be noted of it.

    Parameters: `awaiting`, True for somebody who still owes the second factor.
    """
    return repository.session_of_digest(
        session, digest_of(secret), idle=PERSON_SESSION_IDLE, awaiting=awaiting
    )


def sign_out(session: WritingSession, secret: str) -> str | None:
    """End a session; gives the provider's token of its identity, if it has one."""
    return repository.delete_session(session, digest_of(secret))


def form_token(secret: str) -> str:
    """Give what the forms of a session must carry, which other sites cannot know.

    Derived from the secret of a cookie, which it does not reveal.
    """
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def is_form_token(secret: str, given: str) -> bool:
    """Tell whether a form carries the token of its session."""
    return hmac.compare_digest(form_token(secret).encode(), given.encode())
