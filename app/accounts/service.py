"""Making and recognising tokens; signing in to the pages with one."""

import hashlib
import hmac
import secrets
from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from app.accounts import repository
from app.accounts.rules import REGIONAL_ROLES, ROLES, Caller
from app.database.sessions import ReadingSession, WritingSession
from app.failures import Failure

PREFIX = "cpts_"
SESSION_LIFETIME = timedelta(hours=12)


def _digest(token: str) -> bytes:
    # 256 random bits need no slow hash: there is nothing to guess.
    return hashlib.sha256(token.encode()).digest()


def create_token(
    session: WritingSession,
    *,
    role: str,
    region: str | None = None,
    cpts_id: int | None = None,
    label: str = "",
) -> str:
    """Make a token and give it, for the only time.

    Parameters: `role`, one of `ROLES`; `region`, INSEE code, compulsory for `ars` and
    `assurance_maladie`;
    `cpts_id`, the CPTS that an `editor` looks after; `label`, who it is for.

    Raises:
        Failure: unknown role, region or CPTS, or no region for an ARS.
    """
    if role not in ROLES:
        raise Failure(f"Rôle inconnu : {role}. Rôles : {', '.join(ROLES)}.", exit_status=2)
    if role in REGIONAL_ROLES and not region:
        raise Failure(f"Un jeton « {role} » demande une région (--region).", exit_status=2)
    token = PREFIX + secrets.token_urlsafe(32)
    try:
        repository.insert_token(
            session,
            digest=_digest(token),
            role=role,
            region=region,
            cpts_id=cpts_id,
            label=label,
        )
    except IntegrityError as error:
        constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", "")
        if constraint == "api_token_region_code_fkey":
            raise Failure(f"Région inconnue : {region}.", exit_status=2) from error
        if constraint == "api_token_cpts_id_fkey":
            raise Failure(f"CPTS inconnue : {cpts_id}.", exit_status=2) from error
        raise
    return token


def recognise(session: ReadingSession, token: str) -> Caller | None:
    """Tell whom a token belongs to, None when it is unknown or revoked."""
    return repository.caller_of_digest(session, _digest(token))


def sign_in(session: WritingSession, token: str, *, former: str | None = None) -> str | None:
    """Begin a session of the pages with a token, and end the one before.

    Parameters: `former`, the secret of the cookie that the browser had so far.

    Returns the secret for the cookie, which is stored as a digest only; None when the
    token is unknown or revoked.
    """
    caller = recognise(session, token)
    if caller is None:
        return None
    if former:
        sign_out(session, former)
    secret = secrets.token_urlsafe(32)
    repository.insert_session(
        session, digest=_digest(secret), token_id=caller.token_id, lifetime=SESSION_LIFETIME
    )
    return secret


def signed_in(session: ReadingSession, secret: str) -> Caller | None:
    """Tell who is signed in with a cookie's secret, None when nobody is (any longer)."""
    return repository.caller_of_session(session, _digest(secret))


def sign_out(session: WritingSession, secret: str) -> None:
    """End a session of the pages."""
    repository.delete_session(session, _digest(secret))


def form_token(secret: str) -> str:
    """Give what the forms of a session must carry, which other sites cannot know.

    Derived from the secret of the cookie, which it does not reveal.
    """
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def is_form_token(secret: str, given: str) -> bool:
    """Tell whether a form carries the token of its session."""
    return hmac.compare_digest(form_token(secret).encode(), given.encode())
