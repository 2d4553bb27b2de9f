"""`/administration/institutions`: contacts by region and department, one by one or by table."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import HTMLResponse, Response

from app.accounts.dependencies import InstitutionsActingPageCaller, InstitutionsPageCaller
from app.accounts.rules import Caller
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import ReadingSession
from app.failures import Failure
from app.http.parameters import RowId
from app.institutions import repository, service
from app.institutions.reporting import OUTCOMES, summary
from app.institutions.rules import HEADINGS, KINDS, MEMBERS, Report
from app.institutions.schemas import ContactWrite
from app.problems import Invalid, Problem, StaleWrite
from app.web.administration.pages import administration_page, leading_to, sent_form
from app.web.layout import fields
from app.web.layout.downloads import table_to_take

router = APIRouter(prefix="/administration/institutions")
SentForm = Annotated[FormData, Depends(sent_form)]
Number = Annotated[RowId, Path()]
_HOME = "/administration/institutions"
_DONE = f"{_HOME}?fait=true"


async def _sent_table(form: SentForm) -> bytes | None:
    """Read the table that a form brings, one byte more than is taken at most."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return None
    return await file.read(service.LARGEST_TABLE_BYTES + 1)


@router.get("", response_class=HTMLResponse)
def list_contacts(
    request: Request,
    session: ReadSession,
    caller: InstitutionsPageCaller,
    *,
    region: Annotated[str, Query(max_length=3)] = "",
    done: Annotated[bool, Query(alias="fait")] = False,
) -> HTMLResponse:
    """The contacts of one's region, or of any; forms that add one, or bring a table."""
    return _page(request, session, caller, region=region, done=done)


@router.get(".csv")
def export(session: ReadSession, caller: InstitutionsPageCaller) -> Response:
    """The same as a table that the form reads again."""
    sheet = service.exported(session, region=caller.region)
    return table_to_take(sheet, "institutions.csv")


@router.post("", response_class=HTMLResponse)
def add(
    request: Request,
    session: WriteSession,
    caller: InstitutionsActingPageCaller,
    form: SentForm,
) -> Response:
    """Add a contact."""
    try:
        service.add(session, fields.text(form, "place"), _sent_contact(form), caller)
        session.flush()
    except Invalid as problem:
        session.rollback()
        return _page(request, session, caller, problem, sent=fields.sent(form))
    return leading_to(_DONE)


@router.post("/import", response_class=HTMLResponse)
def take(
    *,
    request: Request,
    caller: InstitutionsActingPageCaller,
    form: SentForm,
    # Read before a database session is opened.
    content: Annotated[bytes | None, Depends(_sent_table)],
    session: WriteSession,
) -> HTMLResponse:
    """Bring the contacts in line with a table, and tell of every row."""
    try:
        if content is None:
            raise Failure("Choisissez un fichier.")
        entries = service.read_table(content, name="Le fichier")
    except Failure as failure:
        problem = Invalid.at("body", "file", message=failure.message)
        return _page(request, session, caller, problem)
    report = service.import_entries(
        session,
        entries,
        caller,
        replace=bool(fields.text(form, "replace")),
        dry_run=bool(fields.text(form, "dry_run")),
    )
    session.flush()
    return _page(request, session, caller, report=report)


@router.get("/{number}", response_class=HTMLResponse)
def show(
    request: Request, session: ReadSession, caller: InstitutionsPageCaller, number: Number
) -> HTMLResponse:
    """A contact in its form."""
    return _contact_page(request, session, caller, number)


@router.post("/{number}", response_class=HTMLResponse)
def change(
    request: Request,
    session: WriteSession,
    caller: InstitutionsActingPageCaller,
    number: Number,
    form: SentForm,
) -> Response:
    """Say anew all that there is to say of a contact."""
    try:
        service.change(
            session,
            number,
            fields.text(form, "place"),
            _sent_contact(form),
            caller,
            version=fields.text(form, "version"),
        )
        session.flush()
    except (Invalid, StaleWrite) as problem:
        session.rollback()
        sent = fields.sent(form)
        return _contact_page(request, session, caller, number, problem=problem, sent=sent)
    return leading_to(_DONE)


@router.post("/{number}/retrait", response_class=HTMLResponse)
def remove(
    session: WriteSession, caller: InstitutionsActingPageCaller, number: Number
) -> Response:
    """Take a contact out."""
    service.remove(session, number, caller)
    return leading_to(_DONE)


def _sent_contact(form: FormData) -> ContactWrite:
    try:
        return service.contact_of(fields.fields(form, *MEMBERS))
    except ValueError as error:
        raise Invalid.at("body", "contact", message=str(error)) from None


def _offered(session: ReadingSession, caller: Caller) -> dict[str, str]:
    """Give the places that one may choose, as the form sends them."""
    return {
        place.key: place.label
        for place in repository.places(session)
        if caller.region in (None, place.region)
    }


def _page(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    problem: Problem | None = None,
    *,
    region: str = "",
    report: Report | None = None,
    **values: Any,
) -> HTMLResponse:
    shown = caller.region or region or None
    defaults: dict[str, Any] = {"done": False, "sent": {}}
    return administration_page(
        request,
        "institutions.html",
        session=session,
        caller=caller,
        problem=problem,
        status=422 if report and report.is_refused else 200,
        canonical=_HOME,
        contacts=repository.contacts(session, region=shown),
        regions={
            place.code: place.name
            for place in repository.places(session)
            if place.level == "region" and caller.region is None
        },
        region=shown,
        places=_offered(session, caller),
        kinds=KINDS,
        headings=[words[0] for words in HEADINGS.values()],
        report=report,
        summary=summary(report) if report else [],
        outcomes=OUTCOMES,
        **(defaults | values),
    )


def _contact_page(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    number: int,
    *,
    problem: Problem | None = None,
    sent: dict[str, str] | None = None,
) -> HTMLResponse:
    contact = service.contact_numbered(session, number)
    caller.may_work_in("institutions.keep", [contact.place.region])
    standing = {name: getattr(contact, name) for name in MEMBERS}
    is_stale = isinstance(problem, StaleWrite)
    # Whoever was refused one state has that which stands before their eyes.
    version = contact.version if sent is None or is_stale else sent.get("version", "")
    return administration_page(
        request,
        "institution.html",
        session=session,
        caller=caller,
        problem=problem,
        canonical=f"{_HOME}/{number}",
        contact=contact,
        version=version,
        is_stale=is_stale,
        labels=MEMBERS,
        sent=sent or {**standing, "place": contact.place.key},
        places=_offered(session, caller),
        kinds=KINDS,
    )
