"""Who may do what: the roles of the contract, in plain Python."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from app.problems import Forbidden

Role = Literal["member", "editor", "ars", "assurance_maladie", "admin"]
ROLES: tuple[Role, ...] = ("member", "editor", "ars", "assurance_maladie", "admin")
# Those whose token is limited to a region.
REGIONAL_ROLES: tuple[Role, ...] = ("ars", "assurance_maladie")


@dataclass(frozen=True)
class Caller:
    """Who calls, by the token presented.

    `region` limits an `ars` or `assurance_maladie` token; `cpts_id` names the CPTS of an
    `editor`.
    """

    token_id: int
    role: Role
    region: str | None = None
    cpts_id: int | None = None
    label: str = ""

    @property
    def name(self) -> str:
        """The name under which a change is recorded."""
        return self.label or f"jeton n° {self.token_id} ({self.role})"

    def may_create(
        self,
        *,
        at_first_stage: bool,
        touched_regions: Collection[str],
        lead_region: str | None,
    ) -> None:
        """Allow registering a CPTS.

        Parameters: `at_first_stage`, whether it begins there (the only stage for an
        editor); `touched_regions`, the region of every commune asked for; `lead_region`,
        that of its lead department.

        Raises:
            Forbidden: the role or the region does not allow it.
        """
        if self.role == "editor":
            if not at_first_stage:
                raise Forbidden(
                    "Un éditeur n'enregistre une CPTS qu'au stade « Dynamique identifiée »."
                )
            return
        self._regional(touched_regions, lead_region)

    def may_describe(
        self,
        *,
        cpts_id: int,
        created_by: int | None,
        stage_too: bool,
        touched_regions: Collection[str],
        lead_region: str | None,
    ) -> None:
        """Allow changing what a CPTS says of itself.

        Parameters: `created_by`, the token that registered it; `stage_too`, whether the
        stage or its date is changed; `touched_regions`, the regions of its communes.

        Raises:
            Forbidden: another's CPTS, or its stage for an editor, or another region.
        """
        if self.role == "editor":
            own = cpts_id == self.cpts_id or created_by == self.token_id
            if not own:
                raise Forbidden("Un éditeur ne modifie que sa propre CPTS.")
            if stage_too:
                raise Forbidden("Le stade est modifié par l'ARS, non par l'éditeur.")
            return
        self._regional(touched_regions, lead_region)

    def may_amend(
        self,
        *,
        touched_regions: Collection[str],
        lead_before: str | None,
        lead_after: str | None,
    ) -> None:
        """Allow changing a territory: an ARS in its region, an administrator anywhere.

        Parameters: `touched_regions`, the regions of the communes that change hands;
        `lead_before`, `lead_after`, the region of the lead department as it stands and as
        it would stand, None without any commune.

        Raises:
            Forbidden: another role or region; or the lead department would come from
                another region to the caller's, and its rights with it.
        """
        leads = {lead for lead in (lead_before, lead_after) if lead is not None}
        self._regional(touched_regions, leads.pop() if len(leads) == 1 else None)
        taken = lead_before not in (None, lead_after) and lead_after == self.region
        if self.role != "admin" and taken:
            raise Forbidden(
                "Ce changement ferait passer la CPTS sous la conduite de votre région : "
                "un administrateur l'enregistre."
            )

    def may_supersede(
        self, *, cpts_id: int, touched_regions: Collection[str], lead_region: str | None
    ) -> None:
        """Allow making a dynamic give way.

        Parameters: `cpts_id`, of the dynamic; `touched_regions`, the regions of the
        communes that it would lose; `lead_region`, that of its lead department.

        Raises:
            Forbidden: neither those communes nor the dynamic are of the caller's region.
        """
        if not self._reaches(touched_regions, lead_region):
            raise Forbidden(
                f"La CPTS n° {cpts_id} et les communes qu'elle céderait relèvent d'une autre "
                "région."
            )

    def may_settle_the_past_or_supersede(self) -> None:
        """Allow a date in the past, or taking communes held at the first stage.

        Raises:
            Forbidden: neither ARS nor administrator.
        """
        if self.role not in ("ars", "admin"):
            raise Forbidden("Réservé aux ARS et aux administrateurs.")

    def _regional(self, touched_regions: Collection[str], lead_region: str | None) -> None:
        if self.role not in ("ars", "admin"):
            raise Forbidden("Réservé aux ARS et aux administrateurs.")
        if not self._reaches(touched_regions, lead_region):
            raise Forbidden("Cette CPTS et ces communes relèvent d'une autre région.")

    def _reaches(self, touched_regions: Collection[str], lead_region: str | None) -> bool:
        if self.role == "admin":
            return True
        inside = all(region == self.region for region in touched_regions)
        return self.role == "ars" and (inside or lead_region == self.region)
