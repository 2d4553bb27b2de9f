"""What a client does with letters: deposit, decide, withdraw, merge, conciliate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.database.calendar import today
from tests.endurance.memory import (
    AHEAD,
    CONTACT,
    PENDING,
    Communes,
    Deposited,
    Remembered,
    unions,
)

if TYPE_CHECKING:
    from tests.endurance.clients import Client


class Letters:
    """The letters of one client, of its own CPTS and of CPTS to come."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._random = client.random

    def operation(self, choice: float, living: list[int]) -> bool:
        """Do one operation of whatever kind, unless there is nothing to do it with.

        Parameters: `choice`, from 0 to 1; `living`, the client's CPTS that have not ended.
        """
        pending = self._pending()
        if choice < 0.35 and pending:
            self._decide(self._random.choice(pending))
        elif choice < 0.5:
            return self._amend(living)
        elif choice < 0.65:
            return self._merge(living)
        elif choice < 0.8:
            self._propose()
        elif choice < 0.92:
            self._conciliate()
        elif pending:
            self._withdraw(pending[0])
        else:
            return False
        return True

    def _pending(self) -> list[int]:
        letters = self._client.letters
        return [number for number, letter in letters.items() if letter.states == {PENDING}]

    def _deposit(self, letter: Deposited, **body: Any) -> bool:
        sent = {"name": letter.name, "contact": CONTACT, **body}
        # 409: a recognised CPTS holds a commune of it.
        answer = self._client.send("POST", "/api/v1/letters", json=sent, accepted={201, 409})
        deposited = answer is not None and answer.status_code == 201
        if answer is not None and deposited:
            self._client.letters[answer.json()["id"]] = letter
        return deposited

    def _propose(self) -> None:
        communes = self._client.some_communes(2)
        letter = Deposited(self._client.new_name("Projet"), None, communes)
        self._deposit(letter, communes=sorted(communes))

    def _amend(self, living: list[int]) -> bool:
        """Deposit an amendment that takes effect on a day ahead."""
        plain = [number for number in living if self._client.cpts[number].is_plain]
        if not plain:
            return False
        cpts = self._random.choice(plain)
        known = self._client.cpts[cpts]
        held = known.territories[0]
        kept = frozenset(self._random.sample(sorted(held), max(1, len(held) - 1)))
        communes = self._client.some_communes(2) | kept
        if communes == held:
            return False
        name = self._client.new_name("Avenant")
        letter = Deposited(name, cpts, communes - held, held - communes, is_ahead=True)
        known.has_letter = self._deposit(
            letter,
            kind="amendment",
            cpts=cpts,
            communes=sorted(communes),
            effective_on=(today() + AHEAD).isoformat(),
        )
        return True

    def _merge(self, living: list[int]) -> bool:
        """Deposit the merger of two CPTS, for today or ahead."""
        plain = [number for number in living if self._client.cpts[number].is_plain]
        if len(plain) < 2:
            return False
        cpts, absorbed = self._random.sample(plain, 2)
        letter = Deposited(
            self._client.new_name("Fusion"),
            cpts,
            absorbed=absorbed,
            is_ahead=self._random.random() < 0.5,
        )
        body: dict[str, Any] = {"kind": "merger", "cpts": cpts, "merged_cpts": [absorbed]}
        if letter.is_ahead:
            body["effective_on"] = (today() + AHEAD).isoformat()
        deposited = self._deposit(letter, **body)
        for number in (cpts, absorbed):
            self._client.cpts[number].has_letter = deposited
        return True

    def _decide(self, number: int) -> None:
        letter = self._client.letters[number]
        missing = [each for each in ("ars", "assurance_maladie") if each not in letter.decided]
        authority = missing[0] if missing else "ars"
        decision = "favorable" if self._random.random() < 0.9 else "defavorable"
        body = {"decision": decision, "authority": authority}
        parties = [self._client.cpts[each] for each in _parties(letter)]
        # A CPTS that has ended is not amended; who disputes a commune is not let through;
        # and a territory that was changed since may have nothing left after it.
        accepted = {200, 409, 422} if parties else {200, 409}
        path = f"/api/v1/letters/{number}/decisions"
        answer = self._client.send("POST", path, json=body, accepted=accepted)
        if answer is None:
            self._decided_without_answer(letter)
        elif answer.status_code == 200:
            letter.decided.add(authority)
            told = answer.json()
            if told["state"] in ("refusee", "validee"):
                letter.states = {told["state"]}
            if told["state"] == "validee":
                self._take_in(letter, told)

    def _decided_without_answer(self, letter: Deposited) -> None:
        letter.states = {PENDING, "refusee", "validee"}
        if letter.cpts is None:
            self._client.unanswered[letter.name] = letter.add
            return
        known = self._client.cpts[letter.cpts]
        if letter.absorbed is None or letter.is_ahead:
            for party in _parties(letter):
                self._client.cpts[party].plan_unknown()
            return
        absorbed = self._client.cpts[letter.absorbed]
        known.territories += unions(known.territories, absorbed.territories)
        absorbed.is_gone = None

    def _take_in(self, letter: Deposited, told: dict[str, Any]) -> None:
        """Remember what a validated letter has made, merged or planned."""
        if letter.cpts is None:
            number = told["resulting_cpts"]["id"]
            self._client.cpts[number] = Remembered(letter.name, {1}, [letter.add])
            return
        known = self._client.cpts[letter.cpts]
        if letter.absorbed is None:
            known.add, known.withdraw = letter.add, letter.withdraw
            return
        absorbed = self._client.cpts[letter.absorbed]
        if letter.is_ahead:
            known.add = frozenset[str]().union(*absorbed.territories)
            absorbed.withdraw = known.add
        else:
            known.territories = unions(known.territories, absorbed.territories)
            absorbed.is_gone = True

    def _withdraw(self, number: int) -> None:
        letter = self._client.letters[number]
        path = f"/api/v1/letters/{number}/withdrawal"
        answer = self._client.send("POST", path, json={}, accepted={200})
        if answer is None:
            letter.states = {PENDING, "retiree"}
        elif answer.status_code == 200:
            letter.states = {"retiree"}

    def _conciliate(self) -> None:
        """Close a conciliation that one of the own letters is a party to."""
        found = self._client.send(
            "GET", "/api/v1/conciliations", params={"open": "true"}, accepted={200}
        )
        if found is None or found.status_code != 200:
            return
        for told in found.json()["items"]:
            parties = [each["id"] for each in told["letters"]]
            own = sorted(set(parties) & set(self._pending()))
            if own:
                self._close(
                    told["id"], own, frozenset(each["code"] for each in told["communes"])
                )
                return

    def _close(self, conciliation: int, own: list[int], disputed: Communes) -> None:
        """Have the own letters give way: by less territory where some is left, or whole."""
        letters = self._client.letters
        left = {number: letters[number].add - disputed for number in own}
        shared = all(left.values()) and all(letters[number].cpts is None for number in own)
        body: dict[str, Any] = {"outcome": "retrait", "withdrawn_letters": own}
        if shared:
            territories = [{"letter": n, "communes": sorted(left[n])} for n in own]
            body = {"outcome": "territoire_partage", "territories": territories}
        # Meanwhile another may have closed it, or others still dispute something; and a letter
        # that nobody disputes any more is no party.
        answer = self._client.send(
            "POST",
            f"/api/v1/conciliations/{conciliation}/closure",
            json=body,
            accepted={200, 409, 422},
        )
        for number in own:
            if answer is None:
                letters[number].states = {PENDING, "retiree"}
            elif answer.status_code == 200 and shared:
                letters[number].add = left[number]
                letters[number].decided.clear()
            elif answer.status_code == 200:
                letters[number].states = {"retiree"}


def _parties(letter: Deposited) -> list[int]:
    return [number for number in (letter.cpts, letter.absorbed) if number is not None]
