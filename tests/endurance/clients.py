"""Clients that change the registry at random and remember what they were told.

Each client changes only the CPTS and the letters that it made, and all of them fight for the
same communes: what a client was told of its own is what the registry must hold, whatever
happened in between.
"""

import random
import re
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2

from app.database.calendar import today
from tests.endurance.service import REQUEST_S, START_S

STAGES = (
    "dynamique_identifiee", "lettre_intention_validee", "association_creee",
    "projet_sante_valide", "aci_signe",
)  # fmt: skip
# The person of every letter; no log may hold a part of it.
PERSONS = ("Planté-Témoin", "zelie.plante@exemple.example", "0699887766")
CONTACT = {"name": "Zélie Planté-Témoin", "email": PERSONS[1], "phone": PERSONS[2]}
PENDING = "pending"
_NUMBER = re.compile("[0-9]+")
# Days from the deposit of an amendment to its effect.
AHEAD = timedelta(days=30)


@dataclass
class Remembered:
    """A CPTS as its client knows it.

    `territories` holds the one that was confirmed last, and each that was asked for since
    without an answer: the registry holds one of them; `stages` (ranks) likewise. `is_gone`
    is None when an end was asked for without an answer. `add` and `withdraw` are what a
    validated letter has planned, None when nobody knows whether one was validated.
    """

    name: str
    stages: set[int]
    territories: list[frozenset[str]]
    is_gone: bool | None = False
    has_letter: bool = False
    add: frozenset[str] | None = frozenset()
    withdraw: frozenset[str] | None = frozenset()


@dataclass
class Deposited:
    """A letter as its client knows it.

    `states` are those that it may be in; `add` and `withdraw` what it asks for, of the CPTS
    `cpts` or of one to come.
    """

    name: str
    cpts: int | None
    add: frozenset[str]
    withdraw: frozenset[str] = frozenset()
    states: set[str] = field(default_factory=lambda: {PENDING})
    decided: set[str] = field(default_factory=set)


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
    unanswered: dict[str, frozenset[str]] = field(default_factory=dict)
    statuses: dict[int, int] = field(default_factory=dict)
    # What a 503 said, and how often no answer came at all.
    unavailable: dict[str, int] = field(default_factory=dict)
    cut: int = 0
    done: dict[str, int] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    asked: int = 0
    longest_s: float = 0.0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
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
        open_letters = [
            number for number, letter in self.letters.items() if letter.states == {PENDING}
        ]
        choice = self._random.random()
        if choice < 0.12 and open_letters:
            self._decide(self._random.choice(open_letters))
        elif not living or choice < 0.25:
            self._create()
        elif choice < 0.32:
            self._deposit(self._random.choice([*living, None]))
        elif choice < 0.35 and open_letters:
            self._withdraw(open_letters[0])
        elif choice < 0.6:
            self._put(self._random.choice(living))
        elif choice < 0.7:
            self._advance(self._random.choice(living))
        elif choice < 0.8:
            self._end(self._random.choice(living))
        else:
            self._read(self._random.choice(living))

    def _some_communes(self, most: int = 6) -> frozenset[str]:
        return frozenset(self._random.sample(self.communes, self._random.randint(1, most)))

    def _send(
        self, method: str, path: str, *, accepted: set[int], **more: Any
    ) -> httpx2.Response | None:
        """Give the answer, None when nobody knows what became of the request.

        Parameters: `accepted`, the statuses beside 503 that are no fault.
        """
        self.asked += 1
        try:
            answer = self._sent(method, path, **more)
        except httpx2.HTTPError:
            self.cut += 1
            return None
        self.longest_s = max(self.longest_s, answer.elapsed.total_seconds())
        status = answer.status_code
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status == 503:
            said = str(answer.json()["detail"])
            self.unavailable[said] = self.unavailable.get(said, 0) + 1
            return None
        if status not in accepted:
            self.unexpected.append(f"{method} {path} {more}: {status} {answer.text[:500]}")
        elif status < 300:
            what = f"{method} {_NUMBER.sub('N', path.removeprefix('/api/v1'))}"
            self.done[what] = self.done.get(what, 0) + 1
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
        communes = self._some_communes()
        stage = self._random.randrange(1, len(STAGES))
        name = f"CPTS {self.number}-{self.asked}"
        body = {"name": name, "stage": STAGES[stage], "communes": sorted(communes)}
        answer = self._send("POST", "/api/v1/cpts", json=body, accepted={201, 409})
        if answer is None:
            self.unanswered[name] = communes
        elif answer.status_code == 201:
            self.cpts[answer.json()["id"]] = Remembered(name, {stage}, [communes])

    def _put(self, cpts: int) -> None:
        known, communes = self.cpts[cpts], self._some_communes()
        path, body = f"/api/v1/cpts/{cpts}/territory", {"communes": sorted(communes)}
        answer = self._send("PUT", path, json=body, accepted={200, 409})
        if answer is None:
            known.territories.append(communes)
        elif answer.status_code == 200:
            known.territories = [communes]

    def _advance(self, cpts: int) -> None:
        known = self.cpts[cpts]
        stage = min(max(known.stages) + 1, len(STAGES) - 1)
        body = {"stage": STAGES[stage]}
        answer = self._send("PATCH", f"/api/v1/cpts/{cpts}", json=body, accepted={200})
        if answer is None:
            known.stages.add(stage)
        elif answer.status_code == 200:
            known.stages = {stage}

    def _end(self, cpts: int) -> None:
        known = self.cpts[cpts]
        # What a letter has planned for it is not dropped in silence.
        accepted = {204} if known.add == frozenset() and not known.withdraw else {204, 409}
        answer = self._send(
            "DELETE", f"/api/v1/cpts/{cpts}", params={"reason": "essai"}, accepted=accepted
        )
        if answer is None:
            known.is_gone = None
        elif answer.status_code == 204:
            known.is_gone = True

    def _deposit(self, cpts: int | None) -> None:
        """Deposit a letter: for a CPTS to come, or an amendment ahead of one that is there."""
        known = self.cpts[cpts] if cpts is not None else None
        name = f"Projet {self.number}-{self.asked}"
        communes = self._some_communes(2)
        held: frozenset[str] = frozenset()
        body: dict[str, Any] = {"name": name, "contact": CONTACT}
        if known is not None and cpts is not None:
            held = known.territories[0]
            communes |= frozenset(self._random.sample(sorted(held), max(1, len(held) - 1)))
            if known.has_letter or len(known.territories) > 1 or communes == held:
                self._read(cpts)
                return
            body |= {
                "kind": "amendment",
                "cpts": cpts,
                "effective_on": (today() + AHEAD).isoformat(),
            }
        body["communes"] = sorted(communes)
        # 409: a recognised CPTS holds a commune of it.
        answer = self._send("POST", "/api/v1/letters", json=body, accepted={201, 409})
        if answer is not None and answer.status_code == 201:
            self.letters[answer.json()["id"]] = Deposited(
                name, cpts, communes - held, held - communes
            )
            if known is not None:
                known.has_letter = True

    def _decide(self, number: int) -> None:
        letter = self.letters[number]
        missing = [each for each in ("ars", "assurance_maladie") if each not in letter.decided]
        authority = missing[0] if missing else "ars"
        decision = "favorable" if self._random.random() < 0.9 else "defavorable"
        body = {"decision": decision, "authority": authority}
        known = self.cpts[letter.cpts] if letter.cpts is not None else None
        # A CPTS that has ended is not amended; who disputes a commune is not let through.
        accepted = {200, 409} if known is None or known.is_gone is False else {200, 409, 422}
        path = f"/api/v1/letters/{number}/decisions"
        answer = self._send("POST", path, json=body, accepted=accepted)
        if answer is None:
            letter.states = {PENDING, "refusee", "validee"}
            if known is not None:
                known.add = known.withdraw = None
            else:
                self.unanswered[letter.name] = letter.add
        elif answer.status_code == 200:
            letter.decided.add(authority)
            told = answer.json()
            if told["state"] in ("refusee", "validee"):
                letter.states = {told["state"]}
            if told["state"] == "validee":
                self._take_in(letter, told)

    def _take_in(self, letter: Deposited, told: dict[str, Any]) -> None:
        """Remember what a validated letter has made or planned."""
        if letter.cpts is None:
            number = told["resulting_cpts"]["id"]
            self.cpts[number] = Remembered(letter.name, {1}, [letter.add])
            return
        known = self.cpts[letter.cpts]
        # What came or went since the deposit is no longer planned.
        known.add = letter.add.difference(*known.territories)
        known.withdraw = letter.withdraw.intersection(*known.territories)

    def _withdraw(self, number: int) -> None:
        letter = self.letters[number]
        path = f"/api/v1/letters/{number}/withdrawal"
        answer = self._send("POST", path, json={}, accepted={200})
        if answer is None:
            letter.states = {PENDING, "retiree"}
        elif answer.status_code == 200:
            letter.states = {"retiree"}

    def _read(self, cpts: int) -> None:
        """Read its own CPTS as a visitor: the answer is never older than what it was told."""
        known = self.cpts[cpts]
        self.asked += 1
        try:
            answer = httpx2.get(f"{self.address}/api/v1/cpts/{cpts}", timeout=REQUEST_S)
        except httpx2.HTTPError:
            self.cut += 1
            return
        if answer.status_code == 503:
            return
        if answer.status_code != 200:
            self.unexpected.append(f"read: {answer.status_code} {answer.text[:300]}")
            return
        seen = frozenset(commune["code"] for commune in answer.json()["communes"])
        if seen not in known.territories:
            self.stale.append(f"{cpts}: {sorted(seen)} for {known.territories}")


def written(client: Client) -> int:
    """Give how many changes were confirmed to a client."""
    return sum(client.done.values())
