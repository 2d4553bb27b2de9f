"""What the columns of the published files say: plain Python, and nothing is guessed."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.cpts.claims.rules import Period
from app.cpts.writing.rules import StageRecord
from app.failures import Failure
from app.files.sources import Source, unusable
from app.http.texts import mailbox, refusal_of_line, refusal_of_text, web_address

CPTS_HEADER = (
    "id", "name", "acronym", "finess", "stage", "stage_label", "stage_since",
    "stage_recorded_on", "population", "population_year", "population_note", "tier",
    "commune_count", "departments", "regions", "lead_department", "themes", "website", "email",
    "phone", "address", "demonstration", "updated_at", "stages",
)  # fmt: skip
COMPOSITIONS_HEADER = (
    "cpts_id", "cpts_name", "cpts_acronym", "cpts_finess", "stage", "stage_label",
    "commune_code", "commune_name", "department", "region", "population", "population_year",
    "demonstration", "held_from", "held_until", "stages", "city_code",
)  # fmt: skip
# As it was published until communes could be divided.
FORMER_COMPOSITIONS_HEADER = COMPOSITIONS_HEADER[:-1]
# The fields of a file with polygons: the API's GeoJSON has neither `stages` nor `communes`,
# a GeoPackage keeps the id elsewhere.
LAYER_FIELDS = frozenset(CPTS_HEADER) - {"id", "stages"}

LONGEST_NAME = 200
_SEPARATOR = "|"
_STAGE = re.compile(r"([a-z_]+):(\d{4}-\d\d-\d\d)?:(\d{4}-\d\d-\d\d)", re.ASCII)
_COMMUNE = re.compile(
    r"([0-9AB]{5}(?:[0-9]{4}|-[0-9]{2,})?):(\d{4}-\d\d-\d\d)(?::(\d{4}-\d\d-\d\d))?", re.ASCII
)
_FINESS = re.compile(r"[0-9][0-9AB][0-9]{7}", re.ASCII)
_PHONE = re.compile(r"\+?[0-9 .()-]{6,30}", re.ASCII)


class NotAsPublished(ValueError):
    """A value that no published file holds; the message is French."""


@dataclass(frozen=True)
class PublishedCpts:
    """What a file says of one CPTS.

    `columns` are those of the table `cpts` that have a value, the name not among them;
    `stages` those reached, in their order; `commune_count` is that of its territory, None
    when the file does not say; `outline` the WKB (EPSG:4326) of a polygon that its communes
    must agree with; `rows` are its positions among the entries of
    the listing, `remarks` what was not kept, in French.
    """

    name: str
    columns: Mapping[str, str]
    stages: Sequence[StageRecord]
    themes: Sequence[str]
    demonstration: bool
    commune_count: int | None = None
    outline: bytes | None = None
    rows: Sequence[int] = ()
    remarks: Sequence[str] = ()

    def __deepcopy__(self, memo: object) -> "PublishedCpts":
        """Give itself: it never changes."""
        return self


def altered(source: Source, where: str, why: str) -> Failure:
    """Give the failure of a file that is not what its header says (exit status 2)."""
    return unusable(
        f"« {source.name} », {where} : {why}. Le fichier n'est plus tel que le service l'a "
        "publié : téléchargez-le à nouveau."
    )


def published_name(text: str | None) -> str:
    """Check the name of a CPTS; raises `NotAsPublished`."""
    if not text or not text.strip() or len(text) > LONGEST_NAME or refusal_of_text(text):
        raise NotAsPublished(f"nom de CPTS illisible : « {(text or '')[:60]} »")
    return text


def published_day(text: str | None) -> date:
    """Read an ISO date; raises `NotAsPublished`."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        raise NotAsPublished(f"date attendue (AAAA-MM-JJ) : « {(text or '')[:40]} »") from None


def published_truth(value: Any) -> bool:
    """Read `true` or `false`; raises `NotAsPublished`."""
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise NotAsPublished(f"« true » ou « false » attendu : « {str(value)[:40]} »")


def published_number(value: Any) -> int:
    """Read a whole number; raises `NotAsPublished`."""
    if isinstance(value, int) or (isinstance(value, str) and re.fullmatch(r"\d{1,18}", value)):
        return int(value)
    raise NotAsPublished(f"nombre attendu : « {str(value)[:40]} »")


def published_stages(text: str | None) -> list[StageRecord]:
    """Read `slug:date:recorded|…`, no stage from None; raises `NotAsPublished`."""
    found = []
    for part in (text or "").split(_SEPARATOR) if text else ():
        read = _STAGE.fullmatch(part)
        if read is None:
            raise NotAsPublished(f"stade illisible : « {part[:60]} »")
        since = published_day(read[2]) if read[2] else None
        found.append(StageRecord(read[1], since, published_day(read[3])))
    return found


def published_communes(text: str | None) -> list[tuple[str, Period]]:
    """Read `code:from|code:from:until|…`, nothing from None; raises `NotAsPublished`."""
    found = []
    for part in (text or "").split(_SEPARATOR) if text else ():
        read = _COMMUNE.fullmatch(part)
        if read is None:
            raise NotAsPublished(f"commune illisible : « {part[:60]} »")
        found.append((read[1], published_period(read[2], read[3])))
    return found


def published_period(since: str | None, until: str | None) -> Period:
    """Read the days from which, and until which (None for ever), a commune is held."""
    first, last = published_day(since), published_day(until) if until else None
    if last is not None and last <= first:
        raise NotAsPublished(f"fin ({last}) qui ne suit pas le début ({first})")
    return first, last


def published_themes(value: Any) -> list[str]:
    """Read the slugs of themes: `a|b`, or the objects of the API's JSON."""
    if not value:
        return []
    listed = value.split(_SEPARATOR) if isinstance(value, str) else value
    return [each.get("slug", "") if isinstance(each, dict) else str(each) for each in listed]


def published_columns(
    values: Mapping[str, str | None], prefix: str = ""
) -> tuple[dict[str, str], list[str]]:
    """Give the columns of the table `cpts` that have a value, and what was not kept.

    Parameters: `prefix`, of the names of the columns in the file. What could not be entered
    in the registry in any other way does not enter by a file either.
    """
    kept: dict[str, str] = {}
    remarks = []
    for column, is_sound in _SOUND.items():
        value = values.get(f"{prefix}{column}")
        if not value:
            continue
        if is_sound(value):
            kept[column] = value
        else:
            remarks.append(f"{column} non retenu, ce n'en est pas un")
    return kept, remarks


def _holds(check: Callable[[str], object], text: str) -> bool:
    try:
        check(text)
    except ValueError:
        return False
    return True


def _is_line(text: str, most: int) -> bool:
    return len(text) <= most and refusal_of_line(text) is None


_SOUND: Mapping[str, Callable[[str], bool]] = {
    "acronym": lambda text: _is_line(text, 40),
    "finess": lambda text: _FINESS.fullmatch(text) is not None,
    "website": lambda text: len(text) <= 500 and _holds(web_address, text),
    "email": lambda text: len(text) <= 200 and _holds(mailbox, text),
    "phone": lambda text: _PHONE.fullmatch(text) is not None,
    "address": lambda text: _is_line(text, 300),
}
