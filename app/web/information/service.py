"""What the information pages and the lists for robots hold."""

from typing import Any

from app.cpts.references import repository as references
from app.cpts.references.rules import tier_range
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.web.information import rules
from app.web.information.rules import Entry
from app.web.opendata import repository

PAGES = (
    "/",
    "/regions",
    "/annuaire",
    "/statistiques",
    "/bilan",
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
    missions: dict[str, dict[str, Any]] = {}
    for theme in references.themes(session):
        mission = missions.setdefault(
            theme.mission,
            {"label": theme.mission_label, "optional": theme.mission_optional, "themes": []},
        )
        mission["themes"].append(theme.label)
    return {
        "stages": references.stages(session),
        "tiers": [
            {
                "tier": tier.tier,
                "range": tier_range(tier.population_from, tier.population_under),
            }
            for tier in references.tiers(session, today())
        ],
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
    regions = [f"/regions/{item.code}" for item in references.regions(session)]
    departments = [
        f"/departements/{item.code}" for item in references.departments(session, today())
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
