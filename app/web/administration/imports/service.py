"""What the pages of an import show and ask."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from app.cpts.importing.column_wordings import Role
from app.cpts.importing.drafts import repository, rules
from app.cpts.importing.drafts.models import ImportDraft
from app.cpts.references import repository as references
from app.database.sessions import ReadingSession, WritingSession
from app.problems import Invalid, NotFound
from app.settings import PROJECT_ROOT

PAGE, MOST_DRAFTS = 100, 50
OUTCOMES: Mapping[str, str] = {
    "loaded": "Entrent",
    "corrected": "Corrigées",
    "ambiguous": "Ambiguës",
    "unknown": "Inconnues",
    "conflict": "En conflit",
    "skipped": "Écartées avec leur CPTS",
    "unclaimed": "Sans CPTS",
}
ROLES: Mapping[Role, str] = {
    Role.NAME: "Nom de la CPTS",
    Role.COMMUNE: "Commune",
    Role.CODE: "Code INSEE",
    Role.POSTCODE: "Code postal",
    Role.IRIS: "Code IRIS",
    Role.QUARTER: "Quartier",
    Role.DEPARTMENT: "Département",
    Role.STAGE: "Stade",
    Role.SINCE: "Date du stade",
    Role.FINESS: "FINESS",
    Role.ACRONYM: "Sigle",
    Role.EMAIL: "Courriel",
    Role.PHONE: "Téléphone",
    Role.WEBSITE: "Site",
    Role.THEMES: "Thématiques",
}
STATES: Mapping[str, str] = {
    "waiting": "en attente",
    "working": "en cours",
    "planned": "plan prêt",
    "refused": "fichier refusé",
    "imported": "importé",
    "undone": "annulé",
}
# What reads polygons must not look elsewhere than in the file that it is given.
_FILE_ONLY = {
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
    "GDAL_DISABLE_READDIR_ON_OPEN": "TRUE",
    "PROJ_NETWORK": "OFF",
}


def start(database_url: str, number: int) -> None:
    """Have a process of its own work on a draft; comes back at once.

    A worker that ends meanwhile leaves it at work: how far it is stands in the draft.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "app.web.administration.imports.working_process", str(number)],
        cwd=PROJECT_ROOT,
        env={**os.environ, **_FILE_ONLY, "DATABASE_URL": database_url},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(target=process.wait, daemon=True).start()


def listed(session: ReadingSession) -> dict[str, Any]:
    """Gather the latest drafts, and what the form of a new one offers."""
    return {
        "drafts": repository.drafts(session, MOST_DRAFTS),
        "states": STATES,
        "sources": repository.sources(session),
        "stages": references.stage_labels(session),
    }


def present(session: ReadingSession, number: int) -> ImportDraft:
    """Give a draft; raises `NotFound`."""
    found = repository.draft(session, number)
    if found is None:
        raise NotFound("Cet import n'existe pas, ou il a été effacé.")
    return found


def shown(
    session: ReadingSession, number: int, *, outcome: str | None, offset: int
) -> dict[str, Any]:
    """Gather a draft: how far it is, or its plan, a page of its rows."""
    draft = present(session, number)
    counts = draft.findings.get("counts", {})
    kept = repository.corrections(session, rules.source_key(draft.source))
    return {
        "draft": draft,
        "states": STATES,
        "outcomes": OUTCOMES,
        "counts": counts,
        "outcome": outcome,
        "offset": offset,
        "page_size": PAGE,
        "rows": repository.rows(session, number, outcome=outcome, limit=PAGE, offset=offset),
        "number_found": counts.get(outcome, 0) if outcome else sum(counts.values()),
        "kept": kept,
        "roles": {role.value: label for role, label in ROLES.items()},
        "stages": references.stage_labels(session),
        "is_silent": repository.is_silent(session, number),
    }


def ask(
    session: WritingSession, number: int, *, allowed: tuple[str, ...], **values: Any
) -> None:
    """Have a draft wait for its job.

    Parameters: `allowed`, the states in which it may be asked; `values`, columns to set.

    Raises:
        NotFound, Invalid: no such draft, or it is in another state.
    """
    draft = repository.locked(session, number)
    if draft is None:
        raise NotFound("Cet import n'existe pas, ou il a été effacé.")
    silent = draft.state == "working" and repository.is_silent(session, number)
    if draft.state not in allowed and not silent:
        raise Invalid.at(
            "path", "number", message=f"Cet import est à l'état « {STATES[draft.state]} »."
        )
    repository.change(session, number, state="waiting", refusal=None, **values)


def correct(
    session: WritingSession,
    number: int,
    position: int,
    *,
    codes: Sequence[str],
    act: str,
    actor: str,
) -> None:
    """Keep what somebody decided of a row, for this file and the next of its source.

    Parameters: `codes` of a commune, or of parts of one that the row means together; `act`,
    `leave` for a row to be left out, `forget` for a decision to be taken back.

    Raises:
        NotFound, Invalid: no such row, no such commune, or the file is imported already.
    """
    draft = repository.locked(session, number)
    row = repository.row(session, number, position)
    if draft is None or row is None:
        raise NotFound("Cette ligne n'existe pas.")
    if draft.state != "planned":
        raise Invalid.at("path", "number", message="Ce plan n'est plus à corriger.")
    source = rules.source_key(draft.source)
    if act == "forget":
        repository.forget_correction(session, source, row.correction_key)
    else:
        for code in codes if act != "leave" else ():
            if not repository.commune_is_known(session, code):
                told = f"Code de commune inconnu : {code[:20]}."
                raise Invalid.at("body", "code", message=told)
        if act != "leave" and not codes:
            raise Invalid.at("body", "code", message="Dites ce que la ligne veut dire.")
        repository.put_correction(
            session,
            source=source,
            key=row.correction_key,
            codes=rules.LEFT_OUT if act == "leave" else codes,
            cpts=row.cpts,
            given=row.given,
            actor=actor,
        )
    repository.change(session, number, findings={**draft.findings, "is_stale": True})
