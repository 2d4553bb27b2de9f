"""Which CPTS are like one, and why."""

from typing import Any

from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.directory.comparable import repository
from app.directory.comparable.rules import likeness
from app.directory.contacts.service import Showing
from app.directory.search.rules import Hit
from app.directory.search.service import described
from app.http.keeping import moment_of
from app.problems import NotFound

MOST = 20


def similar(
    session: ReadingSession, cpts_id: int, shown: Showing | None = None, most: int = MOST
) -> dict[str, Any]:
    """Give the CPTS that are most alike one, with the reasons.

    Raises:
        NotFound: there is no such CPTS today.
    """
    known = repository.profiles(session, cpts_id, today())
    if cpts_id not in known:
        raise NotFound("Cette CPTS n'existe pas.")
    own, _ = known.pop(cpts_id)
    compared = {each: likeness(own, other, km) for each, (other, km) in known.items()}
    best = sorted(compared, key=lambda each: (-compared[each].score, known[each][0].name, each))
    hits = [Hit(each, known[each][1]) for each in best[:most]]
    items = described(session, hits, moment_of(session, today()), members=True, shown=shown)
    for item in items:
        item["reasons"] = compared[item["id"]].reasons
    return {"items": items, "number_matched": len(items)}
