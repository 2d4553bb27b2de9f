"""Who may do what: the one table, and the one place that reads it.

A right says how far it reaches. What is one's own is one's CPTS, and what one registered or
deposited; a region is that of the role. What makes up "in the region" of a change is judged by
`app.accounts.rules` and the rules of letters, before and after the change.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

Role = Literal["member", "editor", "ars", "assurance_maladie", "urps", "admin"]
ROLES: tuple[Role, ...] = ("member", "editor", "ars", "assurance_maladie", "urps", "admin")
# Those that are limited to a region.
REGIONAL_ROLES: tuple[Role, ...] = ("ars", "assurance_maladie", "urps")
ROLE_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "member": "membre",
        "editor": "coordination d’une CPTS",
        "ars": "agent d’une ARS",
        "assurance_maladie": "agent de l’Assurance Maladie",
        "urps": "représentant d’une URPS",
        "admin": "administration",
    }
)


class Reach(StrEnum):
    """How far a right goes."""

    OWN = "own"
    REGION = "region"
    EVERYWHERE = "everywhere"


Permission = Literal[
    "registry.register",
    "registry.register-dynamic",
    "registry.describe",
    "registry.advance",
    "registry.correct-stage",
    "registry.amend",
    "registry.supersede",
    "registry.settle-the-past",
    "registry.end",
    "registry.history",
    "registry.merge",
    "registry.undo",
    "registry.import",
    "registry.divide",
    "administration.open",
    "administration.journal",
    "reports.handle",
    "completeness.declare",
    "institutions.keep",
    "letters.read",
    "letters.read-names",
    "letters.deposit",
    "letters.handle",
    "letters.conciliate",
    "letters.opine",
    "letters.decide",
    "region.follow",
    "directory.read",
    "directory.write-sheet",
    "directory.exchange",
    "service.metrics",
    "service.upkeep",
    "people.manage",
    "account.use",
]

_OWN, _REGION, _EVERYWHERE = Reach.OWN, Reach.REGION, Reach.EVERYWHERE


def _row(**reaches: Reach) -> Mapping[str, Reach]:
    return MappingProxyType(reaches)


def _everyone(reach: Reach) -> Mapping[str, Reach]:
    return MappingProxyType(dict.fromkeys(ROLES, reach))


_ARS_AND_ADMIN = _row(ars=_REGION, admin=_EVERYWHERE)

PERMISSIONS: Mapping[Permission, Mapping[str, Reach]] = MappingProxyType(
    {
        "registry.register": _ARS_AND_ADMIN,
        # At the stage « Dynamique identifiée », which claims nothing for good.
        "registry.register-dynamic": _row(editor=_EVERYWHERE, ars=_REGION, admin=_EVERYWHERE),
        "registry.describe": _row(editor=_OWN, ars=_REGION, admin=_EVERYWHERE),
        "registry.advance": _ARS_AND_ADMIN,
        "registry.correct-stage": _row(admin=_EVERYWHERE),
        "registry.amend": _ARS_AND_ADMIN,
        "registry.supersede": _ARS_AND_ADMIN,
        "registry.settle-the-past": _row(ars=_EVERYWHERE, admin=_EVERYWHERE),
        "registry.end": _row(admin=_EVERYWHERE),
        "registry.history": _row(editor=_EVERYWHERE, ars=_EVERYWHERE, admin=_EVERYWHERE),
        "registry.merge": _row(admin=_EVERYWHERE),
        # Stages, beginnings and ends are taken back by whoever may correct a stage.
        "registry.undo": _ARS_AND_ADMIN,
        "registry.import": _row(admin=_EVERYWHERE),
        # A commune into parts, which are units from then on.
        "registry.divide": _row(admin=_EVERYWHERE),
        "administration.open": _ARS_AND_ADMIN,
        "administration.journal": _ARS_AND_ADMIN,
        "reports.handle": _ARS_AND_ADMIN,
        "completeness.declare": _ARS_AND_ADMIN,
        # Whom to call: services of institutions by region and department.
        "institutions.keep": _ARS_AND_ADMIN,
        # All of a letter, its persons among it.
        "letters.read": _row(
            editor=_OWN,
            ars=_REGION,
            assurance_maladie=_REGION,
            urps=_REGION,
            admin=_EVERYWHERE,
        ),
        # The names of letters that are not validated.
        "letters.read-names": _row(
            ars=_EVERYWHERE, assurance_maladie=_EVERYWHERE, admin=_EVERYWHERE
        ),
        "letters.deposit": _row(editor=_OWN, ars=_REGION, admin=_EVERYWHERE),
        # Correcting, changing the territory, withdrawing.
        "letters.handle": _row(editor=_OWN, ars=_REGION, admin=_EVERYWHERE),
        "letters.conciliate": _ARS_AND_ADMIN,
        # The URPS's opinion, which binds nobody: its own, or as the ARS received it.
        "letters.opine": _row(ars=_REGION, urps=_REGION, admin=_EVERYWHERE),
        "letters.decide": _row(ars=_REGION, assurance_maladie=_REGION, admin=_EVERYWHERE),
        # What is to be done in a region: letters, CPTS that stand still, reports.
        "region.follow": _row(
            ars=_REGION, assurance_maladie=_REGION, urps=_REGION, admin=_EVERYWHERE
        ),
        "directory.read": _everyone(_EVERYWHERE),
        "directory.write-sheet": _row(editor=_OWN, admin=_EVERYWHERE),
        # All sheets at once, persons among them, from and to files.
        "directory.exchange": _row(admin=_EVERYWHERE),
        "service.metrics": _row(admin=_EVERYWHERE),
        "service.upkeep": _row(admin=_EVERYWHERE),
        "people.manage": _row(admin=_EVERYWHERE),
        "account.use": _everyone(_OWN),
    }
)


def reach_of(role: str, permission: Permission) -> Reach | None:
    """Tell how far a right of a role goes, None when it has none."""
    return PERMISSIONS[permission].get(role)


def holders_of(permission: Permission) -> tuple[Role, ...]:
    """List the roles that have a right, however far it reaches."""
    return tuple(role for role in ROLES if role in PERMISSIONS[permission])


def permissions_of(role: str) -> dict[str, str]:
    """List the rights of a role, each with its reach."""
    return {
        permission: str(reaches[role])
        for permission, reaches in PERMISSIONS.items()
        if role in reaches
    }
