"""What the pages show of rivals: the parties, their territories, the disputed communes."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.letters.conciliations import repository
from app.letters.reading import service as reading
from app.letters.record.rules import PENDING, Agent
from app.web.letters.conciliations.rules import (
    Party,
    Share,
    claims_of,
    cpts_key,
    letter_key,
    shared_out,
)


def rivalry(
    session: ReadingSession, agent: Agent | None, conciliation: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Gather the parties of an open conciliation as an agent may see them, None without.

    Gives `parties`, `shares`, `owners` (the party that alone asks for a commune), and
    `territories` of the letters.
    """
    if not conciliation["open"] or conciliation.get("cpts") is None:
        return None
    letters = [
        reading.letter_detail(session, agent, each["id"]) for each in conciliation["letters"]
    ]
    asking = [each for each in letters if each["state"] in PENDING]
    dynamics = conciliation["cpts"]
    keys = [(letter_key(each["id"]), each["name"]) for each in asking]
    keys += [(cpts_key(each["id"]), f"{each['name']} (dynamique)") for each in dynamics]
    parties = [Party(key, name, number) for number, (key, name) in enumerate(keys, 1)]
    claims = claims_of(
        repository.disputes(session, today()),
        {each["id"] for each in asking},
        {each["id"] for each in dynamics},
    )
    facts = {
        commune["code"]: commune for each in asking for commune in each["territory"]["communes"]
    }
    order = {party.key: party.number for party in parties}
    return {
        "parties": parties,
        "shares": [
            Share(
                code,
                facts[code]["name"],
                facts[code]["population"],
                tuple(sorted(claims[code], key=order.__getitem__)),
            )
            for code in sorted(claims, key=lambda code: facts[code]["name"])
        ],
        "owners": _owners(asking, claims, order),
        "territories": {
            each["id"]: [commune["code"] for commune in each["territory"]["communes"]]
            for each in asking
        },
    }


def shared_values(
    session: ReadingSession,
    agent: Agent,
    conciliation_id: int,
    chosen: Mapping[str, str],
) -> dict[str, Any]:
    """Give what closes a conciliation by sharing its communes out, as they were chosen.

    Raises:
        NotFound: no such conciliation.
        Invalid: as `shared_out`.
    """
    conciliation = reading.conciliation_detail(session, agent, conciliation_id)
    found = rivalry(session, agent, conciliation)
    if found is None:
        return {"outcome": "", "territories": []}
    return shared_out(found["territories"], found["shares"], chosen)


def _owners(
    asking: Sequence[Mapping[str, Any]],
    claims: Mapping[str, Any],
    order: Mapping[str, int],
) -> dict[str, int]:
    return {
        commune["code"]: order[letter_key(each["id"])]
        for each in asking
        for commune in each["territory"]["communes"]
        if commune["code"] not in claims
    }
