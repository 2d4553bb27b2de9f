"""How the tests of letters ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from tests.letters.desk import Desk

Check = Callable[..., dict[str, Any]]


@pytest.fixture
def check(client: TestClient) -> Check:
    """Ask for a check that must be answered: `check(["59163"], effective_on="2027-01-01")`."""

    def ask(communes: list[str] | None = None, **more: Any) -> dict[str, Any]:
        question = {"communes": communes, **more} if communes is not None else more
        response = client.post("/api/v1/letters/check", json=question)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    return ask


@pytest.fixture
def desk(client: TestClient, bearer: Callable[..., dict[str, str]]) -> Desk:
    from tests.letters.desk import Desk

    return Desk(client, bearer)


def codes(communes: list[dict[str, Any]]) -> set[str]:
    """Give the codes of communes of an answer."""
    return {commune["code"] for commune in communes}
