"""What a visitor's search leads to: communes, and CPTS by name."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import orjson

from app.cpts.communes.schemas import CommuneFilters
from app.cpts.communes.service import commune_page
from app.cpts.reading import service as reading
from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import SEARCH
from app.database.sessions import ReadingSession
from app.french import counted
from app.geography.naming import name_key, spelling
from app.geography.repository import department_names
from app.http.paging import NOWHERE
from app.institutions import service as institutions
from app.institutions.repository import Contact
from app.web.territories import repository
from app.web.territories.elsewhere import outside_of_registry

COMMUNES_SHOWN = 30
CPTS_SHOWN = 20
PLACES_SHOWN = 8
SUGGESTED = 6
# Whom to call is said beside the answers as long as they lie in so many departments.
DEPARTMENTS_TOLD = 3
WHAT: Mapping[str, str] = MappingProxyType(
    {
        "city": "Ville",
        "department": "Département",
        "region": "Région",
        "epci": "Intercommunalité",
    }
)
ADDRESSES: Mapping[str, str] = MappingProxyType(
    {
        "city": "/communes/{code}",
        "department": "/departements/{code}",
        "region": "/regions/{code}",
        # Who holds its communes is what the builder shows.
        "epci": "/lettres/verification#communes={communes}",
    }
)


def search(
    session: ReadingSession, q: str, *, communes: int = COMMUNES_SHOWN, cpts: int = CPTS_SHOWN
) -> dict[str, Any]:
    """Find the places and the CPTS that a text leads to, the best first.

    Parameters: `q`, a name of today or of the past, a postal code, an INSEE code, the
    name or acronym of a CPTS, of a department, a region or an EPCI; `communes` and `cpts`,
    how many of each at most. Returns `communes` and `cpts` with the number of each that
    match, and how many communes have the text as a postal code, which come first; `places`,
    cities before departments, regions and EPCI; `outside`, why the registry leaves such a
    territory out, None where it does not.
    """
    names = dict(department_names(session))
    found = commune_page(session, CommuneFilters(q=q, limit=COMMUNES_SHOWN), NOWHERE)
    # Digits are no word of a name that somebody looks for here.
    listed: dict[str, Any] = {"items": [], "number_matched": 0}
    places: list[dict[str, Any]] = []
    former: dict[str, str] = {}
    if not q.replace(" ", "").isdigit():
        listed = orjson.loads(
            reading.cpts_page(session, Filters({SEARCH: q}, limit=cpts), NOWHERE)
        )
        places = _places(session, q)
        codes = [item["code"] for item in found["items"]]
        former = repository.former_names(session, name_key(q), codes)
    cities = tuple(f"{place['name']} " for place in places if place["kind"] == "city")
    ordered = sorted(found["items"], key=lambda item: _position(item, q, cities))[:communes]
    return {
        "places": places,
        "outside": outside_of_registry(q),
        "communes": [
            {
                **item,
                "department_name": names.get(item["department"], ""),
                "found_as": former.get(item["code"]),
            }
            for item in ordered
        ],
        "sharing_postcode": sum(q in item["postcodes"] for item in ordered),
        "communes_matched": found["number_matched"],
        "cpts": listed["items"],
        "cpts_matched": listed["number_matched"],
    }


def _position(
    item: Mapping[str, Any], q: str, cities: tuple[str, ...]
) -> tuple[bool, bool, str]:
    """Say where a commune stands: the units of a city that is meant come in order.

    Few visitors mean the INSEE code that a postal code may happen to be.
    """
    is_of_city = item["kind"] != "commune" and item["name"].startswith(cities)
    return q not in item["postcodes"], not is_of_city, item["code"] if is_of_city else ""


def _places(session: ReadingSession, q: str) -> list[dict[str, Any]]:
    spelled = spelling(q)
    if not spelled:
        return []
    found = repository.places_named(session, spelled, PLACES_SHOWN)
    return [
        {
            "kind": place.kind,
            "code": place.code,
            "name": place.name,
            "what": WHAT[place.kind],
            "communes": len(place.communes),
            "is_named": spelling(place.name) == spelled,
            "address": ADDRESSES[place.kind].format(
                code=place.code, communes=",".join(place.communes)
            ),
        }
        for place in found
    ]


def whom_to_call(
    session: ReadingSession, communes: Sequence[Mapping[str, Any]]
) -> dict[str, list[Contact]]:
    """Tell whom to call where no CPTS covers what was found, by the name of the department.

    Parameters: `communes` as `search` gives them. Nothing when they lie in many departments.
    """
    names = {
        each["department"]: each["department_name"] for each in communes if not each["cpts"]
    }
    if len(names) > DEPARTMENTS_TOLD:
        return {}
    found = institutions.of_departments(session, list(names))
    return {names[code]: contacts for code, contacts in found.items() if contacts}


def only_answer(found: dict[str, Any]) -> str | None:
    """Give the address of the only page that a search leads to, None when there are more."""
    answers = [
        *(place["address"] for place in found["places"]),
        *(f"/communes/{commune['code']}" for commune in found["communes"]),
        *(f"/cpts/{cpts['id']}" for cpts in found["cpts"]),
    ]
    told = found["outside"] or any(commune["found_as"] for commune in found["communes"])
    return answers[0] if len(answers) == 1 and not told else None


def suggestions(session: ReadingSession, q: str) -> bytes:
    """Give the first answers to a text that is being typed, as JSON.

    `items` of `{label, detail, address}`: cities and what bears just this name, communes
    with who covers them, CPTS, then other places.
    """
    found = search(session, q, communes=SUGGESTED, cpts=SUGGESTED // 2)
    first = [place for place in found["places"] if place["is_named"]][: SUGGESTED // 2]
    # Who types Paris means the city; its department says the same once more.
    first = [place for place in first if place["kind"] == "city"] or first
    others = [place for place in found["places"] if place not in first]
    items = [_suggested_place(place) for place in first]
    items += [
        {
            "label": commune["name"],
            "detail": _suggested_detail(commune),
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
    items += [_suggested_place(place) for place in others[: SUGGESTED // 2]]
    return orjson.dumps({"items": items})


def _suggested_place(place: Mapping[str, Any]) -> dict[str, str]:
    detail = place["what"]
    if place["communes"]:
        detail = f"{detail}, {counted(place['communes'], 'commune')}"
    return {"label": place["name"], "detail": detail, "address": place["address"]}


def _suggested_detail(commune: Mapping[str, Any]) -> str:
    parts = [f"{commune['department_name']} ({commune['department']})"]
    if commune["found_as"]:
        parts.insert(0, f"autrefois {commune['found_as']}")
    parts += commune["postcodes"][:1]
    if commune["cpts"]:
        parts.append(commune["cpts"]["name"])
    else:
        parts.append("aucune CPTS" if commune["complete"] else "territoire non renseigné")
    return ", ".join(parts)
