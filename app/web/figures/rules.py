"""The scale of coverage, light to dark. Plain Python."""

# A sequential scale, light to dark, that reads in grey; the bounds are shares from which on.
COVERAGE_STEPS: tuple[tuple[float, str], ...] = (
    (0.0, "#f3f0e3"),
    (0.25, "#cfe3c5"),
    (0.5, "#86c3b4"),
    (0.75, "#3f93ad"),
    (0.9, "#275f8d"),
    (1.0, "#12294f"),
)


# Off the scale: where the registry is not complete, a share says nothing.
UNKNOWN_COLOUR = "#c9c9c9"


def coverage_colour(share: float) -> str:
    """Give the fill of a share of 0 to 1; the last step is for a full coverage alone."""
    return next(colour for bound, colour in reversed(COVERAGE_STEPS) if share >= bound)


def coverage_labels() -> list[tuple[str, str]]:
    """List the steps with what they mean, as colour and French text."""
    labels = []
    for position, (bound, colour) in enumerate(COVERAGE_STEPS):
        low = round(bound * 100)
        if position == len(COVERAGE_STEPS) - 1:
            labels.append((colour, "100 %"))
        else:
            high = round(COVERAGE_STEPS[position + 1][0] * 100)
            labels.append((colour, f"de {low} à moins de {high} %"))
    return labels
