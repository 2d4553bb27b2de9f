"""The stages of progress: their slugs, in order, and what the rules ask of them.

Labels and meanings are data (table `stage`). The rules stand on these very slugs, so that
code names a stage here and nowhere else; the ranks of the table follow the same order.
"""

DYNAMIC = "dynamique_identifiee"
LETTER_VALIDATED = "lettre_intention_validee"
ASSOCIATION_CREATED = "association_creee"
PROJECT_VALIDATED = "projet_sante_valide"
CONTRACT_SIGNED = "aci_signe"

STAGES = (
    DYNAMIC,
    LETTER_VALIDATED,
    ASSOCIATION_CREATED,
    PROJECT_VALIDATED,
    CONTRACT_SIGNED,
)

# Nothing is official yet: its communes may be asked for by others, and it may have none.
FIRST_STAGE = DYNAMIC
# From here on a CPTS is recognised: its claims block letters, its communes are covered.
RECOGNISED_STAGE = LETTER_VALIDATED
# Here it works, under its contract (ACI).
SIGNED_STAGE = CONTRACT_SIGNED

RECOGNISED_STAGES = STAGES[STAGES.index(RECOGNISED_STAGE) :]


def order_of(slug: str) -> int:
    """Give the place of a stage among the others, from 0: a later stage has a greater one.

    Raises `ValueError` for a slug that is no stage.
    """
    return STAGES.index(slug)


def is_recognised(slug: str) -> bool:
    """Tell whether a CPTS at this stage is recognised."""
    return slug in RECOGNISED_STAGES
