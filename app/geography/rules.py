"""Which communes does a polygon hold?"""

# A commune lies in a polygon when at least this share of its area does (contract, « The
# letter check »).
INSIDE_SHARE = 0.5
# Between these two shares it is worth a look, in or out.
DOUBTFUL_SHARES = (0.2, 0.8)


def lies_inside(share: float) -> bool:
    """Tell whether a commune counts as inside a polygon that holds this share of its area."""
    return share >= INSIDE_SHARE
