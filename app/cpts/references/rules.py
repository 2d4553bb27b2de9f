"""The words of the lists of reference. Plain Python."""

from app.french import number


def tier_range(population_from: int, population_under: int | None) -> str:
    """Write the inhabitants of a tier: « de 40 000 à 79 999 habitants ».

    Parameters: `population_from`, the fewest inhabitants of the tier; `population_under`,
    the first number beyond it, None for the largest tier.
    """
    if population_under is None:
        return f"plus de {number(population_from - 1)} habitants"
    if population_from <= 0:
        return f"moins de {number(population_under)} habitants"
    return f"de {number(population_from)} à {number(population_under - 1)} habitants"
