"""Whom to ask to start a CPTS, by region: a text that whoever runs the service may change."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.failures import Failure
from app.web.layout.links import safe_website

_OWN_FILE = Path(__file__).parent / "contacts.toml"


@dataclass(frozen=True, slots=True)
class Contact:
    """A text for people, and where they find more."""

    text: str
    link: str | None = None
    label: str | None = None


@lru_cache(maxsize=4)
def read_contacts(path: Path | None) -> dict[str, Contact]:
    """Read the texts by code of the region; `default` is for those without one.

    Parameters: `path` of a TOML file with `[default]` and `[regions.CODE]`, each with
    `text` and, if wanted, `link` (http or https) and `label`; the service's own when None.
    Raises `Failure` when it is unreadable or of another form.
    """
    path = path or _OWN_FILE
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Failure(f"Contacts des régions ({path}) illisibles : {error}") from error
    regions = content.get("regions", {})
    if not isinstance(regions, dict) or "default" not in content:
        raise Failure(f"Contacts des régions ({path}) : [default] et [regions.CODE] attendus.")
    return {
        name: _contact(path, name, entry)
        for name, entry in [("default", content["default"]), *regions.items()]
    }


def _contact(path: Path, name: str, entry: Any) -> Contact:
    known = isinstance(entry, dict) and set(entry) <= {"text", "link", "label"}
    if not known or not all(isinstance(value, str) for value in entry.values()):
        raise Failure(f"Contacts des régions ({path}), {name} : text, link et label attendus.")
    if not entry.get("text", "").strip():
        raise Failure(f"Contacts des régions ({path}), {name} : le texte manque.")
    if "link" in entry and safe_website(entry["link"]) is None:
        raise Failure(f"Contacts des régions ({path}), {name} : lien http(s) attendu.")
    return Contact(**entry)


def contact_of(contacts: dict[str, Contact], region: str) -> Contact:
    """Give the text of a region."""
    return contacts.get(region, contacts["default"])
