"""The SQL of an undo."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import func, select, text

from app.cpts.models import Cpts, CptsChange
from app.cpts.reversal.rules import Entry, Holding
from app.database.sessions import ReadingSession, WritingSession
from app.geography.models import Commune


def made_together(session: ReadingSession, change_id: int) -> list[Entry]:
    """Give a change and all that were made with it, in their order; none for no such change."""
    revision = select(CptsChange.revision).where(CptsChange.id == change_id).scalar_subquery()
    rows = session.execute(
        select(CptsChange, Cpts.name)
        .join(Cpts, Cpts.id == CptsChange.cpts_id)
        .where(CptsChange.revision == revision)
        .order_by(CptsChange.id)
    )
    return [
        Entry(
            change.id,
            change.cpts_id,
            name,
            change.action,
            change.changed_at,
            change.before,
            change.after or {},
        )
        for change, name in rows
    ]


def first_of(session: ReadingSession, revision: int) -> int | None:
    """Give the number of the first change that was recorded under a revision."""
    return session.execute(
        select(func.min(CptsChange.id)).where(CptsChange.revision == revision)
    ).scalar_one()


def last_changes(
    session: ReadingSession, cpts_ids: Collection[int], after: int
) -> dict[int, datetime]:
    """Tell when each of these CPTS last changed after a change, those that did."""
    rows = session.execute(
        select(CptsChange.cpts_id, func.max(CptsChange.changed_at))
        .where(CptsChange.cpts_id.in_(cpts_ids), CptsChange.id > after)
        .group_by(CptsChange.cpts_id)
    )
    return {row.cpts_id: row[1] for row in rows}


_FIRST_TOLD = text("""
    SELECT s.slug, min((c.changed_at AT TIME ZONE 'Europe/Paris')::date) AS day
    FROM cpts_change c CROSS JOIN LATERAL jsonb_object_keys(c.after -> 'stages') AS s (slug)
    WHERE c.cpts_id = :cpts_id GROUP BY s.slug
""")


def first_told(session: ReadingSession, cpts_id: int) -> dict[str, date]:
    """Give the day on which the history of a CPTS first tells of each stage."""
    return {row.slug: row.day for row in session.execute(_FIRST_TOLD, {"cpts_id": cpts_id})}


def missing_communes(session: ReadingSession, codes: Collection[str]) -> list[str]:
    """List the codes that are no commune of today."""
    known = set(session.execute(select(Commune.code).where(Commune.code.in_(codes))).scalars())
    return sorted(set(codes) - known)


_WANTED = """
    unnest(CAST(:cpts AS bigint[]), CAST(:communes AS text[]), CAST(:days AS date[]),
           CAST(:untils AS date[])) AS w (cpts_id, commune_code, day, until)
"""
_DROP = text(f"""
    DELETE FROM claim c USING {_WANTED}
    WHERE c.cpts_id = w.cpts_id AND c.commune_code = w.commune_code
      AND c.held = daterange(w.day, w.until)
""")  # noqa: S608 (a constant of this module)
_HOLD = text(f"""
    INSERT INTO claim (cpts_id, commune_code, held)
    SELECT w.cpts_id, w.commune_code, daterange(w.day, w.until) FROM {_WANTED}
""")  # noqa: S608


def _columns(holdings: Mapping[int, Iterable[Holding]]) -> dict[str, list[object]]:
    rows = [(cpts, *each) for cpts, own in holdings.items() for each in sorted(own, key=str)]
    return {
        "cpts": [row[0] for row in rows],
        "communes": [row[1] for row in rows],
        "days": [row[2] for row in rows],
        "untils": [row[3] for row in rows],
    }


def drop_claims(session: WritingSession, holdings: Mapping[int, Collection[Holding]]) -> None:
    """Delete exactly these claims, by CPTS."""
    if any(holdings.values()):
        session.execute(_DROP, _columns(holdings))


def hold_claims(session: WritingSession, holdings: Mapping[int, Collection[Holding]]) -> None:
    """Make exactly these claims, by CPTS; no other may stand in their way."""
    if any(holdings.values()):
        session.execute(_HOLD, _columns(holdings))
