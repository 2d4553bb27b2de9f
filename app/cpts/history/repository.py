"""The SQL of the history: the recorded state of a CPTS, and its changes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger

from app.cpts.models import Cpts, CptsChange, RegistryRevision
from app.database.arrays import among
from app.database.sessions import ReadingSession, WritingSession

# The function stands in the database, which compares the same state at each commit.
_SNAPSHOT = text("SELECT s.id, s.state FROM cpts_state(:ids) s").bindparams(
    bindparam("ids", type_=ARRAY(BigInteger))
)


def snapshot(session: ReadingSession, cpts_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Give the whole recorded state of these CPTS, by id: what the history compares."""
    rows = session.execute(_SNAPSHOT, {"ids": list(cpts_ids)})
    return {row.id: row.state for row in rows}


@dataclass(frozen=True)
class Change:
    """One entry of the history, still to be written."""

    cpts_id: int
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str | None = None

    def only_differences(self) -> "Change":
        """Leave out of `before` and `after` what is the same in both."""
        if self.before is None or self.after is None:
            return self
        changed = [key for key in self.after if self.after[key] != self.before.get(key)]
        return replace(
            self,
            before={key: self.before.get(key) for key in changed},
            after={key: self.after[key] for key in changed},
        )


def record_changes(
    session: WritingSession, changes: Sequence[Change], *, actor: str, token_id: int | None
) -> None:
    """Write entries of the history, all under the present revision."""
    if not changes:
        return
    revision = session.execute(select(RegistryRevision.revision)).scalar_one()
    session.execute(
        insert(CptsChange),
        [
            {
                "cpts_id": change.cpts_id,
                "action": change.action,
                "before": change.before,
                "after": change.after,
                "reason": change.reason,
                "actor": actor,
                "actor_token_id": token_id,
                "revision": revision,
            }
            for change in changes
        ],
    )


def touch_cpts(session: WritingSession, cpts_ids: Collection[int]) -> None:
    """Set the date of change of these CPTS to now."""
    if cpts_ids:
        session.execute(
            update(Cpts)
            .where(among(Cpts.id, cpts_ids))
            .values(updated_at=func.clock_timestamp())
        )


def history(session: ReadingSession, cpts_id: int) -> list[CptsChange]:
    """List the changes of a CPTS, oldest first."""
    statement = select(CptsChange).where(CptsChange.cpts_id == cpts_id).order_by(CptsChange.id)
    return list(session.execute(statement).scalars())
