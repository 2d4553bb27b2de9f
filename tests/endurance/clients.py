"""Clients that change the registry at random and remember what they were told.

Each client changes only the CPTS and the letters that it made, and all of them fight for the
same communes: what a client was told of its own is what the registry must hold, whatever
happened in between.
"""

import random
import re
import time
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.endurance.letters import Letters
from tests.endurance.memory import STAGES, Communes, Deposited, Remembered, Tally
from tests.endurance.service import REQUEST_S, START_S

_NUMBER = re.compile("[0-9]+")


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
    letters: dict[int, Deposited] = field(default_factory=dict)
    # Creations without an answer: a CPTS of that name may exist, or not.
    unanswered: dict[str, Communes] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self._named = 0
        self._letters = Letters(self)
        self._http = httpx2.Client(
            base_url=self.address,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=REQUEST_S,
        )

    def run(self, operations: int) -> None:
        """Do so many operations, one after the other."""
        for _ in range(operations):
            self.operation()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def operation(self) -> None:
        """Do one operation of whatever kind."""
        living = [number for number, known in self.cpts.items() if known.is_gone is False]
        choice = self.random.random()
        if choice < 0.28 and self._letters.operation(choice / 0.28, living):
            return
        if not living or choice < 0.4:
            self._create()
        elif choice < 0.62:
            self._put(self.random.choice(living))
        elif choice < 0.72:
            self._advance(self.random.choice(living))
        elif choice < 0.82:
            self._end(self.random.choice(living))
        else:
            self.read(self.random.choice(living))

    def some_communes(self, most: int = 6) -> Communes:
        """Choose communes, one at least."""
        return frozenset(self.random.sample(self.communes, self.random.randint(1, most)))

    def new_name(self, kind: str) -> str:
        """Give a name that nothing else has."""
        self._named += 1
        return f"{kind} {self.number}-{self._named}"

    def send(
        self, method: str, path: str, *, accepted: set[int], **more: Any
    ) -> httpx2.Response | None:
        """Give the answer, None when nobody knows what became of the request.

        Parameters: `accepted`, the statuses beside 503 that are no fault.
        """
        tally = self.tally
        tally.asked += 1
        try:
            answer = self._sent(method, path, **more)
        except httpx2.HTTPError:
            tally.cut += 1
            return None
        tally.longest_s = max(tally.longest_s, answer.elapsed.total_seconds())
        status = answer.status_code
        tally.statuses[status] = tally.statuses.get(status, 0) + 1
        if status == 503:
            said = str(answer.json()["detail"])
            tally.unavailable[said] = tally.unavailable.get(said, 0) + 1
            return None
        if status not in accepted:
            tally.unexpected.append(f"{method} {path} {more}: {status} {answer.text[:500]}")
        elif status < 300 and method != "GET":
            what = f"{method} {_NUMBER.sub('N', path.removeprefix('/api/v1'))}"
            tally.done[what] = tally.done.get(what, 0) + 1
        return answer

    def _sent(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """Send as soon as somebody listens: what was refused a connection changed nothing."""
        deadline = time.monotonic() + START_S
        while True:
            try:
                return self._http.request(method, path, **more)
            except httpx2.ConnectError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _create(self) -> None:
        communes = self.some_communes()
        # Half of them dynamics, with which letters then meet in conciliation.
        stage = self.random.choice((0, 0, 0, 1, 2, 3))
        name = self.new_name("CPTS")
        body = {"name": name, "stage": STAGES[stage], "communes": sorted(communes)}
        answer = self.send("POST", "/api/v1/cpts", json=body, accepted={201, 409})
        if answer is None:
            self.unanswered[name] = communes
        elif answer.status_code == 201:
            self.cpts[answer.json()["id"]] = Remembered(name, {stage}, [communes])

    def write_uncontested(self) -> None:
        """Create a CPTS that asks for no commune, and end it: nobody can contest either."""
        name = self.new_name("CPTS")
        body = {"name": name, "stage": STAGES[0], "communes": []}
        answer = self.send("POST", "/api/v1/cpts", json=body, accepted={201})
        if answer is None:
            self.unanswered[name] = frozenset()
        elif answer.status_code == 201:
            number = answer.json()["id"]
            self.cpts[number] = Remembered(name, {0}, [frozenset()])
            self._end(number)

    def _put(self, cpts: int) -> None:
        known, communes = self.cpts[cpts], self.some_communes()
        path, body = f"/api/v1/cpts/{cpts}/territory", {"communes": sorted(communes)}
        answer = self.send("PUT", path, json=body, accepted={200, 409})
        if answer is None:
            known.territories.append(communes)
        elif answer.status_code == 200:
            known.territories = [communes]

    def _advance(self, cpts: int) -> None:
        known = self.cpts[cpts]
        stage = min(max(known.stages) + 1, len(STAGES) - 1)
        body = {"stage": STAGES[stage]}
        answer = self.send("PATCH", f"/api/v1/cpts/{cpts}", json=body, accepted={200})
        if answer is None:
            known.stages.add(stage)
        elif answer.status_code == 200:
            known.stages = {stage}

    def _end(self, cpts: int) -> None:
        known = self.cpts[cpts]
        # What a letter has planned for it is not dropped in silence.
        accepted = {204, 409} if known.has_plan else {204}
        answer = self.send(
            "DELETE", f"/api/v1/cpts/{cpts}", params={"reason": "essai"}, accepted=accepted
        )
        if answer is None:
            known.is_gone = None
        elif answer.status_code == 204:
            known.is_gone = True

    def read(self, cpts: int) -> None:
        """Read its own CPTS as a visitor: the answer is never older than what it was told."""
        known = self.cpts[cpts]
        self.tally.asked += 1
        try:
            answer = httpx2.get(f"{self.address}/api/v1/cpts/{cpts}", timeout=REQUEST_S)
        except httpx2.HTTPError:
            self.tally.cut += 1
            return
        if answer.status_code == 503:
            return
        if answer.status_code != 200:
            self.tally.unexpected.append(f"read: {answer.status_code} {answer.text[:300]}")
            return
        seen = frozenset(commune["code"] for commune in answer.json()["communes"])
        if seen not in known.territories:
            self.tally.stale.append(f"{cpts}: {sorted(seen)} for {known.territories}")


def written(client: Client) -> int:
    """Give how many changes were confirmed to a client."""
    return sum(client.tally.done.values())
