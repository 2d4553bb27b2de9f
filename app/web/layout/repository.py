"""What every page asks of the registry: whether it holds fictitious data."""

from sqlalchemy import text

from app.database.sessions import ReadingSession

_DEMONSTRATION = text("SELECT EXISTS (SELECT FROM cpts WHERE demonstration)")


def holds_demonstration(session: ReadingSession) -> bool:
    """Tell whether some CPTS of the registry is demonstration data."""
    return bool(session.execute(_DEMONSTRATION).scalar_one())
