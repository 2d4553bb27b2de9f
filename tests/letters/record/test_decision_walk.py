"""How far one decision walks through the code, from its endpoint to its answer."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import Engine

import app
from app.accounts.service import recognise
from app.database.sessions import session_scope
from app.letters.record.endpoints import LetterChange, decide_letter
from app.letters.record.schemas import Decision
from tests.letters.desk import Desk

ROOT = Path(app.__file__).parent
ROOMS = (str(ROOT / "letters"), str(ROOT / "cpts"))
LILLE = "59350"


class Walk:
    """The files that control came through, each time that it came to another one."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    @property
    def files(self) -> set[str]:
        return set(self.steps)

    @property
    def returns(self) -> int:
        """How often control came back to a file that it had left."""
        return len(self.steps) - len(self.files)

    def seen(self, frame: FrameType | None) -> None:
        while frame is not None and not frame.f_code.co_filename.startswith(ROOMS):
            frame = frame.f_back
        if frame is not None:
            name = frame.f_code.co_filename.removeprefix(f"{ROOT}/")
            if not self.steps or self.steps[-1] != name:
                self.steps.append(name)

    @contextmanager
    def watched(self) -> Iterator[None]:
        def profile(frame: FrameType, event: str, _argument: Any) -> None:
            if event == "call":
                self.seen(frame)
            elif event == "return":
                self.seen(frame.f_back)

        before = sys.getprofile()
        sys.setprofile(profile)
        try:
            yield
        finally:
            sys.setprofile(before)


def walk(engine: Engine, letter: int, headers: dict[str, str]) -> Walk:
    found = Walk()
    with session_scope(engine) as session:
        caller = recognise(session, headers["Authorization"].removeprefix("Bearer "))
        assert caller is not None
        with found.watched():
            decide_letter(LetterChange(session, letter), Decision(decision="favorable"), caller)
    return found


def test_no_decision_walks_further_than_it_did(engine: Engine, desk: Desk) -> None:
    letter = desk.deposit(LILLE)["id"]
    first, second = walk(engine, letter, desk.ars), walk(engine, letter, desk.am)
    assert desk.letter(letter)["state"] == "validee"
    assert first.files < second.files
    assert "letters/decisions/service.py" in first.files
    assert "cpts/claims/repository.py" in second.files
    # CONTRIBUTING.md has the figures, and what they are meant to become.
    assert len(first.files) <= 9
    assert len(second.files) <= 20
    assert first.returns <= 40
    assert second.returns <= 130
