"""How the tests of the procedure put letters on record and decide them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.testclient import TestClient

LILLE, MARCQ, MONS, RONCHIN, ARMENTIERES = "59350", "59378", "59410", "59507", "59017"
NICE = "06088"

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]


class Desk:
    """An office with the agents of the Hauts-de-France, and what they do to letters."""

    def __init__(self, client: TestClient, bearer: Bearer) -> None:
        self.client = client
        self.admin = bearer("admin")
        self.ars = bearer("ars", region="32")
        self.am = bearer("assurance_maladie", region="32")

    def post(self, path: str, body: dict[str, Any], by: dict[str, str] | None = None) -> Any:
        return self.client.post(f"/api/v1{path}", json=body, headers=by or self.ars)

    def deposit(
        self, *communes: str, by: dict[str, str] | None = None, **more: Any
    ) -> dict[str, Any]:
        body = {"name": "CPTS d'essai", "communes": list(communes)} | more
        response = self.post("/letters", body, by)
        assert response.status_code == 201, response.text
        letter: dict[str, Any] = response.json()
        return letter

    def decide(
        self, letter: int, by: dict[str, str], decision: str = "favorable", **more: Any
    ) -> Any:
        return self.post(f"/letters/{letter}/decisions", {"decision": decision} | more, by)

    def validate(self, letter: int) -> dict[str, Any]:
        assert self.decide(letter, self.ars).status_code == 200
        response = self.decide(letter, self.am)
        assert response.status_code == 200, response.text
        validated: dict[str, Any] = response.json()
        assert validated["state"] == "validee"
        return validated

    def letter(self, letter: int, by: dict[str, str] | None = None) -> dict[str, Any]:
        response = self.client.get(f"/api/v1/letters/{letter}", headers=by or self.admin)
        assert response.status_code == 200, response.text
        told: dict[str, Any] = response.json()
        return told

    def conciliations(self, by: dict[str, str] | None = None) -> list[dict[str, Any]]:
        response = self.client.get("/api/v1/conciliations", headers=by or {})
        assert response.status_code == 200, response.text
        items: list[dict[str, Any]] = response.json()["items"]
        return items

    def close(self, conciliation: int, outcome: str, **more: Any) -> Any:
        return self.post(
            f"/conciliations/{conciliation}/closure", {"outcome": outcome} | more, self.admin
        )


def codes(communes: list[dict[str, Any]]) -> list[str]:
    return [commune["code"] for commune in communes]
