"""Which commune may come next, in plain Python."""

from collections.abc import Callable, Set

from app.letters.check.rules import LandBorders, surroundings

# Rings of communes looked through; about 100 km from the territory.
FURTHEST_RING = 12


def next_free(
    territory: Set[str],
    borders: LandBorders,
    taken: Callable[[Set[str]], Set[str]],
    furthest: int = FURTHEST_RING,
) -> tuple[int, list[tuple[str, float]]]:
    """Look around a territory, ring after ring of neighbours, for communes nobody holds.

    Parameters: `taken` tells which of the given communes are held; it is asked once for
    each ring. Gives the number of the first ring with free communes (1 touches the
    territory; 0 when none has any) and these communes, each with the metres of border it
    shares with what lies inside the ring, the longest first.
    """
    inside = set(territory)
    for ring in range(1, furthest + 1):
        around = surroundings(inside, borders)
        if not around:
            break
        free = around - taken(around)
        if free:
            shared = [
                (
                    code,
                    sum(metres for beside, metres in borders[code].items() if beside in inside),
                )
                for code in free
            ]
            return ring, sorted(shared, key=lambda found: (-found[1], found[0]))
        inside |= around
    return 0, []
