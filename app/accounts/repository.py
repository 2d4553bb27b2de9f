"""The SQL of tokens and of the sessions of the pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, and_, delete, func, insert, or_, select, true, update

from app.accounts.models import ApiToken, OidcRequest, PageSession, Person, PersonLink
from app.accounts.rules import Caller
from app.database.sessions import ReadingSession, WritingSession

# How exactly it is told when a session was last seen.
_SEEN_EVERY = timedelta(minutes=5)
_IN_USE = and_(Person.confirmed_at.is_not(None), Person.suspended_at.is_(None))


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who calls, and whose last use is due to be noted: a token's, or a session's."""

    caller: Caller
    due_token: int | None = None
    due_session: int | None = None


def _of_token(token: ApiToken) -> Caller:
    return Caller(
        token_id=token.id,
        role=token.role,  # type: ignore[arg-type]  # a CHECK of the table holds it
        region=token.region_code,
        cpts_id=token.cpts_id,
        label=token.label,
    )


def _of_person(person: Person, session_id: int | None = None) -> Caller:
    return Caller(
        token_id=person.identity_id,
        role=person.role,  # type: ignore[arg-type]  # a CHECK of the table holds it
        region=person.region_code,
        cpts_id=person.cpts_id,
        person_id=person.id,
        person_name=person.name or person.email,
        session_id=session_id,
    )


def _is_in_use(token: type[ApiToken] = ApiToken) -> Any:
    return and_(token.revoked_at.is_(None), token.expires_at > func.now())


def token_of_digest(session: ReadingSession, digest: bytes, day: date) -> Recognised | None:
    """Find who a token belongs to, by its SHA-256 digest; None unless it is in use.

    Parameters: `day`, to which its last use is noted.
    """
    statement = (
        select(ApiToken, Person)
        .outerjoin(Person, Person.id == ApiToken.person_id)
        .where(
            ApiToken.token_hash == digest,
            _is_in_use(),
            or_(ApiToken.kind == "machine", _IN_USE),
        )
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        return None
    token, person = found
    due = token.id if token.last_used_on is None or token.last_used_on < day else None
    caller = _of_token(token) if person is None else _of_person(person)
    return Recognised(caller, due_token=due)


def insert_token(
    session: WritingSession,
    *,
    digest: bytes,
    role: str | None,
    region: str | None,
    cpts_id: int | None,
    label: str,
    lifetime: timedelta,
    person_id: int | None = None,
) -> int:
    """Store a token by its digest and give its number; a person's has no role of its own."""
    statement = insert(ApiToken).values(
        kind="machine" if person_id is None else "person",
        token_hash=digest,
        role=role,
        region_code=region,
        cpts_id=cpts_id,
        person_id=person_id,
        label=label,
        expires_at=func.now() + lifetime,
    )
    return session.execute(statement.returning(ApiToken.id)).scalar_one()


def insert_identity(session: WritingSession) -> int:
    """Make what a person's acts are recorded under, and give its number."""
    return session.execute(
        insert(ApiToken).values(kind="identity").returning(ApiToken.id)
    ).scalar_one()


def revoke(session: WritingSession, token_id: int, *, person_id: int | None = None) -> bool:
    """Withdraw a token for good; False when there is none of this number in use.

    Parameters: `person_id`, whose it must be; anybody's or a machine's when None.
    """
    statement = (
        update(ApiToken)
        .where(
            ApiToken.id == token_id, ApiToken.kind != "identity", ApiToken.revoked_at.is_(None)
        )
        .values(revoked_at=func.now())
        .returning(ApiToken.id)
    )
    if person_id is not None:
        statement = statement.where(ApiToken.person_id == person_id)
    return session.execute(statement).first() is not None


def tokens(session: ReadingSession, *, person_id: int | None = None) -> list[ApiToken]:
    """List all tokens, oldest first; of one person when `person_id` is given."""
    statement = select(ApiToken).where(ApiToken.kind != "identity").order_by(ApiToken.id)
    if person_id is not None:
        statement = statement.where(ApiToken.person_id == person_id)
    return list(session.execute(statement).scalars())


def forget_tokens(session: WritingSession, person_id: int) -> None:
    """Revoke a person's tokens and forget what they were called."""
    session.execute(
        update(ApiToken)
        .where(ApiToken.person_id == person_id)
        .values(revoked_at=func.coalesce(ApiToken.revoked_at, func.now()), label="")
    )


def note_use(session: WritingSession, recognised: Recognised, day: date) -> None:
    """Note the last use of a token to the day, that of a session to some minutes.

    Rows that another worker is noting just now are left to it.
    """
    if recognised.due_token is not None:
        _update_unlocked(session, ApiToken, recognised.due_token, last_used_on=day)
    if recognised.due_session is not None:
        _update_unlocked(session, PageSession, recognised.due_session, last_seen_at=func.now())
    if recognised.caller.person_id is not None:
        _update_unlocked(session, Person, recognised.caller.person_id, last_seen_on=day)


def _update_unlocked(
    session: WritingSession, table: type[Any], number: int, **values: Any
) -> None:
    free = select(table.id).where(table.id == number).with_for_update(skip_locked=True)
    session.execute(
        update(table)
        .where(table.id.in_(free))
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _holders() -> Select[PageSession, ApiToken, Person]:
    return (
        select(PageSession, ApiToken, Person)
        .outerjoin(ApiToken, ApiToken.id == PageSession.api_token_id)
        .outerjoin(Person, Person.id == PageSession.person_id)
        .where(PageSession.expires_at > func.now(), or_(_is_in_use(), _IN_USE))
    )


def session_of_digest(
    session: ReadingSession,
    digest: bytes,
    *,
    idle: timedelta,
    awaiting: bool = False,
) -> Recognised | None:
    """Find who is signed in, by the SHA-256 digest of the cookie's secret.

    Parameters: `idle`, how long a person may not have been seen; `awaiting`, True to find
    those who still owe a second factor, and only those. None when the session is unknown
    or over, its token out of use or its person suspended.
    """
    statement: Select[Any] = (
        _holders()
        .add_columns((PageSession.last_seen_at < func.now() - _SEEN_EVERY).label("is_due"))
        .where(
            PageSession.secret_hash == digest,
            PageSession.awaits_second_factor.is_(awaiting),
            or_(PageSession.person_id.is_(None), PageSession.last_seen_at > func.now() - idle),
        )
    )
    found: Any = session.execute(statement).one_or_none()
    if found is None:
        return None
    page_session, token, person, is_due = found
    due = page_session.id if is_due else None
    caller = _of_token(token) if person is None else _of_person(person, page_session.id)
    return Recognised(caller, due_session=due)


def insert_session(
    session: WritingSession,
    *,
    digest: bytes,
    lifetime: timedelta,
    token_id: int | None = None,
    person_id: int | None = None,
    browser: str = "",
    awaits_second_factor: bool = False,
    oidc_id_token: str | None = None,
) -> None:
    """Store a session by the digest of its secret, and forget those that are over."""
    session.execute(delete(PageSession).where(PageSession.expires_at <= func.now()))
    session.execute(
        insert(PageSession).values(
            secret_hash=digest,
            api_token_id=token_id,
            person_id=person_id,
            expires_at=func.now() + lifetime,
            browser=browser,
            awaits_second_factor=awaits_second_factor,
            oidc_id_token=oidc_id_token,
        )
    )


def forget_what_is_over(session: WritingSession) -> int:
    """Delete sessions, links and sign-ins whose time is over, and tell how many."""
    return sum(
        len(session.execute(delete(table).where(over).returning(key)).all())
        for table, over, key in (
            (PageSession, PageSession.expires_at <= func.now(), PageSession.id),
            (PersonLink, PersonLink.expires_at <= func.now(), PersonLink.purpose),
            (OidcRequest, OidcRequest.expires_at <= func.now(), OidcRequest.expires_at),
        )
    )


def delete_session(session: WritingSession, digest: bytes) -> str | None:
    """End a session; gives the provider's token of its identity, if it has one."""
    return session.execute(
        delete(PageSession)
        .where(PageSession.secret_hash == digest)
        .returning(PageSession.oidc_id_token)
    ).scalar_one_or_none()


def sessions_of(session: ReadingSession, person_id: int) -> Sequence[PageSession]:
    """List a person's sessions that are not over, the last seen first."""
    return (
        session.execute(
            select(PageSession)
            .where(
                PageSession.person_id == person_id,
                PageSession.expires_at > func.now(),
                PageSession.awaits_second_factor.is_(False),
            )
            .order_by(PageSession.last_seen_at.desc(), PageSession.id.desc())
        )
        .scalars()
        .all()
    )


def delete_sessions_of(
    session: WritingSession,
    person_id: int,
    *,
    only: int | None = None,
    but: int | None = None,
) -> int:
    """End sessions of a person and tell how many: `only` one of them, or all `but` one."""
    statement = delete(PageSession).where(
        PageSession.person_id == person_id,
        PageSession.id == only if only is not None else true(),
        PageSession.id != but if but is not None else true(),
    )
    return len(session.execute(statement.returning(PageSession.id)).all())
