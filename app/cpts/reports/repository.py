"""The SQL of the reports of errors."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, text, update

from app.cpts.models import Cpts, ErrorReport
from app.database.sessions import ReadingSession, WritingSession
from app.geography.models import Commune


@dataclass(frozen=True, slots=True)
class Report:
    """A report as administrators read it; `about` names the CPTS or commune."""

    id: int
    reported_at: datetime
    about: str
    message: str
    reply_to: str | None
    handled_at: datetime | None
    outcome: str | None


_FORM_KEY = text("""
    SELECT (SELECT system_identifier FROM pg_control_system())
        || ' ' || pg_postmaster_start_time() || ' '
        || (SELECT oid FROM pg_database WHERE datname = current_database())
""")


def server_identity(session: ReadingSession) -> str:
    """Give what all workers know of the database server and visitors do not.

    It changes when the server restarts.
    """
    return str(session.execute(_FORM_KEY).scalar_one())


def insert_report(
    session: WritingSession,
    *,
    cpts_id: int | None,
    commune_code: str | None,
    message: str,
    reply_to: str | None,
) -> int:
    """Store a report and give its number."""
    statement = insert(ErrorReport).values(
        cpts_id=cpts_id, commune_code=commune_code, message=message, reply_to=reply_to
    )
    return session.execute(statement.returning(ErrorReport.id)).scalar_one()


def waiting_reports(session: ReadingSession) -> int:
    """Count the reports that nobody has closed."""
    statement = select(func.count()).where(ErrorReport.handled_at.is_(None))
    return session.execute(statement).scalar_one()


def reports(session: ReadingSession, *, closed: bool = False) -> list[Report]:
    """List the reports that wait, oldest first; with `closed`, the closed ones too."""
    statement = (
        select(ErrorReport, Cpts.name, Commune.name)
        .outerjoin(Cpts, Cpts.id == ErrorReport.cpts_id)
        .outerjoin(Commune, Commune.code == ErrorReport.commune_code)
        .order_by(ErrorReport.id)
    )
    if not closed:
        statement = statement.where(ErrorReport.handled_at.is_(None))
    return [
        Report(
            id=report.id,
            reported_at=report.reported_at,
            about=_about(report, cpts_name, commune_name),
            message=report.message,
            reply_to=report.reply_to,
            handled_at=report.handled_at,
            outcome=report.outcome,
        )
        for report, cpts_name, commune_name in session.execute(statement)
    ]


def _about(report: ErrorReport, cpts_name: str | None, commune_name: str | None) -> str:
    if report.cpts_id is not None:
        return f"CPTS {report.cpts_id} {cpts_name}"
    if report.commune_code is not None:
        return f"commune {report.commune_code} {commune_name}"
    return "le site"


def waiting_report(session: WritingSession, number: int) -> ErrorReport | None:
    """Give a report that nobody has closed, for whoever closes it now."""
    report = session.get(ErrorReport, number, with_for_update=True)
    return report if report is not None and report.handled_at is None else None


_REGIONS = text("""
    SELECT DISTINCT r FROM cpts_territory t CROSS JOIN LATERAL unnest(t.regions) r
    WHERE t.cpts_id = :cpts_id
    UNION SELECT m.region_code FROM commune m WHERE m.code = :commune
""")


def regions_of_report(session: ReadingSession, report: ErrorReport) -> list[str]:
    """List the regions that a report is about; none for the site as a whole."""
    asked = {"cpts_id": report.cpts_id, "commune": report.commune_code}
    return sorted(session.execute(_REGIONS, asked).scalars())


def close_report(
    session: WritingSession, number: int, outcome: str | None, *, by: int | None = None
) -> bool:
    """Close a report and forget who wanted an answer; False when none of it waits.

    Parameters: `by`, the number that whoever closes it is recorded under.
    """
    closed = session.execute(
        update(ErrorReport)
        .where(ErrorReport.id == number, ErrorReport.handled_at.is_(None))
        .values(handled_at=func.now(), handled_by=by, outcome=outcome, reply_to=None)
        .returning(ErrorReport.id)
    ).first()
    return closed is not None
