"""The one place of assembly: settings, database, routes, errors, caching."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from fastapi import APIRouter, Depends, FastAPI

from app.accounts import endpoints as accounts
from app.accounts.mail.loop import MailLoop
from app.accounts.mail.sending import carrier
from app.accounts.mail.service import Post
from app.accounts.provider.asking import Provider
from app.cpts import errors as cpts_errors
from app.cpts.communes import endpoints as cpts_communes
from app.cpts.completeness import endpoints as cpts_completeness
from app.cpts.history import endpoints as cpts_history
from app.cpts.reading import endpoints as cpts_reading
from app.cpts.writing import endpoints as cpts_writing
from app.database.engine import database_url
from app.database.observation import TimedPool, observe
from app.database.sessions import Sessions
from app.database.waiting import WaitLimits
from app.directory.exchange.tables import TableReader
from app.directory.personal_data import personal_data as directory_data
from app.directory.search import endpoints as directory
from app.directory.sheets import endpoints as sheets
from app.failures import Failure
from app.funding import endpoints as funding
from app.geography.geocoding.service import Geocoder
from app.http import health
from app.http.address_limit import open_limits
from app.http.body import RequestLimits
from app.http.caching import Caching
from app.http.documentation import describe_answers, documentation_router, swagger_folder
from app.http.headers import ResponseHeaders
from app.http.health import Readiness
from app.http.origin import FormOrigin
from app.http.parameters import known_parameters
from app.http.problem_answers import install_problem_handlers
from app.http.questions import Questions
from app.http.redirects import RootRelativeRedirects
from app.http.request_records import RequestRecords, UnexpectedErrors
from app.http.revisions import Revisions
from app.http.static_files import static_router
from app.http.waiting import Unexpected, Waiting, room_for_waiting_threads
from app.letters.check import endpoints as letters
from app.letters.check.file_reading import FileReader
from app.letters.conciliations import endpoints as conciliations
from app.letters.notes import endpoints as letter_notes
from app.letters.record import endpoints as letters_record
from app.maps import endpoints as maps
from app.maps.assets import FOLDERS as MAP_FOLDERS
from app.metrics import endpoints as metrics
from app.ogc import endpoints as ogc
from app.ogc.negotiation import Negotiation
from app.ogc.pages import FOLDER as OGC_FOLDER
from app.ogc.tiles import endpoints as ogc_tiles
from app.problems import ConstraintProblems, DatabaseUnavailable, Invalid, declared
from app.settings import Settings
from app.upkeep.loop import Upkeep
from app.upkeep.tasks import tasks_of
from app.web import router as web
from app.web.administration.imports.endpoints import UPLOADS as IMPORTS
from app.web.administration.quarters.endpoints import UPLOADS as QUARTERS
from app.web.administration.quarters.file_reading import PartsReader
from app.web.atlas.kept import Atlases
from app.web.layout.assets import FOLDERS as SITE_FOLDERS
from app.web.layout.error_pages import ErrorPages
from app.web.layout.rendering import SITE_NAME
from app.web.letters.deposit.endpoints import PAGE_UPLOADS
from app.web.letters.notes.printing import NotePrinter
from app.web.sheets.contacts import read_contacts
from app.web.typesetting.printing import Typesetter

TITLE = "Cartographie des CPTS"
DESCRIPTION = """
Qui exerce où : les communautés professionnelles territoriales de santé (CPTS), leur
territoire en communes, leur avancement. La lecture est ouverte à tous ; l'écriture
demande un jeton (`Authorization: Bearer JETON`).
"""

# How often a worker looks whether somebody's saved searches are due today.
DIGEST_INTERVAL_S = 600.0

# Violated constraint → the problem it means, of every noun.
CONSTRAINTS: ConstraintProblems = {**cpts_errors.CONSTRAINTS}


def open_sessions(settings: Settings) -> Sessions:
    """Make the sessions of a service, counted and timed; connects to nothing yet.

    Raises `Failure` when the settings name no database.
    """
    read_url = settings.database.database_read_url
    sessions = Sessions.open(
        _database_address(settings),
        connections=settings.database.database_connections,
        limits=WaitLimits.of_requests(settings.database.database_patience),
        poolclass=TimedPool,
        read_address=read_url.get_secret_value() if read_url else None,
    )
    for engine in sessions.engines.values():
        observe(engine)
    return sessions


def create_app(
    settings: Settings | None = None, *, sessions: Sessions | None = None
) -> FastAPI:
    """Assemble the service; connects to nothing yet.

    Parameters: `settings`, read from the environment when None; `sessions`, of
    `open_sessions` when None, whose connections are let go with the service; whoever gives
    others closes them. Raises `Failure` when the settings name no database.
    """
    settings = settings or Settings()
    are_own = sessions is None
    sessions = sessions or open_sessions(settings)
    address = _database_address(settings)
    connections = settings.database.database_connections
    patience_s = settings.database.database_patience
    revisions = Revisions(database_url(address), answer_s=patience_s / 3)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        room_for_waiting_threads(connections)
        async with (
            revisions.informed(min(30, settings.service.stale_seconds / 4)),
            Upkeep(sessions, tasks_of(settings) if settings.service.upkeep else ()),
            MailLoop(app.state.post, interval_s=settings.mail.interval),
        ):
            yield
        await revisions.close()
        if are_own:
            sessions.dispose()

    app = FastAPI(
        title=TITLE,
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        # Served with the documentation, with an ETag as everything else.
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        lifespan=lifespan,
        routes=[*_routes().routes],
    )
    app.state.settings = settings
    app.state.post = Post(
        sessions,
        carrier(settings.mail, settings.database.data_directory),
        base=settings.service.link_base,
        site=SITE_NAME,
    )
    app.state.sessions = sessions
    app.state.revisions = revisions
    identity = settings.identity
    app.state.provider = Provider(identity) if identity.issuer is not None else None
    app.state.geocoder = Geocoder(settings.geocoder) if settings.geocoder.url else None
    # What nouns besides accounts keep on a person, by their names.
    app.state.personal_data = {"directory": directory_data}
    app.state.readiness = Readiness(sessions)
    app.state.file_reader = FileReader()
    app.state.table_reader = TableReader()
    app.state.parts_reader = PartsReader()
    app.state.typesetter = Typesetter()
    app.state.atlases = Atlases(
        settings.database.data_directory / "atlas", address, base=settings.service.settled_base
    )
    app.state.note_printer = NotePrinter(app.state.typesetter)
    app.state.limits = open_limits(settings, app.state.sessions)
    read_contacts(settings.service.contacts_file)  # a wrong file is told at once

    describe_answers(app)
    install_problem_handlers(app, CONSTRAINTS)
    # The last one added is the first one that a request meets.
    app.add_middleware(UnexpectedErrors)
    app.add_middleware(
        RequestLimits, uploads={**letters.UPLOADS, **PAGE_UPLOADS, **IMPORTS, **QUARTERS}
    )
    app.add_middleware(
        Caching,
        revisions=revisions,
        capacity=settings.service.cache_megabytes * 2**20,
        questions=_questions(),
        stale_s=settings.service.stale_seconds,
    )
    app.add_middleware(Negotiation)
    app.add_middleware(Waiting, patience_s=patience_s, longer=ogc_tiles.PATIENCE_S)
    app.add_middleware(FormOrigin, public_url=settings.service.public_url)
    app.add_middleware(ErrorPages, settings=settings)
    app.add_middleware(Unexpected)
    app.add_middleware(RootRelativeRedirects)
    app.add_middleware(ResponseHeaders, strict_transport=settings.service.is_behind_tls)
    app.add_middleware(
        RequestRecords,
        access_log=settings.logs.access_log,
        addresses=settings.logs.access_log_addresses,
    )
    if settings.monitoring.otlp_endpoint is not None:
        # Slow to import, and for those who collect traces only.
        from app.traces import trace  # noqa: PLC0415

        trace(app, sessions.engines.values(), settings.monitoring.otlp_endpoint)
    return app


def _database_address(settings: Settings) -> str:
    if settings.database.url is None:
        raise Failure("DATABASE_URL n'est pas défini : lancez le service par ./cpts serve.")
    return settings.database.url.get_secret_value()


@cache
def _routes() -> APIRouter:
    """Put the routes of all nouns together, once a process: no setting changes them.

    FastAPI works out what each route takes when a request first looks for it, which costs
    a third of a second for all of them.
    """
    routes = APIRouter(
        dependencies=[Depends(known_parameters)],
        responses=declared(Invalid, DatabaseUnavailable),
        generate_unique_id_function=lambda route: route.name,
    )
    swagger = swagger_folder()
    for router in (
        health.router,
        accounts.router,
        metrics.router,
        cpts_reading.router,
        cpts_communes.router,
        cpts_completeness.router,
        cpts_writing.router,
        cpts_history.router,
        directory.router,
        sheets.router,
        letters.router,
        letter_notes.router,
        letters_record.router,
        conciliations.router,
        funding.router,
        maps.router,
        ogc.router,
        web.router,
        documentation_router(TITLE, swagger),
        static_router([swagger, *MAP_FOLDERS, OGC_FOLDER, *SITE_FOLDERS]),
    ):
        routes.include_router(router)
    return routes


@cache
def _questions() -> Questions:
    return Questions.of(_routes())
