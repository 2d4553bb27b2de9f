"""The SQL of acts."""

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from sqlalchemy import insert

from app.acts.models import AdministrativeAct
from app.database.sessions import WritingSession


class Signatory(Protocol):
    """In whose name an act is recorded."""

    @property
    def token_id(self) -> int | None: ...
    @property
    def name(self) -> str: ...


def record_act(
    session: WritingSession,
    kind: str,
    signatory: Signatory,
    *,
    subject: str = "",
    regions: Collection[str] = (),
    details: Mapping[str, Any] | None = None,
) -> None:
    """Record an act.

    Parameters: `kind`, a slug that the journal knows how to word; `subject`, what it was
    done to, by code or number; `regions`, codes of those that it concerns; `details`, such
    as before and after, free of names of persons.
    """
    session.execute(
        insert(AdministrativeAct).values(
            kind=kind,
            subject=subject,
            regions=sorted(set(regions)),
            actor=signatory.name,
            actor_token_id=signatory.token_id,
            details=dict(details or {}),
        )
    )
