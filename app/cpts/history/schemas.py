"""The history as a client reads it."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class HistoryEntry(BaseModel):
    """One change: when, who, what before and after (only the members that changed)."""

    changed_at: datetime
    action: str
    actor: str
    reason: str | None
    revision: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class History(BaseModel):
    """The changes of a CPTS, oldest first."""

    items: list[HistoryEntry]
    number_matched: int
