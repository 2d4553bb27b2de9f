"""What the service writes of its running: one line per event, as text or as JSON.

Everything that logs, uvicorn and the libraries included, goes through one formatter. A line
names neither persons nor secrets: errors are given by type, code and place
(`app.exception_texts`), requests by the template of their route.
"""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from app.exception_texts import places_of, safe_text
from app.progress import SilentProgress, Step
from app.settings import LogSettings

# Ours and the server's; other libraries are heard when something is wrong only, because
# what they say beneath that quotes what they work on: SQL with its parameters, forms.
_HEARD = ("app", "uvicorn")
_FIRST = ("timestamp", "level", "event")
_LONGEST = 2_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def configure_logs(settings: LogSettings, stream: IO[str] | None = None) -> None:
    """Let everything that is logged leave through one formatter.

    Parameters: `settings`; `stream` to write to, standard error when None.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(_without_quotations)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_chain(),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _on_one_line,
                _renderer(settings.log_format),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in _HEARD:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(settings.log_level.upper())
    for name in ("uvicorn.error", "uvicorn.asgi", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[*_chain(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class LogProgress(SilentProgress):
    """Long steps as events, for a log in JSON."""

    def __init__(self) -> None:
        self._log = logging.getLogger("app.progress")

    def say(self, line: str) -> None:
        """Log the line."""
        self._log.info("%s", line)

    @contextmanager
    def step(self, label: str, total: float | None = None) -> Iterator[Step]:
        """Log that the step began and that it ended."""
        self.say(f"{label}…")
        with super().step(label, total) as step:
            yield step
        self.say(f"{label} : fait")


def _chain() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(("database_process",)),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _safe_exception,
    ]


def _renderer(form: str) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    return structlog.processors.LogfmtRenderer(key_order=_FIRST, bool_as_flag=False)


def _without_quotations(record: logging.LogRecord) -> bool:
    """Replace errors among a record's arguments, and what libraries quote of them."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            safe_text(value) if isinstance(value, BaseException) else value
            for value in record.args
        )
    elif isinstance(record.args, BaseException):
        record.args = (safe_text(record.args),)
    if isinstance(record.msg, BaseException):
        record.msg = safe_text(record.msg)
    if not record.name.startswith(_HEARD) and isinstance(record.msg, str):
        # asyncio describes tasks over several lines, with the error's text.
        record.msg = record.getMessage().split("\n", 1)[0].partition("exception=")[0]
        record.args = ()
    return True


def _safe_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error: Any = given
    if given is True:
        error = sys.exc_info()[1]
    elif isinstance(given, tuple):
        error = given[1]
    if isinstance(error, BaseException):
        event["error"] = safe_text(error)
        places = places_of(error)
        if places:
            event["at"] = " > ".join(places[-8:])
    return event


def _on_one_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    # A line that a caller could begin would be a line of the caller's.
    for key, value in list(event.items()):
        if value is None:
            del event[key]
        elif isinstance(value, str):
            event[key] = _CONTROL.sub(" ", value)[:_LONGEST].strip()
    return event
