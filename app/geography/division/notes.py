"""What is told of divisions: how inhabitants are shared out, what came out of what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.database.sessions import ReadingSession

_OF_PARTS = text("""
    SELECT DISTINCT ON (d.city_code, d.population_by, d.population_column)
        d.city_code, t.name AS city, d.divided_on, d.source, d.population_by,
        d.population_column
    FROM division_part p
    JOIN division d ON d.id = p.division_id
    JOIN city t ON t.code = d.city_code
    WHERE p.part_code = ANY (:codes)
    ORDER BY d.city_code, d.population_by, d.population_column, d.id DESC
""").bindparams(bindparam("codes", type_=ARRAY(Text)))


@dataclass(frozen=True, slots=True)
class DivisionNote:
    """By what a city was divided and its inhabitants shared out.

    `population_by` is « column », of the file, or « area ».
    """

    city_code: str
    city: str
    divided_on: date
    source: str
    population_by: str
    population_column: str | None

    @property
    def shared_out(self) -> str:
        """Say how inhabitants were shared out, within a sentence."""
        return (
            "d’après leur surface, faute de mieux"
            if self.population_by == "area"
            else f"d’après la colonne « {self.population_column} » de {self.source}"
        )

    @property
    def sentence(self) -> str:
        """Say where the population of its parts comes from."""
        return (
            f"La population municipale de {self.city} est répartie entre ses quartiers "
            f"{self.shared_out} ; leur somme est celle de la commune."
        )


_MADE = text("""
    SELECT p.unit_code, array_agg(p.part_code ORDER BY p.part_code) AS parts
    FROM division_part p JOIN division d ON d.id = p.division_id
    WHERE d.divided_on > :after AND d.divided_on <= :until
    GROUP BY p.unit_code
""")


def parts_made(session: ReadingSession, after: date, until: date) -> dict[str, list[str]]:
    """Give the parts that came out of each unit, by code, by divisions between two days."""
    rows = session.execute(_MADE, {"after": after, "until": until})
    return {row.unit_code: list(row.parts) for row in rows}


def division_notes(session: ReadingSession, codes: Sequence[str]) -> list[DivisionNote]:
    """Tell by what the cities of these parts were divided; other units have no note."""
    rows = session.execute(_OF_PARTS, {"codes": list(codes)})
    return [DivisionNote(**row) for row in rows.mappings()]
