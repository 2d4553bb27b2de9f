"""Reading the registry: bodies of answers, of one snapshot of the database."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import orjson

from app.cpts.reading import repository
from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import FILTERS
from app.cpts.reading.repository import FoundCpts
from app.cpts.reading.rules import day_shown, suitable_detail
from app.cpts.reading.schemas import CoverageLevel, Detail
from app.cpts.references import repository as references
from app.cpts.references.schemas import DepartmentItem
from app.cpts.stages import RECOGNISED_STAGES
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.files.cells import csv_table
from app.french import short_date
from app.http.keeping import moment_of
from app.http.paging import PageAddress
from app.problems import Invalid, NotFound

COMPOSITION_COLUMNS = (
    "cpts_id",
    "cpts_name",
    "cpts_acronym",
    "cpts_finess",
    "stage",
    "stage_label",
    "commune_code",
    "commune_name",
    "department",
    "region",
    "population",
    "population_year",
    "demonstration",
    "held_from",
    "held_until",
    "stages",
    "city_code",
)


def accepted_values(session: ReadingSession) -> dict[str, list[Any]]:
    """Give the values that filters accept, by name, of those that accept listed ones."""
    found = {key.name: key.accepted_values(session, today()) for key in FILTERS}
    return {name: values for name, values in found.items() if values is not None}


def check_filters(session: ReadingSession, filters: Filters) -> None:
    """Refuse filters whose values no reference list knows.

    Raises `Invalid` naming each parameter with the accepted values.
    """
    errors = []
    for key, values in filters.asked.items():
        accepted = key.accepted_values(session, filters.at or today())
        if accepted is None:
            continue
        known = {str(value) for value in accepted}
        unknown = [value for value in values if value not in known]
        if unknown:
            errors.append(
                {
                    "loc": ["query", key.name],
                    "message": f"Valeur inconnue : {', '.join(unknown[:5])[:200]}.",
                    "accepted": accepted,
                }
            )
    if errors:
        names = ", ".join(error["loc"][1] for error in errors)
        raise Invalid(errors, detail=f"Valeurs inconnues : {names}.")


def check_values(session: ReadingSession, **given: tuple[str, ...]) -> None:
    """Refuse values of parameters that are named as filters are.

    Parameters: values by name (`region`, `department`, `stage`, …). Raises as
    `check_filters`.
    """
    asked = {key: given[key.name] for key in FILTERS if given.get(key.name)}
    check_filters(session, Filters(asked))


def cpts_page(session: ReadingSession, filters: Filters, address: PageAddress) -> bytes:
    """Give a page of CPTS as JSON; raises `Invalid` for unknown values."""
    check_filters(session, filters)
    matched, found = repository.find_cpts(session, filters, filters.at or today())
    tail = orjson.dumps(
        {
            "number_matched": matched,
            "number_returned": len(found),
            "links": address.links(filters, matched, len(found)),
        }
    )
    items = ",".join(cpts.properties for cpts in found)
    return b'{"items":[' + items.encode() + b"]," + tail[1:]


def cpts_of_day(session: ReadingSession, day: date) -> list[dict[str, Any]]:
    """Give all CPTS of a day, as the API tells them, in the order of their names."""
    ids = repository.matching(session, Filters(at=day), day)
    found = repository.described(session, ids, day) if ids else []
    return [orjson.loads(each.properties) for each in found]


def cpts_collection(
    session: ReadingSession,
    filters: Filters,
    address: PageAddress,
    detail: Detail | None = None,
    *,
    with_courses: bool = False,
    changed_at: datetime | None = None,
) -> bytes:
    """Give a page of CPTS as a GeoJSON FeatureCollection (RFC 7946).

    Parameters: `detail`, the generalisation, that which suits the filters when None;
    `with_courses`, whether each Feature also has the properties `stages` and `communes`
    (`app.cpts.reading.repository.Course`), from which a registry can be made again;
    `changed_at`, when what passes the filters was changed last, else the whole registry's.
    Raises `Invalid` for unknown values.
    """
    check_filters(session, filters)
    detail = detail or suitable_detail(filters)
    day = filters.at or today()
    moment = moment_of(session, day)
    ids = repository.matching(session, filters, day)
    page = repository.page_of(ids, filters)
    courses = repository.courses(session, page, day) if with_courses else {}
    found = repository.features(session, page, moment, detail)
    head = orjson.dumps(
        {
            "type": "FeatureCollection",
            "numberMatched": len(ids),
            "numberReturned": len(page),
            "timeStamp": changed_at or moment.revision.changed_at,
            "detail": detail,
            "links": address.links(filters, len(ids), len(page)),
        },
        option=orjson.OPT_UTC_Z,
    )
    features = b",".join(_with_course(found[each], courses.get(each)) for each in page)
    return head[:-1] + b',"features":[' + features + b"]}"


def _with_course(feature: bytes, course: repository.Course | None) -> bytes:
    if course is None:
        return feature
    more = orjson.dumps({"stages": course.stages, "communes": course.communes})
    return feature[:-2] + b"," + more[1:] + b"}"


def _single(
    session: ReadingSession, cpts_id: int, day: date | None, detail: Detail | None
) -> tuple[FoundCpts, str]:
    life = repository.lifetime(session, cpts_id)
    if life is None:
        raise NotFound("Cette CPTS n'existe pas.")
    shown = day_shown(*life, day or today(), asked=day is not None)
    if shown is None:
        raise NotFound(f"Cette CPTS n'existe que depuis le {short_date(life[0])}.")
    (cpts,) = repository.described(session, [cpts_id], shown, detail=detail, with_communes=True)
    ended_on = orjson.dumps(cpts.ended_on).decode()
    item = f'{cpts.properties[:-1]},"ended_on":{ended_on},"communes":{cpts.communes}}}'
    return cpts, item


def cpts_item_body(session: ReadingSession, cpts_id: int, day: date | None = None) -> bytes:
    """Give one CPTS with its communes as JSON.

    Parameters: `day` as of which it is shown, today (or its first or last day) when None.
    Raises `NotFound`.
    """
    return _single(session, cpts_id, day, None)[1].encode()


def cpts_item(session: ReadingSession, cpts_id: int, day: date | None = None) -> dict[str, Any]:
    """Give one CPTS with its communes, the members of `cpts_item_body`."""
    item: dict[str, Any] = orjson.loads(cpts_item_body(session, cpts_id, day))
    return item


def cpts_feature(
    session: ReadingSession, cpts_id: int, day: date | None = None, detail: Detail | None = None
) -> bytes:
    """Give one CPTS as a GeoJSON Feature; parameters and errors as `cpts_item_body`."""
    return repository.feature(*_single(session, cpts_id, day, detail or "department")).encode()


def compositions(
    session: ReadingSession, filters: Filters
) -> tuple[int, int, list[Sequence[Any]]]:
    """Give CPTS and commune, one row per pair, with the values of `COMPOSITION_COLUMNS`.

    Returns how many CPTS pass the filters, how many of them are here, and the rows. Raises
    `Invalid` for unknown values.
    """
    check_filters(session, filters)
    return repository.compositions(session, filters, filters.at or today())


def compositions_csv(
    session: ReadingSession, filters: Filters, address: PageAddress
) -> tuple[bytes, list[dict[str, str]]]:
    """Give CPTS and commune, one line per pair, as CSV (UTF-8, comma), and the links.

    Limit and offset count CPTS, so that a composition is never cut. Raises `Invalid` for
    unknown values.
    """
    matched, returned, rows = compositions(session, filters)
    return csv_table(COMPOSITION_COLUMNS, rows), address.links(filters, matched, returned)


def departments(
    session: ReadingSession, regions: tuple[str, ...], day: date | None = None
) -> list[DepartmentItem]:
    """List the departments of some regions, of all when none is named.

    Parameters: `day` of which their completeness is told, today when None. Raises `Invalid`
    for an unknown region.
    """
    check_values(session, region=regions)
    return references.departments(session, day or today(), regions)


def coverage(
    session: ReadingSession, level: CoverageLevel, stages: tuple[str, ...], at: date | None
) -> bytes:
    """Give the coverage per territory with its definition and date, as JSON.

    Parameters: `stages` that count, from the validated letter of intent on when empty.
    Raises `Invalid` for unknown stages.
    """
    check_values(session, stage=stages)
    day = at or today()
    counted = list(stages) or list(RECOGNISED_STAGES)
    head = orjson.dumps(
        {
            "level": level,
            "date": day,
            "stages": counted,
            "definition": (
                "Est couverte une commune (ou un arrondissement de Paris, Lyon ou Marseille) "
                "rattachée, à la date donnée, à une CPTS dont le stade est l'un de ceux de "
                "« stages ». Une commune divisée en quartiers compte une fois, comme couverte "
                "quand tous le sont ; ses habitants comptent par quartier. La part "
                "couverte est celle de la population municipale (INSEE, "
                "dernier millésime en vigueur à cette date) de ces communes. "
                "« cpts_by_stage » compte les CPTS de tout stade qui ont une commune dans le "
                "territoire (dans le pays, celles sans commune aussi) : une CPTS à cheval sur "
                "plusieurs territoires compte dans chacun. « complete » dit que le contenu du "
                "registre est déclaré complet pour tous les départements du territoire : "
                "ailleurs, une commune sans CPTS est une commune dont rien n'est connu, et "
                "« population_complete » est la population sur laquelle les chiffres reposent."
            ),
        }
    )
    items = repository.coverage(session, level, counted, day)
    return head[:-1] + b',"items":' + items.encode() + b"}"
