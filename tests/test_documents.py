"""What the documents name is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("geo_data/*.md")]
)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)$", re.M)
# A path below the root, without a place for a name (GROUP, NOUN, NNNN).
_PATH = re.compile(r"`((?:app|tests|docs|migrations|geo_data|deploy|\.ci)/[a-z0-9_./-]*)`")


def _anchors(document: Path) -> Iterator[str]:
    for heading in _HEADING.findall(document.read_text("utf-8")):
        yield re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings_that_are_there(document: Path) -> None:
    for link in _LINK.findall(document.read_text("utf-8")):
        if "://" in link or link.startswith("mailto:"):
            continue
        file, _, anchor = link.partition("#")
        target = (document.parent / file) if file else document
        assert target.exists(), link
        assert not anchor or anchor in set(_anchors(target)), link


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_files_to_touch_are_there(name: str) -> None:
    named = _PATH.findall((ROOT / name).read_text("utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_whoever_contributes_is_told_which_files_to_touch() -> None:
    named = _PATH.findall((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    assert len(set(named)) > 20


def test_every_decision_is_in_the_index_once_and_under_a_ten_that_is_explained() -> None:
    directory = ROOT / "docs" / "adr"
    index = (directory / "README.md").read_text("utf-8")
    decisions = sorted(path.name for path in directory.glob("[0-9]*.md"))
    assert decisions
    assert sorted(re.findall(r"\]\(([0-9][^)]*)\)", index)) == decisions
    numbers = [name.split("-")[0] for name in decisions]
    assert len(set(numbers)) == len(numbers)
    explained = set(re.findall(r"^\| (\d\d)x \|", index, re.M))
    assert {number[:2] for number in numbers} == explained


def test_every_guide_is_listed_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for guide in (ROOT / "docs").glob("*.md"):
        assert f"(docs/{guide.name})" in readme


def test_every_room_is_listed_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    rooms = [path.parent.name for path in (ROOT / "app").glob("*/__init__.py")]
    assert rooms
    assert [room for room in rooms if f"app/{room}/" not in readme] == []
