"""A registry in the Hautes-Alpes and overseas, read as OGC API."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from starlette.testclient import TestClient

Register = Callable[..., int]
Read = Callable[..., Any]


@pytest.fixture
def registry(register: Register) -> list[int]:
    """Four CPTS, one of them without commune; their ids."""
    return [
        register("CPTS de Gap", communes=("05061",), themes=["diabete", "vaccination"]),
        register("CPTS d'Embrun", "lettre_intention_validee", ("05046",), acronym="É"),
        register("CPTS sans commune", "dynamique_identifiee"),
        register("CPTS de Cayenne", communes=("97302",), effective_on="2024-05-01"),
    ]


@pytest.fixture
def read(client: TestClient) -> Read:
    """Read an address below `/ogc` whose answer is JSON: `read("/collections", limit=1)`."""

    def asked(path: str, **parameters: Any) -> Any:
        answer = client.get(f"/ogc{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return asked
