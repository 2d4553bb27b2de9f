"""What hangs together: territories cut into the pieces that share borders."""

from collections.abc import Collection, Mapping, Set


def parts(territory: Set[str], borders: Mapping[str, Collection[str]]) -> list[frozenset[str]]:
    """Cut a territory into pieces joined by borders, the largest first.

    Parameters: `territory`, codes of communes (or of departments); `borders`, what each
    code shares a border of positive length with, in both directions.
    """
    pieces = []
    left = set(territory)
    while left:
        reached = {left.pop()}
        to_visit = list(reached)
        while to_visit:
            beside = left.intersection(borders.get(to_visit.pop(), ()))
            left -= beside
            reached |= beside
            to_visit.extend(beside)
        pieces.append(frozenset(reached))
    return sorted(pieces, key=lambda piece: (-len(piece), min(piece)))
