"""The SQL of sign-ins with a provider that are under way, and of identities."""

from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, insert, select

from app.accounts.models import OidcRequest, Person
from app.database.sessions import ReadingSession, WritingSession


class Begun(NamedTuple):
    """What a sign-in was begun with."""

    nonce: str
    verifier: str
    back: str


def insert_request(
    session: WritingSession, digest: bytes, begun: Begun, lifetime: timedelta
) -> None:
    """Store a sign-in by the digest of its state, and forget those that are over."""
    session.execute(delete(OidcRequest).where(OidcRequest.expires_at <= func.now()))
    session.execute(
        insert(OidcRequest).values(
            state_hash=digest,
            nonce=begun.nonce,
            code_verifier=begun.verifier,
            back=begun.back,
            expires_at=func.now() + lifetime,
        )
    )


def take_request(session: WritingSession, digest: bytes) -> Begun | None:
    """Take a sign-in that is under way, so that no other may."""
    taken = session.execute(
        delete(OidcRequest)
        .where(OidcRequest.state_hash == digest, OidcRequest.expires_at > func.now())
        .returning(OidcRequest.nonce, OidcRequest.code_verifier, OidcRequest.back)
    ).one_or_none()
    return Begun(*taken) if taken else None


def person_of_identity(session: ReadingSession, issuer: str, subject: str) -> Person | None:
    """Find who has an identity."""
    return session.execute(
        select(Person).where(Person.oidc_issuer == issuer, Person.oidc_subject == subject)
    ).scalar_one_or_none()
