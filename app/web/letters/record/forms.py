"""The forms of the agents' pages, read into what the procedure's use cases take."""

from typing import Any

from starlette.datastructures import FormData

from app.web.layout.fields import fields, filled, lines, number, numbers, text, texts


def contact_values(form: FormData) -> dict[str, str]:
    """Read the fields of the lead contact."""
    return filled({name: text(form, f"contact_{name}") for name in ("name", "email", "phone")})


def correction_values(form: FormData) -> dict[str, Any]:
    """Read the form that corrects a letter: what is emptied there is emptied for good.

    Only what the form holds is corrected, and the leading region only when it was changed:
    a region that is named stays, whatever becomes of the territory.
    """
    values: dict[str, Any] = fields(form, "name", "note") | {
        "contact": {
            name: text(form, f"contact_{name}") or None for name in ("name", "email", "phone")
        },
        "documents": lines(text(form, "documents")),
    }
    if text(form, "lead_region") != text(form, "lead_region_shown"):
        values["lead_region"] = text(form, "lead_region") or None
    if "orientations_shown" in form:
        values["orientations"] = texts(form, "orientations")
    if text(form, "effective_on") != text(form, "effective_on_shown"):
        values["effective_on"] = text(form, "effective_on") or None
    return values


def closure_values(form: FormData) -> dict[str, Any]:
    """Read the form that closes a conciliation."""
    retained = number(text(form, "retained_letter"))
    territories = [
        {"letter": number(name.removeprefix("territory_")), "communes": lines(text(form, name))}
        for name in form
        if name.startswith("territory_")
    ]
    outcome = text(form, "outcome")
    values = {
        "outcome": outcome,
        "territories": territories if outcome == "territoire_partage" else [],
        "retained_letter": retained if outcome == "projets_reunis" else None,
        "withdrawn_letters": (
            numbers(" ".join(texts(form, "withdrawn_letters"))) if outcome == "retrait" else []
        ),
        "superseded_cpts": numbers(" ".join(texts(form, "superseded_cpts"))),
        "closed_on": text(form, "closed_on"),
        "note": text(form, "note"),
    }
    return filled(values)
