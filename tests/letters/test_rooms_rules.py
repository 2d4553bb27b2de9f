"""The tests of letters lie where the code that they try does."""

from app.settings import PROJECT_ROOT


def _rooms(of: str) -> set[str]:
    return {path.parent.name for path in (PROJECT_ROOT / of).glob("*/__init__.py")}


def test_every_room_of_letters_has_one_for_its_tests_and_the_reverse() -> None:
    rooms = _rooms("app/letters")
    assert "decisions" in rooms
    assert _rooms("tests/letters") == rooms
    for room in rooms:
        assert list((PROJECT_ROOT / "tests/letters" / room).glob("test_*.py")) != []
