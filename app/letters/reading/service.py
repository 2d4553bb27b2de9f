"""Letters and conciliations as their reader may see them."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from app.cpts.reading.service import check_values
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.http.paging import PageAddress
from app.letters.conciliations.rules import OUTCOME_LABELS
from app.letters.reading import repository
from app.letters.reading.schemas import LetterFilters
from app.letters.record import rules
from app.letters.record.actions import LetterAsRead, actions_of
from app.letters.record.errors import no_such_conciliation, no_such_letter
from app.letters.record.models import LetterEvent
from app.letters.record.rules import KIND_LABELS, STATE_LABELS, Agent, Sight, State

_EVERY = LetterFilters(limit=1)
# What the public never learns of a letter that is not validated, a timeline included.
_PUBLIC_ACTIONS = (
    "deposited",
    "territory",
    "conciliation_opened",
    "conciliation_closed",
    "validated",
    "refused",
    "withdrawn",
)


def letters_page(
    session: ReadingSession,
    agent: Agent | None,
    filters: LetterFilters,
    address: PageAddress | None = None,
) -> dict[str, Any]:
    """Give a page of letters, newest first, each as the agent may see it.

    Parameters: `agent`, None for the public; `address`, where the page is asked for, from
    which its links are made. Raises `Invalid` for regions and departments nobody knows.
    """
    check_values(session, region=filters.regions, department=filters.departments)
    matched, rows = repository.find_letters(
        session,
        filters,
        today(),
        sees_names=rules.sees_names(agent),
        token_id=agent.token_id if agent else None,
    )
    links = address.links(filters, matched, len(rows)) if address else []
    return {
        "items": [_told(row, agent) for row in rows],
        "number_matched": matched,
        "number_returned": len(rows),
        "links": links,
    }


def letter_detail(
    session: ReadingSession, agent: Agent | None, letter_id: int
) -> dict[str, Any]:
    """Give one letter with its timeline and what the agent may do with it.

    Raises:
        NotFound: no such letter.
    """
    _, rows = repository.find_letters(
        session, _EVERY, today(), sees_names=True, token_id=None, letter_id=letter_id
    )
    if not rows:
        raise no_such_letter(letter_id)
    [row] = rows
    sight = _sight(row, agent)
    events = [_event(event, sight) for event in repository.events_of(session, letter_id)]
    return {
        **_told(row, agent),
        "timeline": [event for event in events if event is not None],
        "actions": actions_of(
            agent,
            LetterAsRead(
                row["state"], _region_codes(row), row["lead_region"], row["created_by"]
            ),
        ),
    }


def letter_body(session: ReadingSession, agent: Agent | None, letter_id: int) -> bytes:
    """Give `letter_detail` as the JSON that its ETag is made from; raises `NotFound`."""
    return orjson.dumps(letter_detail(session, agent, letter_id), option=orjson.OPT_UTC_Z)


def conciliations(
    session: ReadingSession,
    agent: Agent | None,
    *,
    is_open: bool | None = None,
    regions: Sequence[str] = (),
    departments: Sequence[str] = (),
) -> dict[str, Any]:
    """List conciliations, newest first, each as the agent may see it.

    Raises:
        Invalid: regions or departments nobody knows.
    """
    check_values(session, region=tuple(regions), department=tuple(departments))
    rows = repository.find_conciliations(
        session, today(), is_open=is_open, regions=regions, departments=departments
    )
    items = [_conciliation(row, agent) for row in rows]
    return {"items": items, "number_matched": len(items)}


def conciliation_detail(
    session: ReadingSession, agent: Agent | None, conciliation_id: int
) -> dict[str, Any]:
    """Give one conciliation.

    Raises:
        NotFound: no such conciliation.
    """
    rows = repository.find_conciliations(session, today(), conciliation_id=conciliation_id)
    if not rows:
        raise no_such_conciliation(conciliation_id)
    return _conciliation(rows[0], agent)


def conciliation_zones(
    session: ReadingSession,
    detail: str,
    *,
    regions: Sequence[str] = (),
    departments: Sequence[str] = (),
) -> bytes:
    """Give the zones of open conciliations as GeoJSON (RFC 7946), without any party.

    Parameters: `detail`, the generalisation, as for CPTS.
    """
    check_values(session, region=tuple(regions), department=tuple(departments))
    rows = repository.find_conciliations(
        session, today(), is_open=True, regions=regions, departments=departments
    )
    geometries = repository.zones(session, [row["id"] for row in rows], detail)
    features = [
        {
            "type": "Feature",
            "id": row["id"],
            "geometry": orjson.Fragment(geometries.get(row["id"]) or "null"),
            "properties": {
                "id": row["id"],
                "opened_on": row["opened_on"],
                "commune_count": len(row["communes"]),
                "communes": row["communes"],
                "population": row["population"],
                "departments": row["departments"],
                "regions": row["regions"],
            },
        }
        for row in rows
    ]
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "numberMatched": len(features),
            "numberReturned": len(features),
            "detail": detail,
            "features": features,
        }
    )


def _sight(row: Mapping[str, Any], agent: Agent | None) -> Sight:
    return rules.sight_of(agent, regions=_region_codes(row), created_by=row["created_by"])


def _region_codes(row: Mapping[str, Any]) -> list[str]:
    return [region["code"] for region in row["regions"]]


def _told(row: Mapping[str, Any], agent: Agent | None) -> dict[str, Any]:
    sight = _sight(row, agent)
    validated = row["state"] == State.VALIDATED
    lead = row["lead_region"]
    told: dict[str, Any] = {
        "id": row["id"],
        "kind": row["kind"],
        "kind_label": KIND_LABELS[row["kind"]],
        "state": row["state"],
        "state_label": STATE_LABELS[row["state"]],
        "name": row["name"] if validated or sight != Sight.PUBLIC else None,
        "deposited_on": row["deposited_on"],
        "effective_on": row["effective_on"],
        "closed_on": row["closed_on"],
        "in_effect_from": row["in_effect_from"],
        "lead_region": next(
            (each for each in row["regions"] if each["code"] == lead),
            {"code": lead, "name": lead},
        ),
        "other_regions": [each for each in row["regions"] if each["code"] != lead],
        "departments": row["departments"],
        "territory": {
            "commune_count": len(row["communes"]),
            "population": row["population"],
            "population_year": row["population_year"],
            "tier": row["tier"],
            "communes": row["communes"],
            "withdrawn": row["withdrawn"],
        },
        "conciliations": row["conciliations"],
    }
    if sight == Sight.PUBLIC and not validated:
        return told
    told |= {
        "orientations": row["orientations"],
        "cpts": row["cpts"],
        "merged_cpts": row["merged_cpts"],
        "resulting_cpts": row["resulting_cpts"],
    }
    if sight == Sight.PUBLIC:
        return told
    positions = {
        authority: _position(position, sight)
        for authority, position in row["positions"].items()
    }
    told |= {
        "decisions": {each.value: positions.get(each) for each in rules.DECIDING},
        "opinion": positions.get(rules.Institution.URPS),
        "updated_at": row["updated_at"],
    }
    if sight == Sight.FULL:
        told |= {
            "documents": row["documents"],
            "attachments": row["attachments"],
            "contact": {
                "name": row["contact_name"],
                "email": row["contact_email"],
                "phone": row["contact_phone"],
            },
        }
    return told


def _position(position: Mapping[str, Any], sight: Sight) -> dict[str, Any]:
    hidden = () if sight == Sight.FULL else ("note", "actor")
    return {key: value for key, value in position.items() if key not in hidden}


def _event(event: LetterEvent, sight: Sight) -> dict[str, Any] | None:
    if sight == Sight.PUBLIC and event.action not in _PUBLIC_ACTIONS:
        return None
    told: dict[str, Any] = {
        "action": event.action,
        "occurred_on": event.occurred_on,
        "state": event.state,
        "state_label": STATE_LABELS[event.state],
    }
    if sight == Sight.PUBLIC:
        return told
    told |= {"recorded_at": event.recorded_at, "details": event.details}
    if sight == Sight.FULL:
        told |= {"actor": event.actor, "note": event.note}
    return told


def _conciliation(row: Mapping[str, Any], agent: Agent | None) -> dict[str, Any]:
    sees_parties = rules.sees_names(agent)
    told: dict[str, Any] = {
        "id": row["id"],
        "open": row["closed_on"] is None,
        "opened_on": row["opened_on"],
        "closed_on": row["closed_on"],
        "outcome": row["outcome"],
        "outcome_label": OUTCOME_LABELS.get(row["outcome"]),
        "joined_into": row["joined_into"],
        "communes": row["communes"],
        "population": row["population"],
        "departments": row["departments"],
        "regions": row["regions"],
        "letters": [
            letter
            for letter in row["letters"]
            if sees_parties or letter["state"] == State.VALIDATED
        ],
    }
    if sees_parties:
        told |= {"cpts": row["cpts"], "note": row["note"], "closed_by": row["closed_by"]}
    return told
