"""Clients that change the registry at random and remember what they were told.

Each client changes only the CPTS that it made, and all of them fight for the same
communes: what a client was told of its own CPTS is what the registry must hold,
whatever happened in between.
"""

import random
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.endurance.service import REQUEST_S

STAGES = (
    "dynamique_identifiee", "lettre_intention_validee", "association_creee",
    "projet_sante_valide", "aci_signe",
)  # fmt: skip


@dataclass
class Remembered:
    """A CPTS as its client knows it.

    `territories` holds the one that was confirmed last, and each that was asked for since
    without an answer: the registry holds one of them. `is_gone` is None when an end was
    asked for without an answer.
    """

    name: str
    stage: int
    territories: list[frozenset[str]]
    is_gone: bool | None = False


@dataclass
class Client:
    """One client with its own random numbers.

    Parameters: `address` of the service, `token` of an administrator, `communes` that all
    clients fight for, `number` of the client.
    """

    address: str
    token: str
    communes: list[str]
    number: int
    seed: int
    cpts: dict[int, Remembered] = field(default_factory=dict)
    # Creations without an answer: a CPTS of that name may exist, or not.
    unanswered: dict[str, frozenset[str]] = field(default_factory=dict)
    statuses: dict[int, int] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311
        self._http = httpx2.Client(
            base_url=self.address,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=REQUEST_S,
        )

    def run(self, operations: int) -> None:
        """Do so many operations, one after the other."""
        for _ in range(operations):
            self._operation()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _operation(self) -> None:
        living = [number for number, known in self.cpts.items() if known.is_gone is False]
        choice = self._random.random()
        if not living or choice < 0.25:
            self._create()
        elif choice < 0.6:
            self._put(self._random.choice(living))
        elif choice < 0.7:
            self._advance(self._random.choice(living))
        elif choice < 0.8:
            self._end(self._random.choice(living))
        else:
            self._read(self._random.choice(living))

    def _some_communes(self) -> frozenset[str]:
        return frozenset(self._random.sample(self.communes, self._random.randint(1, 6)))

    def _send(self, method: str, path: str, **more: Any) -> httpx2.Response | None:
        """Give the answer, None when nobody knows what became of the request."""
        self.asked += 1
        try:
            answer = self._http.request(method, path, **more)
        except httpx2.HTTPError:
            return None
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        # 503: busy or without its database, and nothing was written.
        if answer.status_code >= 500 and answer.status_code != 503:
            self.unexpected.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer

    def _create(self) -> None:
        communes = self._some_communes()
        stage = self._random.randrange(1, len(STAGES))
        name = f"CPTS {self.number}-{self.asked}"
        body = {"name": name, "stage": STAGES[stage], "communes": sorted(communes)}
        answer = self._send("POST", "/api/v1/cpts", json=body)
        if answer is None or answer.status_code == 503:
            self.unanswered[name] = communes
        elif answer.status_code == 201:
            self.cpts[answer.json()["id"]] = Remembered(name, stage, [communes])
        elif answer.status_code != 409:
            self.unexpected.append(f"creation: {answer.status_code} {answer.text[:300]}")

    def _put(self, cpts: int) -> None:
        known, communes = self.cpts[cpts], self._some_communes()
        body = {"communes": sorted(communes)}
        answer = self._send("PUT", f"/api/v1/cpts/{cpts}/territory", json=body)
        if answer is None or answer.status_code == 503:
            known.territories.append(communes)
        elif answer.status_code == 200:
            known.territories = [communes]
        elif answer.status_code != 409:
            self.unexpected.append(f"territory: {answer.status_code} {answer.text[:300]}")

    def _advance(self, cpts: int) -> None:
        known = self.cpts[cpts]
        stage = min(known.stage + 1, len(STAGES) - 1)
        answer = self._send("PATCH", f"/api/v1/cpts/{cpts}", json={"stage": STAGES[stage]})
        if answer is not None and answer.status_code == 200:
            known.stage = stage

    def _end(self, cpts: int) -> None:
        answer = self._send("DELETE", f"/api/v1/cpts/{cpts}", params={"reason": "essai"})
        if answer is None or answer.status_code == 503:
            self.cpts[cpts].is_gone = None
        elif answer.status_code == 204:
            self.cpts[cpts].is_gone = True
        else:
            self.unexpected.append(f"end: {answer.status_code} {answer.text[:300]}")

    def _read(self, cpts: int) -> None:
        """Read its own CPTS as a visitor: the answer is never older than what it was told."""
        known = self.cpts[cpts]
        self.asked += 1
        try:
            answer = httpx2.get(f"{self.address}/api/v1/cpts/{cpts}", timeout=REQUEST_S)
        except httpx2.HTTPError:
            return
        if answer.status_code == 503:
            return
        if answer.status_code != 200:
            self.unexpected.append(f"read: {answer.status_code} {answer.text[:300]}")
            return
        seen = frozenset(commune["code"] for commune in answer.json()["communes"])
        if seen not in known.territories:
            self.stale.append(f"{cpts}: {sorted(seen)} for {known.territories}")
