"""Who calls, and what the table of permissions means for a change at hand, in plain Python."""

from collections.abc import Collection
from dataclasses import dataclass

from app.accounts.permissions import (
    REGIONAL_ROLES,
    ROLES,
    Permission,
    Reach,
    Role,
    holders_of,
    reach_of,
)
from app.problems import Forbidden

__all__ = ["REGIONAL_ROLES", "ROLES", "Caller", "Role"]


@dataclass(frozen=True)
class Caller:
    """Who calls: a machine by its token, or a person by a token or a session.

    `token_id` is what acts are recorded under: the machine's token, or the identity that
    all tokens and sessions of a person share. `region` limits the regional roles; `cpts_id`
    names the CPTS of an `editor`. `session_id` is that of the pages, None for a token.
    """

    token_id: int
    role: Role
    region: str | None = None
    cpts_id: int | None = None
    label: str = ""
    person_id: int | None = None
    person_name: str = ""
    session_id: int | None = None

    @property
    def name(self) -> str:
        """The name under which a change is recorded; of a person, none that says who it is.

        What is on record stays, and a person may ask to be forgotten.
        """
        if self.person_id is not None:
            return f"personne n° {self.token_id} ({self.role})"
        return self.label or f"jeton n° {self.token_id} ({self.role})"

    @property
    def shown_name(self) -> str:
        """The name to show to the caller."""
        return self.person_name or self.name

    def reach(self, permission: Permission) -> Reach | None:
        """Tell how far a right of the caller goes, None without it."""
        return reach_of(self.role, permission)

    def may(self, permission: Permission) -> bool:
        """Tell whether the caller has a right, however far it reaches."""
        return self.reach(permission) is not None

    def require(self, permission: Permission) -> Reach:
        """Give how far a right goes.

        Raises:
            Forbidden: the role does not have it.
        """
        reach = self.reach(permission)
        if reach is None:
            raise Forbidden(f"Rôles autorisés : {', '.join(holders_of(permission))}.")
        return reach

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
        permission: Permission = "registry.register"
        if at_first_stage:
            permission = "registry.register-dynamic"
        elif self.may("registry.register-dynamic") and not self.may(permission):
            raise Forbidden(
                "Un éditeur n'enregistre une CPTS qu'au stade « Dynamique identifiée »."
            )
        self._regional(permission, touched_regions, lead_region)

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
        if self.reach("registry.describe") is Reach.OWN:
            own = cpts_id == self.cpts_id or created_by == self.token_id
            if not own:
                raise Forbidden("Un éditeur ne modifie que sa propre CPTS.")
        else:
            self._regional("registry.describe", touched_regions, lead_region)
        if stage_too and not self.may("registry.advance"):
            raise Forbidden("Le stade est modifié par l'ARS, non par l'éditeur.")

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
        lead = leads.pop() if len(leads) == 1 else None
        reach = self._regional("registry.amend", touched_regions, lead)
        taken = lead_before not in (None, lead_after) and lead_after == self.region
        if reach is Reach.REGION and taken:
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
        if not self._reaches("registry.supersede", touched_regions, lead_region):
            raise Forbidden(
                f"La CPTS n° {cpts_id} et les communes qu'elle céderait relèvent d'une autre "
                "région."
            )

    def may_undo(
        self, *, touched_regions: Collection[str], lead_region: str | None, takes_back: bool
    ) -> None:
        """Allow undoing a change of a CPTS.

        Parameters: `touched_regions`, the regions of the communes that it is about; of none,
        only who undoes everywhere reaches it; `takes_back`, whether a stage, a beginning or
        an end is undone.

        Raises:
            Forbidden: another role or region, or a stage that only an administrator corrects.
        """
        reach = self._regional("registry.undo", touched_regions, lead_region)
        if not touched_regions and reach is not Reach.EVERYWHERE:
            raise Forbidden("Cette CPTS n'a aucune commune : elle ne relève d'aucune région.")
        if takes_back and not self.may("registry.correct-stage"):
            raise Forbidden(
                "Un stade, un début ou une fin : seul un administrateur annule ce changement."
            )

    def may_work_in(self, permission: Permission, regions: Collection[str]) -> None:
        """Allow what a permission names in some regions.

        Parameters: `regions`, in one of which the caller must be, unless the right reaches
        everywhere.

        Raises:
            Forbidden: the role or the region does not allow it.
        """
        if self.require(permission) is Reach.REGION and self.region not in regions:
            raise Forbidden("Cela relève d'une autre région.")

    def may_settle_the_past_or_supersede(self) -> None:
        """Allow a date in the past, or taking communes held at the first stage.

        Raises:
            Forbidden: neither ARS nor administrator.
        """
        if not self.may("registry.settle-the-past"):
            raise Forbidden("Réservé aux ARS et aux administrateurs.")

    def may_write_sheet(self, cpts_id: int) -> None:
        """Allow writing the sheet of a CPTS: an editor its own, an administrator any.

        Raises:
            Forbidden: another role, or another CPTS.
        """
        reach = self.require("directory.write-sheet")
        if reach is Reach.OWN and not self.speaks_for(cpts_id):
            raise Forbidden("Un éditeur n'écrit que la fiche de sa propre CPTS.")

    def speaks_for(self, cpts_id: int) -> bool:
        """Tell whether what the caller writes of a CPTS is the word of that CPTS."""
        return self.reach("directory.write-sheet") is Reach.OWN and self.cpts_id == cpts_id

    def _regional(
        self,
        permission: Permission,
        touched_regions: Collection[str],
        lead_region: str | None,
    ) -> Reach:
        reach = self.reach(permission)
        if reach is None:
            raise Forbidden("Réservé aux ARS et aux administrateurs.")
        if not self._reaches(permission, touched_regions, lead_region):
            raise Forbidden("Cette CPTS et ces communes relèvent d'une autre région.")
        return reach

    def _reaches(
        self,
        permission: Permission,
        touched_regions: Collection[str],
        lead_region: str | None,
    ) -> bool:
        reach = self.reach(permission)
        if reach is Reach.EVERYWHERE:
            return True
        inside = all(region == self.region for region in touched_regions)
        return reach is Reach.REGION and (inside or lead_region == self.region)
