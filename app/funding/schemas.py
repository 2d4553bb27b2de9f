"""Shapes of the funding in answers. Every amount is in euros."""

from pydantic import BaseModel, Field

from app.funding.rules import (
    AUDITOR_THRESHOLD_EUROS,
    Funding,
    YearTotal,
    auditor_required,
    mission_at_most,
    mission_year_1,
    mission_year_2,
    whole_euros,
)


class MissionFunding(BaseModel):
    """What one mission pays."""

    slug: str
    label: str
    optional: bool
    fixed: int
    variable: int
    plan_first_year: int = Field(description="Plan de crise, année de sa rédaction.")
    plan_later_years: int = Field(description="Plan de crise, années suivantes.")
    crisis: int = Field(description="Lorsqu'une crise survient.")
    year_1: int
    year_2: int
    total_possible: int


class TotalFunding(BaseModel):
    """A sum without and with the optional missions, and whether it calls for an auditor."""

    without_optional: int
    with_optional: int
    auditor_without_optional: bool
    auditor_with_optional: bool


class FundingAnswer(BaseModel):
    """What a tier pays."""

    tier: int
    members: int | None = Field(description="Nombre de membres pris en compte, s'il est connu.")
    increased: bool = Field(
        description="Majoration de 10 % des missions (taille 4, 100 membres au moins)."
    )
    functioning: int
    missions: list[MissionFunding]
    year_1: TotalFunding
    year_2: TotalFunding
    total_possible: TotalFunding = Field(
        description="Première année du plan, crise survenue, indicateurs tous atteints."
    )
    early_mission_contract: int
    auditor_threshold: int = AUDITOR_THRESHOLD_EUROS

    @classmethod
    def of(cls, funding: Funding, members: int | None = None) -> "FundingAnswer":
        """Write what the rules added up."""
        return cls(
            tier=funding.tier,
            members=members,
            increased=funding.increased,
            functioning=funding.functioning,
            missions=[
                MissionFunding(
                    slug=mission.slug,
                    label=mission.label,
                    optional=mission.optional,
                    fixed=mission.fixed,
                    variable=mission.variable,
                    plan_first_year=mission.plan_first_year,
                    plan_later_years=mission.plan_later_years,
                    crisis=mission.crisis,
                    year_1=whole_euros(mission_year_1(mission)),
                    year_2=whole_euros(mission_year_2(mission)),
                    total_possible=whole_euros(mission_at_most(mission)),
                )
                for mission in funding.missions
            ],
            year_1=_total(funding.year_1),
            year_2=_total(funding.year_2),
            total_possible=_total(funding.total_possible),
            early_mission_contract=funding.early_mission_contract,
        )


def _total(total: YearTotal) -> TotalFunding:
    return TotalFunding(
        without_optional=total.without_optional,
        with_optional=total.with_optional,
        auditor_without_optional=auditor_required(total.without_optional),
        auditor_with_optional=auditor_required(total.with_optional),
    )


class AskedFunding(FundingAnswer):
    """What a tier pays, and the total that was asked for."""

    year: int | None
    optional: bool
    total: int = Field(description="Total de l'année demandée, sinon le plus possible.")

    @classmethod
    def asked(
        cls, funding: Funding, members: int | None, *, year: int | None, optional: bool
    ) -> "AskedFunding":
        """Pick the total of a year (1, 2, or None for the most possible)."""
        totals = {1: funding.year_1, 2: funding.year_2, None: funding.total_possible}[year]
        return cls(
            **FundingAnswer.of(funding, members).model_dump(),
            year=year,
            optional=optional,
            total=totals.with_optional if optional else totals.without_optional,
        )
