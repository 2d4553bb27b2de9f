"""Reading the registry: bodies of answers, of one snapshot of the database."""

import csv
import io
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from sqlalchemy.orm import Session

from app.cpts.reading import repository
from app.cpts.reading.repository import FoundCpts
from app.cpts.reading.rules import day_shown, page_links, suitable_detail
from app.cpts.reading.schemas import CoverageLevel, Detail, Filters
from app.database.calendar import today
from app.files.cells import csv_cell
from app.http.repository import current_revision
from app.problems import Invalid, NotFound

_FIELDS = {
    "region": "regions",
    "department": "departments",
    "stage": "stages",
    "theme": "themes",
    "tier": "tiers",
}
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
)


@dataclass(frozen=True, slots=True)
class PageAddress:
    """Where a page is asked for: outside address or empty, path, parameters as given."""

    base: str
    path: str
    query: tuple[tuple[str, str], ...]

    def links(self, filters: Filters, matched: int, returned: int) -> list[dict[str, str]]:
        """Link the page with itself and its neighbours."""
        return page_links(
            self.base,
            self.path,
            self.query,
            matched=matched,
            returned=returned,
            limit=filters.limit,
            offset=filters.offset,
        )


def check_values(session: Session, **given: tuple[str, ...]) -> None:
    """Refuse values that no reference list knows.

    Parameters: values by parameter name (`region`, `department`, `stage`, `theme`,
    `tier`). Raises `Invalid` naming each parameter with the accepted values.
    """
    given = {name: values for name, values in given.items() if values}
    if not given:
        return
    accepted = repository.accepted_values(session)
    errors = []
    for name, values in given.items():
        known = {str(value) for value in accepted[name]}
        unknown = [value for value in values if value not in known]
        if unknown:
            errors.append(
                {
                    "loc": ["query", name],
                    "message": f"Valeur inconnue : {', '.join(unknown[:5])[:200]}.",
                    "accepted": accepted[name],
                }
            )
    if errors:
        names = ", ".join(error["loc"][1] for error in errors)
        raise Invalid(errors, detail=f"Valeurs inconnues : {names}.")


def check_filters(session: Session, filters: Filters) -> None:
    """Refuse filters whose values no reference list knows; raises `Invalid`."""
    check_values(session, **{name: getattr(filters, field) for name, field in _FIELDS.items()})


def cpts_page(session: Session, filters: Filters, address: PageAddress) -> bytes:
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


def cpts_collection(
    session: Session,
    filters: Filters,
    address: PageAddress,
    detail: Detail | None = None,
    *,
    with_courses: bool = False,
) -> bytes:
    """Give a page of CPTS as a GeoJSON FeatureCollection (RFC 7946).

    Parameters: `detail`, the generalisation, that which suits the filters when None;
    `with_courses`, whether each Feature also has the properties `stages` and `communes`
    (`app.cpts.reading.repository.Course`), from which a registry can be made again. Raises
    `Invalid` for unknown values.
    """
    check_filters(session, filters)
    detail = detail or suitable_detail(filters)
    day = filters.at or today()
    matched, found = repository.find_cpts(session, filters, day, detail=detail)
    courses = (
        repository.courses(session, [cpts.id for cpts in found], day) if with_courses else {}
    )
    changed_at = current_revision(session).changed_at
    head = orjson.dumps(
        {
            "type": "FeatureCollection",
            "numberMatched": matched,
            "numberReturned": len(found),
            "timeStamp": changed_at,
            "detail": detail,
            "links": address.links(filters, matched, len(found)),
        },
        option=orjson.OPT_UTC_Z,
    )
    features = ",".join(
        _feature(cpts, _with_course(cpts.properties, courses.get(cpts.id))) for cpts in found
    )
    return head[:-1] + b',"features":[' + features.encode() + b"]}"


def _feature(cpts: FoundCpts, properties: str) -> str:
    return (
        f'{{"type":"Feature","id":{cpts.id},"geometry":{cpts.geometry or "null"},'
        f'"properties":{properties}}}'
    )


def _with_course(properties: str, course: repository.Course | None) -> str:
    if course is None:
        return properties
    more = orjson.dumps({"stages": course.stages, "communes": course.communes}).decode()
    return f"{properties[:-1]},{more[1:]}"


def _single(
    session: Session, cpts_id: int, day: date | None, detail: Detail | None
) -> tuple[FoundCpts, str]:
    life = repository.lifetime(session, cpts_id)
    if life is None:
        raise NotFound("Cette CPTS n'existe pas.")
    shown = day_shown(*life, day or today(), asked=day is not None)
    if shown is None:
        raise NotFound(f"Cette CPTS n'existe que depuis le {life[0]:%d/%m/%Y}.")
    _, (cpts,) = repository.find_cpts(
        session, Filters(), shown, cpts_id=cpts_id, detail=detail, with_communes=True
    )
    ended_on = orjson.dumps(cpts.ended_on).decode()
    item = f'{cpts.properties[:-1]},"ended_on":{ended_on},"communes":{cpts.communes}}}'
    return cpts, item


def cpts_item_body(session: Session, cpts_id: int, day: date | None = None) -> bytes:
    """Give one CPTS with its communes as JSON.

    Parameters: `day` as of which it is shown, today (or its first or last day) when None.
    Raises `NotFound`.
    """
    return _single(session, cpts_id, day, None)[1].encode()


def cpts_item(session: Session, cpts_id: int, day: date | None = None) -> dict[str, Any]:
    """Give one CPTS with its communes, the members of `cpts_item_body`."""
    item: dict[str, Any] = orjson.loads(cpts_item_body(session, cpts_id, day))
    return item


def cpts_feature(
    session: Session, cpts_id: int, day: date | None = None, detail: Detail | None = None
) -> bytes:
    """Give one CPTS as a GeoJSON Feature; parameters and errors as `cpts_item_body`."""
    return _feature(*_single(session, cpts_id, day, detail or "department")).encode()


def compositions_csv(
    session: Session, filters: Filters, address: PageAddress
) -> tuple[bytes, list[dict[str, str]]]:
    """Give CPTS and commune, one line per pair, as CSV (UTF-8, comma), and the links.

    Limit and offset count CPTS, so that a composition is never cut. Raises `Invalid` for
    unknown values.
    """
    check_filters(session, filters)
    matched, returned, rows = repository.compositions(session, filters, filters.at or today())
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COMPOSITION_COLUMNS)
    for row in rows:
        writer.writerow([csv_cell(value) for value in row])
    return buffer.getvalue().encode(), address.links(filters, matched, returned)


def reference_list(session: Session, name: str, **parameters: Any) -> bytes:
    """Give a list of reference as `{"items": […]}`; parameters as in the repository."""
    return f'{{"items":{repository.reference_list(session, name, **parameters)}}}'.encode()


def departments(session: Session, regions: tuple[str, ...], day: date | None = None) -> bytes:
    """Give the departments of some regions, of all when none is named.

    Parameters: `day` of which their completeness is told, today when None.
    """
    check_values(session, region=regions)
    return reference_list(
        session, "departments", regions=list(regions) or None, day=day or today()
    )


def coverage(
    session: Session, level: CoverageLevel, stages: tuple[str, ...], at: date | None
) -> bytes:
    """Give the coverage per territory with its definition and date, as JSON.

    Parameters: `stages` that count, from the validated letter of intent on when empty.
    Raises `Invalid` for unknown stages.
    """
    check_values(session, stage=stages)
    day = at or today()
    counted = list(stages) or repository.recognised_stages(session)
    head = orjson.dumps(
        {
            "level": level,
            "date": day,
            "stages": counted,
            "definition": (
                "Est couverte une commune (ou un arrondissement de Paris, Lyon ou Marseille) "
                "rattachée, à la date donnée, à une CPTS dont le stade est l'un de ceux de "
                "« stages ». La part couverte est celle de la population municipale (INSEE, "
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
