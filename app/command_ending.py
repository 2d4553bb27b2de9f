"""How a command ends: with one line, whatever stops it, and a status that says what did.

The table of statuses is in `docs/operate.md`. Only what is quick to import is imported
here, and the rest once something has gone wrong: this module comes first, so that a signal
is answered while the others are being imported.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# How often a signal that came during an import is tried again.
_AGAIN_S = 0.02
_SAID = {
    signal.SIGINT: "interrompu.",
    signal.SIGTERM: "arrêté par un signal (SIGTERM).",
    signal.SIGHUP: "arrêté : le terminal a été fermé (SIGHUP).",
}
_OUTPUT_CLOSED = 128 + signal.SIGPIPE


class Stopped(SystemExit):
    """A signal asks the command to end; whatever was started is stopped on the way out."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number


def end_without_work() -> None:
    """Let a signal end the process at once: nothing is under way that it could harm.

    The launcher starts Python with these signals held back; those that came meanwhile
    are answered here.
    """
    _handle(_end_now)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def end_with(work: Callable[[], int]) -> NoReturn:
    """Run a command and end the process with its status, and with one line if it failed.

    Parameters: `work`, which calls `begin_work` when it begins what must be undone, and
    gives the exit status.
    """
    sys.unraisablehook = _not_lost
    threading.excepthook = _of_thread
    try:
        status = work()
        sys.stdout.flush()
    except SystemExit as ended:
        if isinstance(ended, Stopped):
            _say(_SAID[signal.Signals(ended.number)])
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except KeyboardInterrupt:
        _say(_SAID[signal.SIGINT])
        status = 128 + signal.SIGINT
    except BrokenPipeError:
        _say("la sortie a été fermée avant la fin.")
        status = _OUTPUT_CLOSED
    except BaseException as error:
        status = _tell(error)
    _leave(status)


def begin_work() -> None:
    """Let a signal raise `Stopped` from here on, so that the command can clear up."""
    _handle(_stop)


def _tell(error: BaseException) -> int:
    try:
        # What it takes to recognise an error is slow to import.
        from app.command_errors import ending_of  # noqa: PLC0415

        status, line = ending_of(error)
    except BaseException:
        status, line = 70, f"erreur inattendue ({type(error).__name__})."
    _say(line, status)
    return status


def _say(line: str, status: int | None = None) -> None:
    """Write the last line, as the other lines of a log when they are JSON."""
    if os.environ.get("CPTS_LOG_FORMAT") == "json":
        told: dict[str, Any] = {"event": line, "level": "error"}
        if status is not None:
            told["exit_status"] = status
        line = json.dumps(told, ensure_ascii=False)
    elif line and not line.startswith("Usage:"):  # the help, for a group without its command
        line = "cpts : " + " ".join(line.split())
    # Standard error may be what is full or closed.
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def _leave(status: int) -> NoReturn:
    # From here on nothing is left to say or to undo.
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        # Python would try again, and say so at length.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


def _handle(handler: Callable[[int, FrameType | None], object]) -> None:
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, handler)


def _end_now(number: int, _frame: FrameType | None) -> None:
    _say(_SAID[signal.Signals(number)], 128 + number)
    os._exit(128 + number)


def _stop(number: int, frame: FrameType | None) -> None:
    if _imports(frame):
        # C extensions that import NumPy print what stops them, and printing a `SystemExit`
        # ends the process there: without a word, and with nothing cleared up.
        signal.signal(signal.SIGALRM, lambda _alarm, later: _stop(number, later))
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)
        return
    raise Stopped(number)


def _imports(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _not_lost(unraisable: "sys.UnraisableHookArgs") -> None:
    # A signal that fell into the clearing away of some object is raised once more.
    if isinstance(unraisable.exc_value, Stopped):
        signal.raise_signal(unraisable.exc_value.number)


def _of_thread(stopped: threading.ExceptHookArgs) -> None:
    if stopped.exc_value is not None and not isinstance(stopped.exc_value, SystemExit):
        _tell(stopped.exc_value)
