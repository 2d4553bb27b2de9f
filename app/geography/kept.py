"""The reference geography as a question sees it, without asking twice for what stays."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlalchemy import text

from app.database.calendar import today
from app.database.recollection import Recollection
from app.database.sessions import ReadingSession
from app.geography import repository
from app.geography.evidence.departments import Departments
from app.geography.repository import CommuneOnDay, KnownCode, KnownName
from app.geography.units import CommuneRef

Value = TypeVar("Value")

# Rows kept per process, some 500 bytes each: a fourth of the names, codes and communes of the
# country, of which most are never asked for.
KEPT_ROWS = 40_000

_KEPT = Recollection(KEPT_ROWS)

_MARK = text("SELECT m.mark::text FROM reference_mark m")


@dataclass(frozen=True)
class KeptGeography:
    """What a session's snapshot shows of the reference data.

    Parameters: `mark`, of the reference data of that snapshot (`reference_mark`).
    """

    session: ReadingSession
    mark: str

    @classmethod
    def of(cls, session: ReadingSession) -> "KeptGeography":
        """Read the mark of a session's snapshot."""
        return cls(session, session.execute(_MARK).scalar_one())

    def departments(self) -> Departments:
        """Give the departments by everything that they are written as."""
        return self.once(
            "departments", lambda: Departments(repository.departments_with_region(self.session))
        )

    def known_codes(self, codes: Collection[str]) -> dict[str, list[KnownCode]]:
        """As `repository.known_codes`."""
        return _KEPT.values(
            self.mark,
            ("codes", today()),
            codes,
            lambda asked: repository.known_codes(self.session, asked),
        )

    def communes_by_postcode(self, codes: Collection[str]) -> dict[str, list[CommuneRef]]:
        """As `repository.communes_by_postcode`."""
        return _KEPT.values(
            self.mark,
            ("postcodes", today()),
            codes,
            lambda asked: repository.communes_by_postcode(self.session, asked),
        )

    def known_names(self, keys: Collection[str]) -> dict[str, list[KnownName]]:
        """As `repository.known_names`."""
        return _KEPT.values(
            self.mark,
            ("names", today()),
            keys,
            lambda asked: repository.known_names(self.session, asked),
        )

    def communes_by_code(self, codes: Collection[str], day: date) -> dict[str, CommuneOnDay]:
        """As `repository.communes_by_code`."""
        return _KEPT.values(
            self.mark,
            ("communes", day),
            sorted(codes),
            lambda asked: repository.communes_by_code(self.session, asked, day),
        )

    def once(self, kind: object, read: Callable[[], Value]) -> Value:
        """Give something else that depends on the reference data alone, named by `kind`."""
        return _KEPT.value(self.mark, kind, read)
