"""The life of a letter, in plain Python: states, who may do what, when it is decided."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Protocol

from app.problems import Forbidden, Invalid


class State(StrEnum):
    """Where a letter stands."""

    DEPOSITED = "deposee"
    IN_CONCILIATION = "en_conciliation"
    VALIDATED = "validee"
    REFUSED = "refusee"
    WITHDRAWN = "retiree"


class Kind(StrEnum):
    """What a letter asks for."""

    CREATION = "creation"
    AMENDMENT = "amendment"
    MERGER = "merger"


class Part(StrEnum):
    """What a commune is to a letter."""

    ASKED = "asked"
    KEPT = "kept"
    WITHDRAWN = "withdrawn"


class Authority(StrEnum):
    """Who takes a position; the URPS's does not bind."""

    ARS = "ars"
    ASSURANCE_MALADIE = "assurance_maladie"
    URPS = "urps"


class Position(StrEnum):
    """What an authority says; reservations are for the URPS only."""

    FAVOURABLE = "favorable"
    UNFAVOURABLE = "defavorable"
    RESERVED = "reserve"


class Sight(StrEnum):
    """How much of a letter is seen: all, all but persons and notes, or the public part."""

    FULL = "full"
    NAMED = "named"
    PUBLIC = "public"


PENDING = (State.DEPOSITED, State.IN_CONCILIATION)
DECIDING = (Authority.ARS, Authority.ASSURANCE_MALADIE)

STATE_LABELS: Mapping[str, str] = {
    State.DEPOSITED: "Déposée",
    State.IN_CONCILIATION: "En conciliation",
    State.VALIDATED: "Validée",
    State.REFUSED: "Refusée",
    State.WITHDRAWN: "Retirée",
}
KIND_LABELS: Mapping[str, str] = {
    Kind.CREATION: "Création",
    Kind.AMENDMENT: "Avenant",
    Kind.MERGER: "Fusion",
}


class Agent(Protocol):
    """Whoever acts on letters; structurally the caller of `app.accounts`."""

    @property
    def token_id(self) -> int: ...
    @property
    def role(self) -> str: ...
    @property
    def region(self) -> str | None: ...
    @property
    def cpts_id(self) -> int | None: ...
    @property
    def name(self) -> str: ...
    def reach(self, permission: Any, /) -> str | None:
        """Tell how far a right goes: `own`, `region`, `everywhere`, None without it."""


@dataclass(frozen=True)
class DecisionAuthority:
    """What two agreements may change in the registry: everything that the letter asks for."""

    token_id: int | None
    name: str

    def may_create(self, **_: Any) -> None:
        """The right lies in the two decisions, judged before."""

    def may_describe(self, **_: Any) -> None:
        """As `may_create`."""

    def may_amend(self, **_: Any) -> None:
        """As `may_create`."""

    def may_supersede(self, **_: Any) -> None:
        """As `may_create`: which dynamics give way was judged when a conciliation closed."""

    def may_settle_the_past_or_supersede(self) -> None:
        """As `may_create`."""


def outcome_of(positions: Mapping[str, str]) -> State | None:
    """Tell what two decisions make of a letter; None as long as one is missing.

    Both in favour validate; one against refuses, once the other is known too ("the ARS
    and the Assurance Maladie decide"): until then either may still be revised.
    """
    decisions = [positions.get(authority) for authority in DECIDING]
    if None in decisions:
        return None
    if all(decision == Position.FAVOURABLE for decision in decisions):
        return State.VALIDATED
    return State.REFUSED


def sight_of(agent: Agent | None, *, regions: Collection[str], created_by: int | None) -> Sight:
    """Tell how much of a letter somebody sees.

    Parameters: `regions`, all that the letter concerns; `created_by`, the token that
    deposited it.
    """
    if agent is None:
        return Sight.PUBLIC
    if _reaches(agent, "letters.read", regions, created_by):
        return Sight.FULL
    return Sight.NAMED if sees_names(agent) else Sight.PUBLIC


def sees_names(agent: Agent | None) -> bool:
    """Tell whether somebody sees the names of letters that are not validated."""
    return agent is not None and agent.reach("letters.read-names") is not None


def check_may_deposit(agent: Agent, regions: Collection[str]) -> None:
    """Allow a deposit: an administrator, an editor, the ARS of a region concerned.

    Raises:
        Forbidden: anybody else.
    """
    if agent.reach("letters.deposit") != "own":
        _check_region(agent, "letters.deposit", regions)


def check_is_own(agent: Agent, cpts_id: int, created_by: int | None) -> None:
    """Allow an editor a letter about its own CPTS only; others are judged by region.

    Parameters: `cpts_id`, of the CPTS that the letter names: the one that is amended,
    absorbs others or advances; `created_by`, the token that registered it.

    Raises:
        Forbidden: an editor, and another's CPTS.
    """
    own = cpts_id == agent.cpts_id or created_by == agent.token_id
    if agent.reach("letters.deposit") == "own" and not own:
        raise Forbidden("Un éditeur ne dépose de lettre que pour sa propre CPTS.")


def check_lead(agent: Agent, before: str, after: str) -> None:
    """Refuse an ARS that would take the examination of a letter from another region.

    Parameters: `before`, `after`, the leading region as it stands and as it would.

    Raises:
        Forbidden: the leading region would become the caller's.
    """
    if agent.reach("letters.handle") == "region" and before != after == agent.region:
        raise Forbidden(
            "La région qui instruit une lettre la confie à une autre ; nulle ne s'en saisit."
        )


def check_may_give_way(
    agent: Agent, cpts_id: int, *, touched_regions: Collection[str], lead_region: str | None
) -> None:
    """Allow making a dynamic give way: by its own region.

    Parameters: `touched_regions`, those of the communes that it would lose;
    `lead_region`, that of its lead department.

    Raises:
        Forbidden: neither an administrator nor the ARS of one of these.
    """
    own = all(each == agent.region for each in touched_regions) or agent.region == lead_region
    reach = agent.reach("registry.supersede")
    if reach != "everywhere" and not (reach == "region" and own):
        raise Forbidden(
            f"La CPTS n° {cpts_id} et les communes qu'elle céderait relèvent d'une autre "
            "région."
        )


def check_may_handle(
    agent: Agent, regions: Collection[str], *, created_by: int | None = None
) -> None:
    """Allow correcting or withdrawing a letter: as a deposit, but an editor its own only.

    Raises:
        Forbidden: anybody else.
    """
    if not _reaches(agent, "letters.handle", regions, created_by):
        _check_region(agent, "letters.handle", regions)


def check_may_conciliate(agent: Agent, regions: Collection[str]) -> None:
    """Allow opening or closing a conciliation.

    Raises:
        Forbidden: neither an administrator nor the ARS of one of these regions.
    """
    _check_region(agent, "letters.conciliate", regions)


def check_may_opine(agent: Agent, regions: Collection[str]) -> None:
    """Allow recording the URPS's opinion: the URPS itself, or the ARS that received it.

    Raises:
        Forbidden: neither these of one of the regions nor an administrator.
    """
    _check_region(agent, "letters.opine", regions)


def may_conciliate(agent: Agent | None, regions: Collection[str]) -> bool:
    """Tell whether `check_may_conciliate` lets somebody through; a visitor never."""
    return agent is not None and _reaches(agent, "letters.conciliate", regions, None)


def deciding_authority(agent: Agent, named: str | None, lead_region: str) -> Authority:
    """Tell for whom somebody decides.

    Parameters: `named`, the authority that the request names, which an administrator
    must; `lead_region`, that which leads the examination: its agents decide.

    Raises:
        Forbidden: another role, another region, or in the other authority's name.
        Invalid: an administrator who does not say for whom.
    """
    reach = agent.reach("letters.decide")
    if reach == "everywhere":
        if named is None:
            raise Invalid.at(
                "body",
                "authority",
                message="Un administrateur précise de qui il enregistre la décision.",
                accepted=[str(authority) for authority in DECIDING],
            )
        return Authority(named)
    if reach is None:
        raise Forbidden("Seules l'ARS et l'Assurance Maladie décident.")
    if named is not None and named != agent.role:
        raise Forbidden("Chacun ne décide qu'en son propre nom.")
    if agent.region != lead_region:
        raise Forbidden("La décision revient à la région qui instruit la lettre.")
    return Authority(agent.role)


def actions_of(
    agent: Agent | None,
    *,
    state: str,
    regions: Collection[str],
    lead_region: str,
    created_by: int | None,
) -> list[str]:
    """List what somebody may do with a letter as it stands, in the names of the routes."""
    if agent is None:
        return []
    handles = _reaches(agent, "letters.handle", regions, created_by)
    actions = ["correct"] if handles else []
    if state in PENDING:
        if handles:
            actions += ["territory", "withdraw"]
        if _reaches(agent, "letters.opine", regions, None):
            actions.append("opinion")
        if _reaches(agent, "letters.decide", (lead_region,), None):
            actions.append("decide")
    return actions


def check_day(day: date, *, earliest: date | None, today: date, member: str) -> None:
    """Refuse a day that has not come, or lies before what it follows.

    Raises:
        Invalid: at that member of the body.
    """
    if day > today:
        raise Invalid.at("body", member, message="Cette date ne peut pas être dans l'avenir.")
    if earliest is not None and day < earliest:
        raise Invalid.at(
            "body", member, message=f"Cette date ne peut pas précéder le {earliest:%d/%m/%Y}."
        )


def _reaches(
    agent: Agent, permission: str, regions: Collection[str], created_by: int | None
) -> bool:
    """Tell whether a right reaches a letter of these regions, deposited by that token."""
    reach = agent.reach(permission)
    if reach == "own":
        return created_by is not None and created_by == agent.token_id
    return reach == "everywhere" or (reach == "region" and agent.region in regions)


def _check_region(agent: Agent, permission: str, regions: Collection[str]) -> None:
    reach = agent.reach(permission)
    if reach not in ("region", "everywhere"):
        raise Forbidden("Réservé à l'ARS d'une région concernée et aux administrateurs.")
    if reach == "region" and agent.region not in regions:
        raise Forbidden("Ces communes relèvent d'une autre région.")
