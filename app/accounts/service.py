"""Making, recognising and withdrawing tokens."""

import hashlib
import secrets

from sqlalchemy.exc import IntegrityError

from app.accounts import repository
from app.accounts.rules import REGIONAL_ROLES, ROLES, Caller
from app.database.sessions import ReadingSession, WritingSession
from app.failures import Failure

PREFIX = "cpts_"


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
