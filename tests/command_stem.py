"""The process that commands of tests are forked from: it has imported what is not ours.

Nine tenths of a command's start are the imports of libraries, the same ones each time. What
is ours a command imports by itself, as anywhere. Asked by `tests/command_processes.py`: a
request is a line of JSON on the standard input, its exit status a line on the output.
"""

import gc
import json
import os
import runpy
import sys

# Where a command's time goes before it does anything (`python -X importtime`).
import babel.numbers  # noqa: F401
import fastapi  # noqa: F401
import geoalchemy2  # noqa: F401
import psycopg  # noqa: F401
import pydantic_settings  # noqa: F401
import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.orm  # noqa: F401
import typer  # noqa: F401


def _become(request: dict[str, object]) -> None:
    """Be the command in this process, which ends with it."""
    environment, files = request["environment"], request["files"]
    assert isinstance(environment, dict)
    assert isinstance(files, list)
    for number, name in enumerate(files):
        opened = os.open(name, os.O_RDWR)
        os.dup2(opened, number)
        os.close(opened)
    # Those of the stem have read ahead.
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8")  # noqa: SIM115, PTH123 (until the end)
        for number, mode in enumerate("rww")
    )
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = request["arguments"]  # type: ignore[call-overload]
    runpy.run_module("app", run_name="__main__", alter_sys=True)


def main() -> None:
    """Answer one request after the other until nobody asks any more."""
    # Of what is never thrown away no command copies the pages.
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            # It ends as any command does, by way of the interpreter's own end.
            _become(json.loads(line))
            return
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
