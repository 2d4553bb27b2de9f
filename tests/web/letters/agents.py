"""How the tests of the agents' pages fill in forms, with and without a browser."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

from starlette.testclient import TestClient

from tests.web.conftest import BROWSER

LILLE, MARCQ, MONS, RONCHIN, ARMENTIERES = "59350", "59378", "59410", "59507", "59017"
NICE = "06088"

Bearer = Callable[..., dict[str, str]]
MakeToken = Callable[..., str]
Register = Callable[..., int]


def shown(client: TestClient, address: str) -> str:
    response = client.get(address, headers=BROWSER)
    assert response.status_code == 200, response.text
    return response.text


def csrf_of(text: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', text)
    assert found
    return found[1]


def send(client: TestClient, page: str, address: str, **values: Any) -> Any:
    """Send a form of a page to an address, with the page's own token; `file` as an upload."""
    file = values.pop("file", None)
    return client.post(
        address,
        data={"csrf": csrf_of(shown(client, page)), **values},
        files={"file": file} if file else None,
        headers=BROWSER,
        follow_redirects=False,
    )


def words(text: str) -> str:
    """Give the text of a page without its tags, one space between words."""
    body = unescape(re.sub(r"<[^>]+>", " ", text.partition("<main")[2]))
    return re.sub(r"\s+", " ", body)
