"""What a visitor's search leads to: communes, and CPTS by name."""

from typing import Any

import orjson

from app.cpts.communes.schemas import CommuneFilters
from app.cpts.communes.service import commune_page
from app.cpts.reading import service as reading
from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import SEARCH
from app.database.sessions import ReadingSession
from app.geography.repository import department_names
from app.http.paging import NOWHERE

COMMUNES_SHOWN = 30
CPTS_SHOWN = 20
SUGGESTED = 6


def search(
    session: ReadingSession, q: str, *, communes: int = COMMUNES_SHOWN, cpts: int = CPTS_SHOWN
) -> dict[str, Any]:
    """Find the communes and the CPTS that a text leads to, the best first.

    Parameters: `q`, a name of today or of the past, a postal code, an INSEE code, the
    name or acronym of a CPTS; `communes` and `cpts`, how many of each at most. Returns
    `communes` and `cpts` with the number of each that match, and how many communes have
    the text as a postal code, which come first.
    """
    names = dict(department_names(session))
    found = commune_page(session, CommuneFilters(q=q, limit=communes), NOWHERE)
    # Digits are no word of a name that somebody looks for here.
    listed: dict[str, Any] = {"items": [], "number_matched": 0}
    if not q.replace(" ", "").isdigit():
        listed = orjson.loads(
            reading.cpts_page(session, Filters({SEARCH: q}, limit=cpts), NOWHERE)
        )
    # Few visitors mean the INSEE code that a postal code may happen to be.
    ordered = sorted(found["items"], key=lambda item: q not in item["postcodes"])
    return {
        "communes": [
            {**item, "department_name": names.get(item["department"], "")} for item in ordered
        ],
        "sharing_postcode": sum(q in item["postcodes"] for item in ordered),
        "communes_matched": found["number_matched"],
        "cpts": listed["items"],
        "cpts_matched": listed["number_matched"],
    }


def only_answer(found: dict[str, Any]) -> str | None:
    """Give the address of the only page that a search leads to, None when there are more."""
    if found["communes_matched"] == 1 and not found["cpts_matched"]:
        return f"/communes/{found['communes'][0]['code']}"
    if found["cpts_matched"] == 1 and not found["communes_matched"]:
        return f"/cpts/{found['cpts'][0]['id']}"
    return None


def suggestions(session: ReadingSession, q: str) -> bytes:
    """Give the first answers to a text that is being typed, as JSON.

    `items` of `{label, detail, address}`: communes before CPTS.
    """
    found = search(session, q, communes=SUGGESTED, cpts=SUGGESTED // 2)
    items = [
        {
            "label": commune["name"],
            "detail": f"{commune['department_name']} ({commune['department']})"
            + (f", {commune['postcodes'][0]}" if commune["postcodes"] else ""),
            "address": f"/communes/{commune['code']}",
        }
        for commune in found["communes"]
    ]
    items += [
        {
            "label": cpts["name"],
            "detail": cpts["stage_label"] or "CPTS",
            "address": f"/cpts/{cpts['id']}",
        }
        for cpts in found["cpts"]
    ]
    return orjson.dumps({"items": items})
