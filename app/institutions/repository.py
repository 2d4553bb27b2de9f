"""The SQL of contacts of institutions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.database.sessions import ReadingSession, WritingSession
from app.institutions.models import InstitutionContact
from app.institutions.rules import Kind, Place


@dataclass(frozen=True, slots=True)
class Contact:
    """A service of an institution, the place that it is of, and how to reach it."""

    id: int
    place: Place
    institution: Kind
    organisation: str
    service: str
    email: str | None
    phone: str | None
    website: str | None
    updated_at: datetime

    @property
    def version(self) -> str:
        """Tell this state of it from all others, as forms send it."""
        return self.updated_at.isoformat()


_PLACES = text("""
    SELECT 'region' AS level, code, name, code AS region FROM region
    UNION ALL SELECT 'department', code, name, region_code FROM department
    ORDER BY 1 DESC, 2
""")
_CONTACTS = text("""
    SELECT c.id, c.institution, c.organisation, c.service, c.email, c.phone, c.website,
           c.updated_at,
           CASE WHEN d.code IS NULL THEN 'region' ELSE 'department' END AS level,
           coalesce(d.code, r.code) AS code, coalesce(d.name, r.name) AS name,
           coalesce(d.region_code, r.code) AS region
    FROM institution_contact c
    LEFT JOIN region r ON r.code = c.region_code
    LEFT JOIN department d ON d.code = c.department_code
    WHERE (CAST(:id AS bigint) IS NULL OR c.id = :id)
      AND (CAST(:region AS text) IS NULL OR coalesce(d.region_code, r.code) = :region)
      AND (CAST(:departments AS text[]) IS NULL OR d.code = ANY (:departments)
           OR r.code IN (SELECT e.region_code FROM department e
                         WHERE e.code = ANY (:departments)))
    ORDER BY coalesce(d.region_code, r.code), d.code NULLS FIRST,
             array_position(ARRAY['ars', 'assurance_maladie', 'urps', 'other'], c.institution),
             search_key(c.organisation), search_key(c.service), c.id
""").bindparams(bindparam("departments", type_=ARRAY(Text)))


def places(session: ReadingSession) -> list[Place]:
    """List the regions, then the departments, by code."""
    return [Place(**row) for row in session.execute(_PLACES).mappings()]


def contacts(
    session: ReadingSession,
    *,
    number: int | None = None,
    region: str | None = None,
    departments: Collection[str] | None = None,
) -> list[Contact]:
    """List contacts by region, those of the whole region before those of its departments.

    Parameters: `number` of the only one that is asked for; `region`, whose own and whose
    departments' are given; `departments`, whose own and whose regions' are given; each None
    for all.
    """
    asked = {
        "id": number,
        "region": region,
        "departments": None if departments is None else list(departments),
    }
    found = []
    for row in session.execute(_CONTACTS, asked).mappings():
        told: dict[str, Any] = dict(row)
        place = Place(*(told.pop(name) for name in ("level", "code", "name", "region")))
        found.append(Contact(place=place, **told))
    return found


def add(session: WritingSession, place: Place, members: Mapping[str, Any]) -> int:
    """Add a contact to a place, and give its number."""
    return session.execute(
        insert(InstitutionContact)
        .values(**_at(place), **members)
        .returning(InstitutionContact.id)
    ).scalar_one()


def change(
    session: WritingSession, number: int, place: Place, members: Mapping[str, Any]
) -> None:
    """Say anew of a contact all that there is to say."""
    session.execute(
        update(InstitutionContact)
        .where(InstitutionContact.id == number)
        .values(**_at(place), **members, updated_at=func.now())
    )


def remove(session: WritingSession, number: int) -> None:
    """Take a contact out."""
    session.execute(delete(InstitutionContact).where(InstitutionContact.id == number))


def _at(place: Place) -> dict[str, str | None]:
    return {
        "region_code": place.code if place.level == "region" else None,
        "department_code": place.code if place.level == "department" else None,
    }
