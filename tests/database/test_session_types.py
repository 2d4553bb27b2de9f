"""Whoever takes a session says whether it reads or writes."""

import ast
from functools import cache

from app.settings import PROJECT_ROOT

APP = PROJECT_ROOT / "app"
# `ReadSession` and `WriteSession` are what FastAPI hands to an endpoint.
READING = {"ReadingSession", "ReadSession"}
WRITING = {"WritingSession", "WriteSession"}
# What a statement that writes begins with.
WRITES = {"insert", "update", "delete", "upsert"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def _functions() -> list[tuple[str, Function]]:
    return [
        (f"{path.relative_to(APP)}:{node.lineno} {node.name}", node)
        for path in sorted(APP.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def _session_of(function: Function) -> str | None:
    """Give the type of the parameter `session`, an empty text without one; None if none is."""
    arguments = function.args
    for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if each.arg == "session":
            return ast.unparse(each.annotation).strip("'") if each.annotation else ""
    return None


def _written(function: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in WRITES
        for node in ast.walk(function)
    )


def test_every_session_is_of_a_kind() -> None:
    taken = {where: _session_of(each) for where, each in _functions()}
    typed = {where: kind for where, kind in taken.items() if kind is not None}
    assert len(typed) > 200
    assert {where: kind for where, kind in typed.items() if kind not in READING | WRITING} == {}


def test_only_endpoints_are_given_the_session_of_a_request() -> None:
    asking = {
        where
        for where, function in _functions()
        if _session_of(function) in {"ReadSession", "WriteSession"}
    }
    assert len(asking) > 40
    files = {where.partition(":")[0] for where in asking}
    # A group of pages may spread its endpoints over two modules.
    assert {file for file in files if not file.endswith("/endpoints.py")} == {
        "web/sheets/reporting.py"
    }


def test_nobody_takes_a_bare_session_by_another_name() -> None:
    bare = [
        where
        for where, function in _functions()
        for each in (*function.args.args, *function.args.kwonlyargs)
        if each.annotation is not None and ast.unparse(each.annotation) == "Session"
    ]
    assert bare == []


def test_what_writes_takes_a_session_that_may() -> None:
    writing = {
        where: _session_of(function) for where, function in _functions() if _written(function)
    }
    assert len(writing) > 20
    assert {
        w: kind for w, kind in writing.items() if kind is not None and kind in READING
    } == {}
