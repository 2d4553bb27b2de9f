"""SQL that is long enough for a file of its own: `NAME.sql` beside the module that runs it."""

from functools import cache
from pathlib import Path

from sqlalchemy import TextClause, text


@cache
def script(module_file: str, name: str) -> str:
    """Read `NAME.sql` beside a module, once per process.

    Parameters: `module_file`, the `__file__` of the module; `name`, without `.sql`.
    Raises `FileNotFoundError` when there is no such file.
    """
    return Path(module_file).with_name(f"{name}.sql").read_text(encoding="utf-8")


@cache
def statement(module_file: str, name: str) -> TextClause:
    """Give `NAME.sql` beside a module as a statement; parameters and errors as `script`.

    All callers share it: to bind types, `bindparams` gives a copy.
    """
    return text(script(module_file, name))
