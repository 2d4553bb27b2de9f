"""Whatever fails, no log names anyone: Python's, what the process prints, PostgreSQL's."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy import Engine, create_engine, text

from app.main import create_app
from app.settings import DatabaseSettings, Settings
from tests.administration import administration

PERSONS = ("Planté-Témoin", "zelie.plante@exemple.example", "0699887766")
CONTACT = {"name": "Zélie Planté-Témoin", "email": PERSONS[1], "phone": PERSONS[2]}
LETTER = {"name": "Projet d'essai", "communes": ["59350"], "contact": CONTACT}
Bearer = Callable[..., dict[str, str]]
Ask = Callable[..., httpx.Response]


class Strict(BaseModel):
    number: int


@pytest.fixture
def app(engine: Engine, test_database: str) -> FastAPI:
    """The application with little patience, and routes that fail in ways of their own."""
    app = create_app(
        Settings(database=DatabaseSettings(url=test_database, database_patience=1.0))
    )

    @app.get("/api/v1/fails/value")
    def value() -> None:
        raise ValueError(CONTACT)

    @app.get("/api/v1/fails/chained")
    async def chained() -> None:
        try:
            raise KeyError(PERSONS[0])
        except KeyError as missing:
            raise RuntimeError(PERSONS[1]) from missing

    @app.get("/api/v1/fails/validation")
    def validation() -> None:
        Strict.model_validate({"number": PERSONS[0]})

    @app.get("/api/v1/fails/answer", response_model=Strict)
    def answer() -> dict[str, str]:
        return {"number": PERSONS[0]}

    @app.get("/fails/page")
    def page() -> None:
        raise LookupError(PERSONS[0])

    @app.get("/api/v1/fails/midway")
    def midway() -> StreamingResponse:
        def parts() -> Iterator[bytes]:
            yield b"begun"
            raise ValueError(PERSONS[0])

        return StreamingResponse(parts())

    return app


class Logs:
    """Everything that was logged since this was made."""

    def __init__(
        self,
        folder: Path,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        self._folder, self._caplog, self._capfd = folder, caplog, capfd
        self._lengths = {path: path.stat().st_size for path in self._files()}

    def _files(self) -> list[Path]:
        return [*self._folder.glob("log/*"), *self._folder.parent.glob("start.log")]

    def read(self) -> str:
        """Give all of it: handlers' text and tracebacks, stdout and stderr, the server's."""
        printed = self._capfd.readouterr()
        parts = [self._caplog.text, printed.out, printed.err]
        for record in self._caplog.records:
            parts += [record.getMessage(), str(record.exc_info), record.exc_text or ""]
        for path in self._files():
            content = path.read_bytes()[self._lengths.get(path, 0) :]
            parts.append(content.decode(errors="replace"))
        return "\n".join(parts)


@pytest.fixture
def logs(
    app: FastAPI, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Logs:
    caplog.set_level("INFO")
    administration = create_engine(
        os.environ["CPTS_TEST_ADMINISTRATOR_URL"].replace(
            "postgresql://", "postgresql+psycopg://"
        )
    )
    with administration.connect() as connection:
        folder = connection.scalar(text("SHOW data_directory"))
        # The server's file is written by a process of its own: what this test counts on is
        # there before it begins.
        assert connection.scalar(text("SHOW log_parameter_max_length_on_error")) == "0"
    administration.dispose()
    return Logs(Path(str(folder)), caplog, capfd)


@pytest.fixture
def ask(live_server: str, bearer: Bearer) -> Iterator[Ask]:
    headers = bearer("admin")
    with httpx.Client(base_url=live_server, headers=headers, timeout=20) as client:
        yield client.request


def assert_no_person(logged: str, *expected: str) -> None:
    for person in PERSONS:
        assert person not in logged
    for part in expected:
        assert part in logged


@contextmanager
def on_deposit(engine: Engine, body: str) -> Iterator[None]:
    """Run PL/pgSQL before each letter is inserted."""
    with administration(engine) as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION fail_for_test() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN {body}; RETURN NEW; END $$",
            execution_options={"no_parameters": True},
        )
        connection.execute(
            text(
                "CREATE TRIGGER zz_fail_for_test BEFORE INSERT ON letter "
                "FOR EACH ROW EXECUTE FUNCTION fail_for_test()"
            )
        )
    try:
        yield
    finally:
        with administration(engine) as connection:
            connection.execute(text("DROP FUNCTION fail_for_test CASCADE"))


# All that PostgreSQL could say of a row, in its message and in each part beside it.
RAISE = (
    "RAISE 'refused: %', to_jsonb(NEW) USING ERRCODE = '{state}', "
    "DETAIL = to_jsonb(NEW)::text, HINT = NEW.contact_email"
)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("23514", 500),
        ("23505", 500),
        ("22P02", 500),
        ("P0001", 500),
        ("40P01", 503),
        ("40001", 503),
        ("55P03", 503),
        ("57014", 503),
        ("53100", 503),
        ("53200", 503),
        ("57P01", 503),
    ],
)
def test_an_error_of_the_database_is_logged_by_its_state(
    ask: Ask, engine: Engine, logs: Logs, state: str, status: int
) -> None:
    with on_deposit(engine, RAISE.format(state=state)):
        answer = ask("POST", "/api/v1/letters", json=LETTER)
    assert answer.status_code == status
    assert_no_person(answer.text)
    assert_no_person(logs.read(), f"SQLSTATE {state}")


def test_a_row_that_a_constraint_refuses_is_not_logged(
    ask: Ask, engine: Engine, logs: Logs
) -> None:
    with administration(engine) as connection:
        connection.execute(
            text("ALTER TABLE letter ADD CONSTRAINT for_test CHECK (contact_phone IS NULL)")
        )
    try:
        answer = ask("POST", "/api/v1/letters", json=LETTER)
    finally:
        with administration(engine) as connection:
            connection.execute(text("ALTER TABLE letter DROP CONSTRAINT for_test"))
    assert answer.status_code == 500
    assert_no_person(answer.text)
    assert_no_person(logs.read(), "CheckViolation", "constraint for_test")


@pytest.mark.parametrize(
    "body", ["PERFORM pg_terminate_backend(pg_backend_pid())", "PERFORM pg_sleep(5)"]
)
def test_a_connection_that_is_lost_or_an_answer_that_is_late_is_logged_without_the_row(
    ask: Ask, engine: Engine, logs: Logs, body: str
) -> None:
    with on_deposit(engine, body):
        answer = ask("POST", "/api/v1/letters", json=LETTER)
    assert answer.status_code == 503
    assert_no_person(logs.read(), "database:")


def test_a_deadlock_is_logged_without_its_statements(
    ask: Ask, engine: Engine, logs: Logs
) -> None:
    with administration(engine) as connection:
        connection.execute(text("CREATE TABLE for_test (id int PRIMARY KEY, told text)"))
        connection.execute(text("INSERT INTO for_test VALUES (1), (2)"))
        connection.execute(text("GRANT ALL ON for_test TO PUBLIC"))
    met = threading.Barrier(2, timeout=10)
    failed: list[str] = []

    def write(first: int, second: int) -> None:
        from app.exception_texts import safe_text  # noqa: PLC0415

        told = {"told": PERSONS[0]}
        try:
            with engine.begin() as connection:
                statement = "UPDATE for_test SET told = :told WHERE id = "
                connection.execute(text(f"{statement}{first}"), told)
                met.wait()
                connection.execute(text(f"{statement}{second}"), told)
        except Exception as error:
            failed.extend([str(error), safe_text(error)])

    try:
        threads = [threading.Thread(target=write, args=pair) for pair in ((1, 2), (2, 1))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    finally:
        with administration(engine) as connection:
            connection.execute(text("DROP TABLE for_test"))
    assert "SQLSTATE 40P01" in failed[1]
    assert_no_person("\n".join(failed))
    assert_no_person(logs.read())


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/api/v1/fails/value", "ValueError"),
        ("/api/v1/fails/chained", "KeyError"),
        ("/api/v1/fails/validation", "ValidationError"),
        ("/api/v1/fails/answer", "ResponseValidationError"),
        ("/fails/page", "LookupError"),
    ],
)
@pytest.mark.parametrize("accepted", ["*/*", "text/html"])
def test_an_error_of_the_program_is_logged_by_its_class_and_place(
    ask: Ask, logs: Logs, path: str, named: str, accepted: str
) -> None:
    answer = ask("GET", path, headers={"Accept": accepted})
    assert answer.status_code == 500
    assert_no_person(answer.text)
    assert_no_person(logs.read(), named, path)


def test_an_answer_that_breaks_off_is_logged_by_its_class_and_place(
    ask: Ask, logs: Logs
) -> None:
    with pytest.raises(httpx.HTTPError):
        ask("GET", "/api/v1/fails/midway")
    assert_no_person(logs.read(), "ValueError")


@pytest.mark.parametrize(
    "change",
    [
        {"communes": 3},
        {"contact": {"name": [CONTACT["name"]], "email": CONTACT["email"]}},
        {"contact": CONTACT | {"email": "zelie.plante@exemple.example zelie"}},
        {"unknown": CONTACT},
    ],
)
def test_what_is_refused_is_not_logged(ask: Ask, logs: Logs, change: dict[str, Any]) -> None:
    answer = ask("POST", "/api/v1/letters", json=LETTER | change)
    assert answer.status_code in (201, 422)
    assert_no_person(logs.read())


def test_what_went_well_is_not_logged(ask: Ask, logs: Logs) -> None:
    assert ask("POST", "/api/v1/letters", json=LETTER).status_code == 201
    assert_no_person(logs.read())
