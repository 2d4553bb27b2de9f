"""The filters of the registry, each declared once, in the order in which headings tell them.

Parameters and OpenAPI, refusals, forms, headings, the embedded map, open data and links
follow from what stands here (`app.cpts.reading.filtering` says what each part is for).
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Annotated, Any

from fastapi import Depends
from pydantic import BeforeValidator, Field, WithJsonSchema
from sqlalchemy import ColumnElement, case, exists, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.cpts.models import Cpts, CptsTerritory, CptsTheme
from app.cpts.reading.filtering import Filter, Filters, Offer, requested
from app.cpts.reading.schemas import Detail
from app.cpts.references import repository as references
from app.database.arrays import among
from app.database.calendar import PARIS, today
from app.database.sessions import ReadingSession
from app.french import alphabetical, short_date
from app.funding.models import TierBound
from app.http.parameters import (
    BBOX_DESCRIPTION,
    BBOX_EXAMPLE,
    MAXIMUM_TEXT,
    NOT_FILLED_IN,
    Bbox,
    BboxText,
    separated,
)
from app.problems import stated

Codes = tuple[str, ...]
Several = Annotated[list[str], BeforeValidator(separated)]


def _regions(session: ReadingSession, _day: date) -> list[Offer]:
    found = sorted(references.regions(session), key=lambda item: alphabetical(item.name))
    return [Offer(item.code, item.name) for item in found]


def _departments(session: ReadingSession, day: date) -> list[Offer]:
    return [
        Offer(item.code, item.name, wording=f"{item.code} – {item.name}")
        for item in references.departments(session, day)
    ]


def _stages(session: ReadingSession, _day: date) -> list[Offer]:
    return [Offer(item.slug, item.label) for item in references.stages(session)]


def _themes(session: ReadingSession, _day: date) -> list[Offer]:
    return [
        Offer(item.slug, item.label, item.mission_label) for item in references.themes(session)
    ]


def _tiers(session: ReadingSession, day: date) -> list[Offer]:
    return [
        Offer(item.tier, item.label, wording=str(item.tier))
        for item in references.tiers(session, day)
    ]


def _tiers_of_any_day(session: ReadingSession) -> list[int]:
    tier = TierBound.tier
    return list(session.scalars(select(tier).distinct().order_by(tier)))


def _by_label(value: Codes, labels: Mapping[str, str]) -> str:
    return ", ".join(labels.get(each, each) for each in value)


def _always(detail: Detail) -> Callable[[Any], Detail]:
    return lambda _value: detail


def _territory(day: date, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        CptsTerritory.cpts_id == Cpts.id, CptsTerritory.held.contains(day), condition
    )


def _at_stage(slugs: Codes, day: date) -> ColumnElement[bool]:
    of_day = func.cpts_stage_on(Cpts.id, day).table_valued("slug", "rank").lateral()
    return exists().where(of_day.c.slug.in_(slugs))


def _on_theme(slugs: Codes, _day: date) -> ColumnElement[bool]:
    return exists().where(CptsTheme.cpts_id == Cpts.id, among(CptsTheme.theme_slug, slugs))


def _text(value: str | None) -> str | None:
    return value.strip() or None if value else None


def _begun_words(text: str | None, _day: date) -> ColumnElement[bool]:
    """Every word begins a word of the name or the acronym; text without any finds nothing."""
    key = func.search_key(text, type_=Text)
    word = func.unnest(func.string_to_array(key, " ", type_=ARRAY(Text))).column_valued("word")
    begun = select(literal("% ") + word + literal("%")).scalar_subquery()
    return (key != "") & Cpts.search_words.op("LIKE ALL", is_comparison=True)(begun)


def _distance(text: str | None) -> ColumnElement[int]:
    """The whole name or acronym first, then the words as they stand, then beginnings."""
    key = func.search_key(text, type_=Text)
    return case(
        ((Cpts.name_key == key) | (func.search_key(Cpts.acronym) == key), 0),
        ((Cpts.search_words + " ").like(literal("% ") + key + literal(" %")), 1),
        (Cpts.search_words.like(literal("% ") + key + literal("%")), 2),
        else_=3,
    )


def _touching(box: Bbox | None, day: date) -> ColumnElement[bool]:
    assert box is not None
    # Of one point or of a line, this is no degenerate polygon.
    corners = func.ST_MakeLine(
        func.ST_MakePoint(box.west, box.south), func.ST_MakePoint(box.east, box.north)
    )
    drawn = func.ST_Envelope(func.ST_SetSRID(corners, 4326))
    return _territory(day, func.ST_Intersects(CptsTerritory.geom, drawn))


# Widest side of a box, in degrees, up to which a detail is worth its bytes.
_WIDTHS: tuple[tuple[float, Detail], ...] = (
    (0.5, "full"),
    (2.5, "department"),
    (8.0, "region"),
)


def _detail_of_box(box: Bbox | None) -> Detail:
    assert box is not None
    width = max(box.east - box.west, box.north - box.south)
    return next((detail for limit, detail in _WIDTHS if width <= limit), "national")


_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+ -]\d{2}:\d{2}))?",
    re.ASCII,
)
_MOMENTS = ("AAAA-MM-JJ", "AAAA-MM-JJThh:mm:ssZ", "AAAA-MM-JJThh:mm:ss±hh:mm")


def _moment(value: Any) -> Any:
    """Read a date, which is the beginning of that day in Paris, or a moment of RFC 3339."""
    if not isinstance(value, str) or not value:
        # A form sends the field that nobody filled in as an empty text.
        return value or None
    try:
        if not _MOMENT.fullmatch(value):
            raise ValueError
        # An address that leaves its plus as it is means a blank by it.
        read = datetime.fromisoformat(value.upper().replace(" ", "+"))
        if len(value) == len("AAAA-MM-JJ"):
            return datetime.combine(read, time(), PARIS)
        # Of the first or last days of all, there is none in another time zone.
        read.astimezone(PARIS)
    except (ValueError, OverflowError):
        raise stated(
            "Une date ou un instant avec son décalage horaire (RFC 3339) est attendu.",
            *_MOMENTS,
        ) from None
    return read


def _is_a_day(moment: datetime) -> bool:
    return moment.tzinfo is PARIS and moment.time() == time()


def _updated_since(moment: datetime | None) -> ColumnElement[bool]:
    updated = func.cpts_updated_at(today()).table_valued("cpts_id", "updated_at")
    return Cpts.id.in_(select(updated.c.cpts_id).where(updated.c.updated_at >= moment))


def _told_since(moment: datetime | None, _labels: Mapping[str, str]) -> str:
    assert moment is not None
    there = moment.astimezone(PARIS)
    hour = "" if _is_a_day(moment) else f" à {there:%H:%M:%S}"
    return f"modifiées depuis le {short_date(there)}{hour}"


def _written_moment(moment: datetime | None) -> str:
    assert moment is not None
    return moment.date().isoformat() if _is_a_day(moment) else moment.isoformat()


REGION: Filter[Codes] = Filter(
    name="region",
    label="Région",
    type=Several,
    description="Codes des régions.",
    example="32",
    empty=(),
    condition=lambda codes, day: _territory(day, CptsTerritory.regions.overlap(list(codes))),
    offers=_regions,
    control="one",
    anything="Toute la France",
    told=_by_label,
    detail=_always("region"),
)
DEPARTMENT: Filter[Codes] = Filter(
    name="department",
    label="Département",
    type=Several,
    description="Codes des départements.",
    example="04,05",
    empty=(),
    condition=lambda codes, day: _territory(
        day, CptsTerritory.departments.overlap(list(codes))
    ),
    offers=_departments,
    control="one",
    anything="Tous ceux de la région",
    hint="Il l’emporte sur la région.",
    told=lambda codes, labels: ", ".join(
        f"{labels.get(code, code)} ({code})" for code in codes
    ),
    detail=_always("department"),
)
STAGE: Filter[Codes] = Filter(
    name="stage",
    label="Stade",
    type=Several,
    description="Stades d'avancement.",
    example="aci_signe",
    empty=(),
    condition=_at_stage,
    offers=_stages,
    control="several",
    held=lambda cpts: [cpts["stage"]],
    coloured=True,
    told=_by_label,
)
TIER: Filter[Codes] = Filter(
    name="tier",
    label="Taille",
    type=Several,
    description="Tailles, de 1 à 4.",
    example="1,2",
    empty=(),
    condition=lambda tiers, day: _territory(
        day, among(CptsTerritory.tier, [int(tier) for tier in tiers])
    ),
    offers=_tiers,
    accepted=_tiers_of_any_day,
    control="several",
    held=lambda cpts: [str(cpts["tier"])],
    told=lambda tiers, _labels: ", ".join(f"taille {tier}" for tier in tiers),
)
THEME: Filter[Codes] = Filter(
    name="theme",
    label="Thèmes de travail",
    type=Several,
    description="Thèmes de travail.",
    example="diabete",
    empty=(),
    condition=_on_theme,
    offers=_themes,
    control="grouped",
    held=lambda cpts: [theme["slug"] for theme in cpts["themes"]],
    told=_by_label,
)
SEARCH: Filter[str | None] = Filter(
    name="q",
    label="Nom",
    type=Annotated[str | None, Field(max_length=MAXIMUM_TEXT)],
    description="Débuts de mots, sans égard aux accents ni aux majuscules.",
    example="haute prov",
    empty=None,
    read=_text,
    condition=_begun_words,
    rank=_distance,
    told=lambda text, _labels: f"« {text} »",
)
BBOX: Filter[Bbox | None] = Filter(
    name="bbox",
    label="Rectangle",
    type=BboxText,
    description=BBOX_DESCRIPTION,
    example=BBOX_EXAMPLE,
    empty=None,
    condition=_touching,
    told=lambda _box, _labels: "zone choisie",
    detail=_detail_of_box,
)

UPDATED_SINCE: Filter[datetime | None] = Filter(
    name="updated_since",
    label="Modifiées depuis le",
    type=Annotated[
        datetime | None,
        BeforeValidator(_moment),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "string", "format": "date"},
                    {"type": "string", "format": "date-time"},
                    NOT_FILLED_IN,
                ]
            }
        ),
    ],
    description="Les CPTS dont `updated_at` est ce moment ou un plus tardif : une date (le "
    "début du jour, à Paris) ou un instant avec son décalage horaire (RFC 3339).",
    example="2026-01-01",
    empty=None,
    write=_written_moment,
    # What has changed until now, whatever day is shown.
    condition=lambda moment, _day: _updated_since(moment),
    control="day",
    told=_told_since,
)

FILTERS: tuple[Filter[Any], ...] = (
    REGION,
    DEPARTMENT,
    STAGE,
    TIER,
    THEME,
    SEARCH,
    UPDATED_SINCE,
    BBOX,
)
# What a form offers; within a region or a department, the place is already chosen.
OFFERED = tuple(each for each in FILTERS if each.control)
OFFERED_WITHIN_A_PLACE = tuple(each for each in OFFERED if not each.names_a_place)

RequestedFilters = Annotated[Filters, Depends(requested(FILTERS))]
