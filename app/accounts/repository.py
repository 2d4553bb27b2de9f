"""The SQL of tokens and of the sessions made with them."""

from datetime import timedelta

from sqlalchemy import delete, func, insert, select

from app.accounts.models import ApiToken, PageSession
from app.accounts.rules import Caller
from app.database.sessions import ReadingSession, WritingSession


def caller_of_digest(session: ReadingSession, digest: bytes) -> Caller | None:
    """Find who a token belongs to, by its SHA-256 digest; None when unknown or revoked."""
    token = session.execute(
        select(ApiToken).where(ApiToken.token_hash == digest, ApiToken.revoked_at.is_(None))
    ).scalar_one_or_none()
    return _caller(token)


def _caller(token: ApiToken | None) -> Caller | None:
    if token is None:
        return None
    return Caller(
        token_id=token.id,
        role=token.role,  # type: ignore[arg-type]  # a CHECK of the table holds it
        region=token.region_code,
        cpts_id=token.cpts_id,
        label=token.label,
    )


def insert_token(
    session: WritingSession,
    *,
    digest: bytes,
    role: str,
    region: str | None,
    cpts_id: int | None,
    label: str,
) -> int:
    """Store a token by its digest and give its number."""
    statement = insert(ApiToken).values(
        token_hash=digest, role=role, region_code=region, cpts_id=cpts_id, label=label
    )
    return session.execute(statement.returning(ApiToken.id)).scalar_one()


def revoke(session: WritingSession, token_id: int) -> bool:
    """Withdraw a token for good; False when there is none of this number in use."""
    token = session.get(ApiToken, token_id)
    if token is None or token.revoked_at is not None:
        return False
    token.revoked_at = session.execute(select(func.now())).scalar_one()
    session.flush()
    return True


def tokens(session: ReadingSession) -> list[ApiToken]:
    """List all tokens, oldest first."""
    return list(session.execute(select(ApiToken).order_by(ApiToken.id)).scalars())


def caller_of_session(session: ReadingSession, digest: bytes) -> Caller | None:
    """Find who is signed in, by the SHA-256 digest of the cookie's secret.

    None when the session is unknown or over, or its token revoked.
    """
    statement = (
        select(ApiToken)
        .join(PageSession, PageSession.api_token_id == ApiToken.id)
        .where(
            PageSession.secret_hash == digest,
            PageSession.expires_at > func.now(),
            ApiToken.revoked_at.is_(None),
        )
    )
    return _caller(session.execute(statement).scalar_one_or_none())


def insert_session(
    session: WritingSession, *, digest: bytes, token_id: int, lifetime: timedelta
) -> None:
    """Store a session by the digest of its secret, and forget those that are over."""
    session.execute(delete(PageSession).where(PageSession.expires_at <= func.now()))
    session.execute(
        insert(PageSession).values(
            secret_hash=digest, api_token_id=token_id, expires_at=func.now() + lifetime
        )
    )


def delete_session(session: WritingSession, digest: bytes) -> None:
    """End a session; nothing happens when there is none."""
    session.execute(delete(PageSession).where(PageSession.secret_hash == digest))
