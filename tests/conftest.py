"""The shared ground of the tests: a real PostGIS with the whole reference geography.

The database is cloned once per run from a template that is built once per state of the
schema and of the geography. Tests commit for real, as clients do, and the registry is
emptied after each of them.
"""

from __future__ import annotations

import gc
import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

# Fixtures import what they need when they run: tests of plain rules load none of it.
if TYPE_CHECKING:
    from fastapi import FastAPI
    from playwright.sync_api import Browser, Page
    from sqlalchemy import Engine
    from sqlalchemy.engine import URL
    from starlette.testclient import TestClient

    from app.accounts.mail.service import Post
    from app.database.sessions import Sessions
    from app.settings import Settings
    from tests.accounts.people import Mailbox
    from tests.emptying import Emptying
    from tests.quarters import Divide

ROOT = Path(__file__).parents[1]
# What decides of the template's content. A new import of the loading belongs here;
# tests/geography/test_template.py says so when it is missing.
TEMPLATE_SOURCES = (
    ("migrations", "**/*.py"),
    ("migrations", "**/*.sql"),
    ("geo_data", "*.parquet"),
    ("geo_data", "*.csv"),
    ("app/database", "grants.py"),
    ("app/geography/loading", "*.*"),
    ("app/geography/borders", "*.py"),
    *(
        ("app/geography/division", f"{name}.py")
        for name in ("borders", "geometry", "rules", "snapping")
    ),
    ("app/geography/build", "neighbours.py"),
    ("app/geography", "naming.py"),
)
# Of what a browser waits for: an upper bound, for a machine that is busy with other things.
PATIENCE_MS = 120_000
# Modules that take a minute or more go first: one that began last would be waited for by
# every other core.
LONGEST = (
    "tests/cpts/test_whole_country.py",
    "tests/running/test_serving.py",
    "tests/test_every_command.py",
    "tests/web/test_builder_in_browser.py",
    "tests/web/test_territories_in_browser.py",
    "tests/running/backup/test_drill.py",
    "tests/endurance/",
    "tests/cluster/test_sharing.py",
    "tests/test_command_ending.py",
    "tests/letters/test_letter_lives.py",
    "tests/running/",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that runs `tests/endurance` at full length."""
    parser.addoption(
        "--endurance",
        action="store_true",
        help="tests/endurance at full length; CPTS_ENDURANCE_SHARE shortens it",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    """Have the profiles of Hypothesis, before it loads that of the command line."""
    from tests.exploration import set_profiles

    set_profiles()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest modules first; everything else stays in its order."""

    def rank(item: pytest.Item) -> int:
        ranks = (n for n, start in enumerate(LONGEST) if item.nodeid.startswith(start))
        return next(ranks, len(LONGEST))

    items.sort(key=rank)


def _content_hash() -> str:
    digest = hashlib.sha256()
    for folder, pattern in TEMPLATE_SOURCES:
        for path in sorted((ROOT / folder).glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@pytest.fixture(scope="session")
def server_url() -> URL:
    """The database server of the tests, where databases may be created."""
    address = os.environ.get("CPTS_TEST_DATABASE_URL")
    if not address:
        pytest.exit("CPTS_TEST_DATABASE_URL is not set: run the tests with ./cpts test", 2)
    from app.database.engine import database_url

    return database_url(address)


@pytest.fixture(scope="session")
def owner_url(server_url: URL) -> URL:
    """The same server for the role that owns databases and migrates them."""
    from app.database.engine import database_url

    return database_url(os.environ["CPTS_TEST_OWNER_URL"])


@pytest.fixture(scope="session")
def maintenance(owner_url: URL) -> Iterator[Engine]:
    """An engine outside any transaction, for CREATE and DROP DATABASE."""
    from sqlalchemy import create_engine

    engine = create_engine(owner_url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def template(server_url: URL, owner_url: URL, maintenance: Engine) -> str:
    """Name of a database that holds the schema and the whole reference geography."""
    from sqlalchemy import text

    from app.database.engine import create_database_engine
    from app.database.grants import grant_service
    from app.database.migration import upgrade_database
    from app.geography.loading import load_geography
    from app.progress import SilentProgress

    name = f"cpts_template_{_content_hash()}"
    with maintenance.connect() as connection:
        # Workers and runs that need it at once build it once.
        connection.execute(text("SELECT pg_advisory_lock(5012026)"))
        try:
            exists = text("SELECT 1 FROM pg_database WHERE datname = :name")
            if connection.execute(exists, {"name": name}).first():
                return name
            draft = f"{name}_draft"
            connection.execute(text(f"DROP DATABASE IF EXISTS {draft} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {draft}"))
            engine = create_database_engine(
                owner_url.set(database=draft).render_as_string(hide_password=False)
            )
            upgrade_database(engine)
            with engine.begin() as granting:
                grant_service(granting, server_url.username or "")
            load_geography(engine, SilentProgress())
            engine.dispose()
            # It is cloned only while nobody is connected to it, so nobody may be.
            connection.execute(text(f"ALTER DATABASE {draft} ALLOW_CONNECTIONS false"))
            connection.execute(text(f"ALTER DATABASE {draft} RENAME TO {name}"))
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(5012026)"))
    return name


@pytest.fixture(scope="session")
def fresh_clone(server_url: URL, maintenance: Engine, template: str) -> Iterator[str]:
    """Address of this process's own database; tests ask for `test_database`."""
    from sqlalchemy import text

    name = f"cpts_test_{os.getpid()}"
    with maintenance.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield server_url.set(database=name).render_as_string(hide_password=False)
    with maintenance.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def cheap_passwords() -> None:
    """Passwords cost next to nothing here: a quarter of a second each, in hundreds of tests.

    Processes that tests start have the parameters of the service; so have the tests of what
    is stored (`tests/web/test_accounts.py`).
    """
    from argon2 import PasswordHasher
    from argon2.profiles import CHEAPEST

    from app.accounts.people import passwords

    passwords._HASHER = PasswordHasher.from_parameters(CHEAPEST)


@pytest.fixture(scope="session")
def session_engine(test_database: str, cheap_passwords: None) -> Iterator[Engine]:
    from app.database.engine import create_database_engine

    engine = create_database_engine(test_database)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def test_database(fresh_clone: str, emptying: Emptying) -> str:
    """Address of this process's own database.

    What tests fill is known before any of them may: a service that a test starts writes
    rows, which would be taken for reference data afterwards.
    """
    return fresh_clone


@pytest.fixture(scope="session")
def emptying(fresh_clone: str, owner_url: URL) -> Iterator[Emptying]:
    """What empties this process's database, under the owner's role."""
    import psycopg
    from sqlalchemy import create_engine, make_url

    from tests.emptying import Emptying, allow_emptying

    with psycopg.connect(os.environ["CPTS_TEST_ADMINISTRATOR_URL"]) as connection:
        allow_emptying(connection, owner_url.username)
    owner = create_engine(
        owner_url.set(database=make_url(fresh_clone).database),
        pool_size=1,
        # Tests cut every connection to their database.
        pool_pre_ping=True,
    )
    yield Emptying(owner)
    owner.dispose()


@pytest.fixture
def engine(session_engine: Engine, emptying: Emptying) -> Iterator[Engine]:
    """An engine on a registry without any CPTS; whatever the test commits is removed."""
    yield session_engine
    emptying.empty()


@pytest.fixture(scope="session")
def settings_of_the_run(test_database: str) -> Settings:
    from app.settings import DatabaseSettings, MailSettings, ServiceSettings, Settings

    return Settings(
        database=DatabaseSettings(url=test_database),
        # Tests send what waits themselves: a look that is under way while an application
        # ends would leave its connection to nobody.
        mail=MailSettings(interval=3600),
        # What is past its term is removed when a test says so.
        service=ServiceSettings(upkeep=False),
    )


@pytest.fixture
def settings(settings_of_the_run: Settings) -> Settings:
    """Settings of this test's own; the environment is read once a run, which takes 20 ms."""
    return settings_of_the_run.model_copy(deep=True)


@pytest.fixture(scope="session")
def sessions_of_the_run(settings_of_the_run: Settings) -> Iterator[Sessions]:
    """The connections of all applications: each of them would make four, of 20 ms and more."""
    from app.main import open_sessions

    # All that was imported stays: a tenth of a test's time was looking through it again.
    gc.collect()
    gc.freeze()
    sessions = open_sessions(settings_of_the_run)
    yield sessions
    sessions.dispose()


@pytest.fixture
def app(engine: Engine, settings: Settings, sessions_of_the_run: Sessions) -> FastAPI:
    from app.main import create_app

    return create_app(settings, sessions=sessions_of_the_run.afresh())


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """An HTTP client of the application, in process; a server error becomes its answer."""
    from starlette.testclient import TestClient

    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def mailbox(app: FastAPI) -> Mailbox:
    """Where the application's messages end up; to be asked for before `client`."""
    from dataclasses import replace

    from tests.accounts.people import Mailbox

    mailbox = Mailbox()
    app.state.post = replace(app.state.post, carrier=mailbox)
    return mailbox


@pytest.fixture
def post(mailbox: Mailbox, app: FastAPI) -> Post:
    """What sends the messages that are due: `post.send_due()`."""
    sent: Post = app.state.post
    return sent


MakeToken = Callable[..., str]


@pytest.fixture
def make_token(engine: Engine) -> MakeToken:
    """Make a token: `make_token("ars", region="32")`."""
    from app.accounts.service import create_token
    from app.database.sessions import session_scope

    def make(role: str, region: str | None = None, cpts: int | None = None) -> str:
        with session_scope(engine) as session:
            return create_token(
                session, role=role, region=region, cpts_id=cpts, label=f"essai {role}"
            )

    return make


@pytest.fixture
def bearer(make_token: MakeToken) -> Callable[..., dict[str, str]]:
    """Headers of a caller: `bearer("ars", region="32")`."""

    def headers(role: str, **limits: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {make_token(role, **limits)}"}

    return headers


Register = Callable[..., int]


@pytest.fixture
def register(client: TestClient, bearer: Callable[..., dict[str, str]]) -> Register:
    """Register a CPTS through the API as an administrator and give its id."""
    headers = bearer("admin")

    def create(
        name: str, stage: str = "aci_signe", communes: tuple[str, ...] = (), **more: Any
    ) -> int:
        response = client.post(
            "/api/v1/cpts",
            json={"name": name, "stage": stage, "communes": list(communes), **more},
            headers=headers,
        )
        assert response.status_code == 201, response.text
        return int(response.json()["id"])

    return create


@pytest.fixture
def divide_commune(engine: Engine, emptying: Emptying) -> Iterator[Divide]:
    """Divide a commune into bands: `divide_commune("59350", ["Nord", "Sud"])`.

    Afterwards all is as the reference geography has it.
    """
    from functools import partial

    from tests import quarters

    yield partial(quarters.divide_commune, engine)
    emptying.empty(but=("division", "division_part"))
    quarters.undivide_all(engine)


@pytest.fixture
def complete_country(engine: Engine) -> None:
    """Every department is declared complete, always: « aucune CPTS » is then a fact."""
    from sqlalchemy import text

    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO department_completeness (department_code, complete)"
                " SELECT code, '[1900-01-01,)' FROM department"
            )
        )


@pytest.fixture
def live_server(app: FastAPI) -> Iterator[str]:
    """Base address of the application behind a real uvicorn, on a free loopback port."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive(), "the server stopped while starting"
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, which never looks for anything outside by itself."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CPTS_CHROMIUM", "/usr/bin/chromium"),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, live_server: str) -> Iterator[Page]:
    """A page on which every host but ours is blocked; `page.blocked` lists what was tried."""
    context = browser.new_context(base_url=live_server, locale="fr-FR")
    blocked: list[str] = []

    def refuse(route: Any) -> None:
        blocked.append(route.request.url)
        route.abort()

    # Of what is ours nothing comes by here: a page has dozens of requests.
    context.set_default_timeout(PATIENCE_MS)
    context.route(re.compile(f"^(?!{re.escape(live_server)}|data:|blob:)"), refuse)
    page = context.new_page()
    page.blocked = blocked  # type: ignore[attr-defined]
    yield page
    context.close()
