"""The use cases of the builder's page: data, suggestions, the verdict without script."""

import re
from typing import Any

from app.cpts.references import repository as references
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.french import number
from app.geography.evidence.codes import UNIT_CODE
from app.geography.repository import communes_by_code
from app.geography.resolution import Given
from app.letters.check.repository import land_borders, pending_letters, registry_state
from app.letters.check.schemas import LONGEST_NAME
from app.letters.check.service import Question, check_letter
from app.maps import palette
from app.maps.repository import departments
from app.maps.rules import is_overseas, mainland_of
from app.problems import Invalid
from app.settings import MapSettings
from app.web.letters.builder import repository, rules
from app.web.letters.builder.schemas import NearbyAnswer, NearbyCommune, NearbyQuestion
from app.web.letters.verdicts import VERDICT_WORDS, verdict_words

# Beyond, a form is no list of communes.
MOST_LINES = 5_000
MOST_SUGGESTIONS = 12


def communes_of_department(session: ReadingSession, department: str) -> bytes:
    """Give the communes of a department as GeoJSON; raises `Invalid` for an unknown code."""
    body = repository.communes_of_department(session, department, today())
    if body is None:
        raise Invalid.at("query", "department", message=f"Département inconnu : {department}.")
    return body


def page_settings(session: ReadingSession, maps: MapSettings) -> dict[str, Any]:
    """Give what the program of the page needs: places, stages, tiers, words, base map."""
    extents = departments(session)
    mainland = mainland_of(extents)
    return {
        "departments": [
            {
                "code": extent.code,
                "name": extent.name,
                "bounds": [round(value, 3) for value in extent.bounds],
                "overseas": is_overseas(extent.code),
            }
            for extent in extents
        ],
        "mainland": [round(value, 3) for value in mainland] if mainland else None,
        "stages": [
            {
                "slug": item.slug,
                "label": item.label,
                "colour": palette.stage_colour(item.slug),
                "dashed": item.slug in palette.DASHED_STAGES,
            }
            for item in references.stages(session)
        ],
        "tiers": [
            {
                "tier": item.tier,
                "from": item.population_from,
                "under": item.population_under,
            }
            for item in references.tiers(session, today())
        ],
        "verdicts": {
            verdict.value: {"label": words.label, "tone": words.tone, "text": words.text}
            for verdict, words in VERDICT_WORDS.items()
        },
        "border": palette.BORDER_COLOUR,
        "basemap": {
            "url": maps.basemap_url,
            "attribution": maps.basemap_attribution,
            "maxZoom": maps.basemap_max_zoom,
        },
    }


def nearby(session: ReadingSession, asked: NearbyQuestion) -> NearbyAnswer:
    """Find the uncovered communes next to a territory, or else the nearest ones.

    First by land, ring after ring of neighbours; where land leads to none (an island),
    as the crow flies. Raises `Invalid` for codes that are no communes of today.
    """
    day = today()
    territory = frozenset(asked.communes)
    unknown = territory - communes_by_code(session, territory, day).keys()
    if unknown:
        raise Invalid.at(
            "body", "communes", message=f"Codes inconnus : {', '.join(sorted(unknown)[:20])}."
        )
    ring, found = rules.next_free(
        territory,
        land_borders(session, registry_state(session)),
        lambda codes: repository.taken_communes(session, codes, day, asked.exclude_cpts),
    )
    borders = dict(found[:MOST_SUGGESTIONS])
    distances: dict[str, float] = {}
    if not borders:
        distances = {
            free.code: free.kilometres
            for free in repository.nearest_free(
                session, territory, day, asked.exclude_cpts, MOST_SUGGESTIONS
            )
        }
    codes = [*borders, *distances]
    facts = communes_by_code(session, codes, day)
    pending = {code for _, _, asks in pending_letters(session, codes) for code in asks}
    return NearbyAnswer(
        ring=ring,
        items=[
            NearbyCommune(
                code=code,
                name=facts[code].name,
                department=facts[code].department,
                population=facts[code].population,
                asked=code in pending,
                shared_border_km=round(borders[code] / 1000, 2) if ring == 1 else None,
                distance_km=distances.get(code),
            )
            for code in codes
        ],
    )


def lines_of(pasted: str) -> list[str]:
    """Take a pasted list apart: one commune per line, or several codes on a line.

    Raises `Invalid` when there is nothing, too much, or a line that is no name.
    """
    lines: list[str] = []
    # No database text can hold a null character.
    for line in (line.strip(" \t\r;,") for line in pasted.replace("\0", "").splitlines()):
        words = re.split(r"[\s;,]+", line)
        lines += words if all(UNIT_CODE.fullmatch(word) for word in words) else [line]
    lines = [line for line in lines if line]
    if not lines:
        raise Invalid.at("body", "communes", message="Indiquez au moins une commune.")
    if len(lines) > MOST_LINES:
        raise Invalid.at(
            "body", "communes", message=f"Au plus {MOST_LINES} lignes sont acceptées."
        )
    if any(len(line) > LONGEST_NAME for line in lines):
        raise Invalid.at("body", "communes", message="Une ligne est trop longue.")
    return lines


def answer_form(session: ReadingSession, pasted: str) -> dict[str, Any]:
    """Judge the territory of the plain form and give what its page shows.

    Raises `Invalid` as `lines_of` does.
    """
    check = check_letter(session, Question(given=[Given(line) for line in lines_of(pasted)]))
    margin = check.territory.tier_margin
    missing = margin.to_next if margin else None
    return {
        "check": check,
        "verdict": verdict_words(check),
        "stages": references.stage_labels(session),
        "tier_note": f"{number(missing)} habitants de plus pour la suivante"
        if missing
        else None,
        # The territory as the address of the builder reads it.
        "draft": ",".join(commune.code for commune in check.territory.communes),
        "pasted": pasted,
    }
