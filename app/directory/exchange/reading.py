"""Reading the rows of a table of sheets: which CPTS each means, and what it tells of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from app.cpts.references import repository as references
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.directory.exchange import repository
from app.directory.exchange.repository import KnownCpts, LivingCpts
from app.directory.exchange.rules import (
    ACTION,
    CONTACT,
    FACTS,
    IDENTIFYING,
    Entry,
    Line,
    Outcome,
    Told,
    number_of,
    state_of,
    values_of,
)
from app.directory.sheets.schemas import ActionWrite, ContactWrite, SheetWrite
from app.files.words import words_of
from app.http.problem_answers import invalid_request


def understood(
    session: ReadingSession, entries: Sequence[Entry]
) -> tuple[list[Line], dict[int, Told]]:
    """Tell what rows mean: a line of the report for each thing told, and all of each CPTS."""
    known = KnownCpts(repository.living_cpts(session, today()))
    keys = repository.search_keys(session, (entry.cells.get("cpts", "") for entry in entries))
    themes = {
        words_of(word): each.slug
        for each in references.themes(session)
        for word in (each.slug, each.label)
    }
    lines: list[Line] = []
    told: dict[int, Told] = {}
    for entry in entries:
        meant = _meant(entry, known, keys)
        parts = _parts(entry, themes)
        for kind, values, detail in parts:
            line = Line(
                entry.sheet, entry.row, entry.cells.get("cpts", ""), kind, Outcome.UNCHANGED
            )
            lines.append(line)
            if isinstance(meant, str):
                line.outcome = Outcome.UNKNOWN if "inconnu" in meant else Outcome.AMBIGUOUS
                line.detail = meant
                continue
            line.cpts_id, line.cpts = meant.id, meant.name
            of_cpts = told.setdefault(meant.id, Told())
            of_cpts.lines.append(line)
            if detail:
                line.detail = detail
                line.outcome = Outcome.UNKNOWN if "inconnue" in detail else Outcome.REFUSED
            elif kind == "action":
                of_cpts.actions.append((values, line))
            elif kind == "contact":
                of_cpts.contacts.append((values, line))
            else:
                of_cpts.declared += values.pop("declared", [])
                of_cpts.facts |= values
    return lines, told


def _meant(entry: Entry, known: KnownCpts, keys: Mapping[str, str]) -> LivingCpts | str:
    """Find the CPTS that a row means by all that it says of it, or say why there is none."""
    number, finess, name = (entry.cells.get(str(column), "") for column in IDENTIFYING)
    if not (number or finess or name):
        return "La ligne ne nomme aucune CPTS : elle est inconnue."
    found = known.meant(number, finess, keys[name] if name else "")
    if len(found) == 1:
        return found[0]
    if found:
        return f"{len(found)} CPTS portent ce nom : donnez l'identifiant."
    if sum(map(bool, (number, finess, name))) > 1:
        return "Identifiant, FINESS et nom ne désignent pas une même CPTS."
    return "CPTS inconnue."


def _parts(entry: Entry, themes: Mapping[str, str]) -> list[tuple[str, dict[str, Any], str]]:
    """Give what a row tells: kind, values, and what is wrong with them if anything is."""
    parts: list[tuple[str, dict[str, Any], str]] = []
    action, contact, facts = entry.of(ACTION), entry.of(CONTACT), entry.of(FACTS)
    if action:
        theme = themes.get(words_of(action.get("theme", "")))
        values = {
            "theme": theme or "",
            "state": state_of(action.get("state", "")),
            "year": number_of(action["year"]) if "year" in action else None,
            "text": action.get("text", ""),
            "links": values_of(action.get("links", "")),
        }
        unknown = (
            "" if theme else f"Thématique inconnue : {action.get('theme', 'aucune')[:60]}."
        )
        parts.append(_checked("action", ActionWrite, values, unknown))
    if contact:
        parts.append(_checked("contact", ContactWrite, contact))
    if facts:
        parts.append(_facts(facts, themes))
    return parts


def _facts(
    facts: Mapping[str, str], themes: Mapping[str, str]
) -> tuple[str, dict[str, Any], str]:
    values: dict[str, Any] = {}
    if "presentation" in facts:
        values["presentation"] = facts["presentation"]
    if "members_count" in facts:
        values["members_count"] = number_of(facts["members_count"])
    named = values_of(facts.get("declared_themes", ""))
    unknown = [each for each in named if words_of(each) not in themes]
    whole: dict[str, Any] = {
        "presentation": "",
        "members_count": None,
        "actions": [],
        "contacts": [],
    }
    _, _, detail = _checked("fiche", SheetWrite, whole | values)
    if unknown:
        detail = f"Thématique inconnue : {', '.join(unknown)[:120]}."
    if named and not unknown:
        values["declared"] = [themes[words_of(each)] for each in named]
    return "fiche", values, detail


def _checked(
    kind: str, schema: type[BaseModel], values: Mapping[str, Any], detail: str = ""
) -> tuple[str, dict[str, Any], str]:
    if detail:
        return kind, {}, detail
    try:
        return kind, schema.model_validate(values).model_dump(), ""
    except ValidationError as error:
        problem = invalid_request(RequestValidationError(error.errors()))
        wrong = [
            f"{each['loc'][0]} : {each['message']}" for each in problem.extensions["errors"]
        ]
        return kind, {}, " ".join(wrong)
