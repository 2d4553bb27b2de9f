"""French as it is printed, on every page: apostrophes, spaces, agreement, no English left."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from tests.accounts.people import make_person, session_of
from tests.web.conftest import BROWSER

Register = Callable[..., int]
Bearer = Callable[..., dict[str, str]]

PUBLIC = (
    "/", "/recherche?q=gap", "/recherche?q=introuvable", "/regions", "/regions/93",
    "/departements/05", "/departements/05/communes-sans-cpts", "/communes/05061",
    "/communes/05023", "/communes/75113", "/communes/69381", "/communes/75056",
    "/communes/59350",
    "/cpts/1", "/cpts/2", "/cpts/3", "/statistiques", "/statistiques?at=2021-03-04",
    "/bilan", "/bilan?region=93",
    "/lettres/verification", "/lettres/verification?communes=05061,05023",
    "/lettres/verification?communes=05070", "/connexion", "/mot-de-passe-oublie",
    "/invitation/x", "/donnees", "/integrer", "/embed/carte", "/mentions-legales",
    "/donnees-personnelles", "/accessibilite", "/aide", "/maps/cpts", "/cpts/404",
    "/n-existe-pas",
    "/ogc?f=html", "/ogc/api?f=html", "/ogc/conformance?f=html", "/ogc/collections?f=html",
    "/ogc/collections/cpts?f=html", "/ogc/collections/cpts/schema?f=html",
    "/ogc/collections/communes/queryables?f=html", "/ogc/collections/cpts/items?f=html",
    "/ogc/collections/cpts/items/1?f=html", "/ogc/collections/regions/items/93?f=html",
    "/cpts/1?at=hier",
)  # fmt: skip
SIGNED_IN = (
    "/lettres", "/lettres/depot", "/lettres/1", "/lettres/2", "/lettres/conciliations/1",
    "/compte", "/compte/jetons", "/comptes",
)  # fmt: skip

_UNSEEN = {"script", "style", "code", "kbd", "pre", "samp", "textarea"}
_READ_OUT = ("alt", "aria-label", "aria-description", "placeholder", "title", "data-label")
SLIPS = (
    ("straight apostrophe", re.compile(r"\w'\w|\w'(?=\s)")),
    ("breaking space before a high sign", re.compile(r"\w [:;!?%»]|« ")),
    ("no space before a high sign", re.compile(r"\d%|[a-zé»)]{2}[;!?](?=\s|$)|[a-zé]{2}:\s")),
    ("three dots", re.compile(r"\.\.\.")),
    ("agreement", re.compile(
        r"arrondissement est couverte"
        r"|(?<![\d,\u202f\xa0/])\b[01]\s(?!fois|mois)[a-zéè]{3,}s\b"
    )),
    ("English", re.compile(
        r"\b(None|null|undefined|NaN|True|False|Not Found|Field required"
        r"|Input should|value_error|loading|close|search|submit|loc|query|path)\b"
    )),
    ("two words for one", re.compile(r"\w+(?:elles|ives)/\w+")),
)  # fmt: skip


class _Words(HTMLParser):
    """Collects what a page says: its text, and what is read out of attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        given = dict(attrs)
        read = [*_READ_OUT, *(["content"] if given.get("name") == "description" else [])]
        self.said += [text for name in read if (text := given.get(name))]

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen -= 1

    def handle_data(self, data: str) -> None:
        if not self._unseen and data.strip():
            self.said.append(" ".join(data.replace("\n", " ").split(" ")).strip())


def slips_of(page: str) -> list[str]:
    """List the slips of a page, each with the words around it."""
    words = _Words()
    words.feed(page)
    return [
        f"{name}: {text[max(0, found.start() - 25) : found.end() + 25]!r}"
        for text in words.said
        for name, pattern in SLIPS
        for found in pattern.finditer(text)
    ]


@pytest.mark.parametrize(
    "slip",
    [
        "L'ARS", "56%", "Attention !", "« ici", "Chargement...", "Pourquoi?", "Région: Corse",
        "L’arrondissement est couverte", "optionnelles/facultatives", "Field required",
    ],
)  # fmt: skip
def test_each_slip_is_found(slip: str) -> None:
    assert slips_of(f"<p>Avant</p><p title='x'>{slip} </p>")
    assert slips_of(f'<img alt="{slip}">')
    assert not slips_of(f"<p><code>{slip}</code></p>")


def test_good_french_has_no_slip() -> None:
    assert not slips_of(
        "<p>L’ARS, à 8\u202f% : «\u00a0oui\u00a0»\u202f! 12:30 https://a.test/?b=c</p>"
    )


@pytest.fixture
def pages(
    client: TestClient, engine: Engine, alps: dict[str, int], bearer: Bearer
) -> dict[str, str]:
    """Every page by its address, those of letters as an administrator sees them."""
    for name in ("Projet Un", "Projet Deux"):
        body = {"name": name, "communes": ["05070"], "contact": {"name": "Camille Exemple"}}
        assert client.post("/api/v1/letters", json=body, headers=bearer("admin")).is_success
    make_person(engine, "admin", email="admin@exemple.example", name="Personne")
    cookie = {"Cookie": f"cpts-agent={session_of(engine, 'admin@exemple.example')}"}
    return {
        **{address: client.get(address, headers=BROWSER).text for address in PUBLIC},
        **{
            address: client.get(address, headers=BROWSER | cookie).text for address in SIGNED_IN
        },
    }


def test_no_page_has_a_slip(pages: dict[str, str]) -> None:
    assert [address for address, page in pages.items() if "</html>" not in page] == []
    found = {address: slips for address, page in pages.items() if (slips := slips_of(page))}
    assert found == {}, "\n".join(f"{a}\n  " + "\n  ".join(s) for a, s in found.items())
