"""What the information pages and the lists for robots hold."""

from typing import Any

import orjson

from app.cpts.reading.service import reference_list
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.web.information import rules
from app.web.information.rules import Entry
from app.web.opendata import repository

PAGES = (
    "/",
    "/regions",
    "/statistiques",
    "/donnees",
    "/integrer",
    "/aide",
    "/lettres",
    "/mentions-legales",
    "/donnees-personnelles",
    "/accessibilite",
)


def help_values(session: ReadingSession) -> dict[str, Any]:
    """Give the definitions that the help shows: stages, tiers and missions of the day."""
    tiers = _items(session, "tiers", day=today())
    themes = _items(session, "themes")
    missions: dict[str, dict[str, Any]] = {}
    for theme in themes:
        mission = missions.setdefault(
            theme["mission"],
            {
                "label": theme["mission_label"],
                "optional": theme["mission_optional"],
                "themes": [],
            },
        )
        mission["themes"].append(theme["label"])
    return {
        "stages": _items(session, "stages"),
        "tiers": [{**tier, "range": rules.tier_range(tier)} for tier in tiers],
        "missions": list(missions.values()),
    }


def sitemap_index(session: ReadingSession, base: str) -> bytes:
    """Give the index of all sitemaps; `base`, the outside address."""
    cpts, communes = repository.counts(session)
    paths = ["/sitemaps/pages.xml"]
    for name, count in (("cpts", cpts), ("communes", communes)):
        paths += [f"/sitemaps/{name}-{i}.xml" for i in range(1, rules.parts_of(count) + 1)]
    return rules.sitemap_index(base, paths)


def sitemap_of_pages(session: ReadingSession, base: str) -> bytes:
    """Give the sitemap of the pages that are neither of a CPTS nor of a commune."""
    regions = [f"/regions/{item['code']}" for item in _items(session, "regions")]
    departments = [
        f"/departements/{item['code']}" for item in _items(session, "departments", regions=None)
    ]
    return rules.sitemap(base, [(path, None) for path in (*PAGES, *regions, *departments)])


def sitemap_part(session: ReadingSession, base: str, name: str, position: int) -> bytes | None:
    """Give a sitemap of `cpts` or `communes`, None where there is none.

    Parameters: `position`, from 1.
    """
    entries: list[Entry]
    if name == "cpts":
        entries = [
            (f"/cpts/{cpts_id}", changed) for cpts_id, changed in repository.sheets(session)
        ]
    else:
        entries = [(f"/communes/{code}", None) for code in repository.commune_codes(session)]
    found = rules.part(entries, position)
    return rules.sitemap(base, found) if found else None


def _items(session: ReadingSession, name: str, **parameters: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = orjson.loads(reference_list(session, name, **parameters))[
        "items"
    ]
    return items
