"""What the pieces of evidence about one place mean together: their intersection.

A piece gives meanings (units that it names) or a limit (units that it admits). A unit is
the answer only when every piece that can be read agrees on it, and on no other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.geography.units import CommuneRef

Units = frozenset[CommuneRef]
_WEIGHED_TOGETHER = 1


@dataclass(frozen=True)
class Meaning:
    """One thing that a piece can mean.

    `units` are meant together when `whole` (a city, an EPCI, arrondissements told one by
    one), else there is one. A lower `rank` is a better reading of the same name.
    `shown` stands for it in an answer; `corrections` say in French how it was read, when
    not by exact code or name, and `remarks` what is only told. Of a city that is `partly`
    meant the parts are to be told, whatever else is known; a part that is `bare` was named
    without its city, which something else must tell.
    """

    units: Units
    shown: CommuneRef
    whole: bool = False
    rank: int = 0
    corrections: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    partly: bool = False
    bare: bool = False


@dataclass(frozen=True)
class Limit:
    """A piece that admits some units only: by their department or by their own code.

    `said` is the piece and what it means, in French, `units` those to show of it. One that
    only `checks` is too weak to choose between units, and strong enough to contradict one.
    `aged` is what is left of one that may be out of date (communes change their EPCI).
    """

    said: str
    departments: frozenset[str] | None = None
    codes: frozenset[str] | None = None
    checks: bool = False
    units: tuple[CommuneRef, ...] = ()
    aged: "Limit | None" = None

    def admits(self, unit: CommuneRef) -> bool:
        """Whether a unit agrees with this piece."""
        return (self.departments is None or unit.department in self.departments) and (
            self.codes is None or unit.code in self.codes
        )


@dataclass(frozen=True)
class Way:
    """One way to understand the text of a row: what it names, within what it says."""

    meanings: Sequence[Meaning]
    limits: Sequence[Limit] = ()
    notes: tuple[str, ...] = ()
    level: int = 0
    said: str = ""
    excluded: str | None = None


@dataclass(frozen=True)
class Found:
    """Units that all pieces agree on, and how they were reached."""

    units: Units
    whole: bool
    shown: tuple[CommuneRef, ...]
    corrections: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    bare: bool = False


@dataclass(frozen=True)
class Agreement:
    """What is left when every piece has spoken.

    One of `found` is the answer, several are an ambiguity, none a contradiction between
    the pieces that `said` names, with `candidates`, the units that they mean each.
    """

    found: tuple[Found, ...]
    said: tuple[str, ...] = ()
    candidates: tuple[CommuneRef, ...] = ()
    excluded: str | None = None


@dataclass(frozen=True)
class Target:
    """A piece that names units by itself: a column of codes."""

    said: str
    meanings: Sequence[Meaning] = field(default_factory=tuple)


def agree(
    ways: Sequence[Way], target: Target | None, limits: Sequence[Limit]
) -> Agreement | None:
    """Intersect everything that a row says of its place.

    Parameters: `ways`, how its text can be understood, every one of which names something;
    `target`, what its code means; `limits`, what its other columns admit. Gives None when
    nothing names a place.
    """
    codes = target.meanings if target else None
    if not ways:
        if not codes:
            return None
        alone = Way(codes)
        found = _through(alone, None, limits)
        return _agreement(found, [alone], target, limits)
    # The text itself and the frames around a name are weighed together; what is looser
    # counts only where they know nothing.
    nearest = max(_WEIGHED_TOGETHER, min(way.level for way in ways))
    considered = [way for way in ways if way.level <= nearest]
    exact = [
        each
        for way in considered
        if way.level == 0
        for each in _through(way, codes, limits, best_only=True)
    ]
    found = exact or [each for way in considered for each in _through(way, codes, limits)]
    return _agreement(found, considered, target, limits)


def _through(
    way: Way,
    codes: Sequence[Meaning] | None,
    limits: Sequence[Limit],
    *,
    best_only: bool = False,
) -> list[Found]:
    """Give what one way leads to, at the best rank that agrees with every piece."""
    filters = [each for each in (*limits, *way.limits) if not each.checks]
    checks = [each for each in (*limits, *way.limits) if each.checks]
    ranked: dict[int, list[Found]] = {}
    for meaning in way.meanings:
        for other in codes if codes is not None else (None,):
            both = _joined(meaning, other)
            if both is None:
                continue
            kept = frozenset(
                unit for unit in both.units if all(limit.admits(unit) for limit in filters)
            )
            if kept:
                ranked.setdefault(meaning.rank, []).append(_limited(both, kept, way))
    if not ranked:
        return []
    best = min(ranked)
    if best_only and best > 0:
        return []
    return [
        each
        for each in ranked[best]
        if all(limit.admits(unit) for limit in checks for unit in each.units)
    ]


def _joined(meaning: Meaning, other: Meaning | None) -> Meaning | None:
    if other is None:
        return meaning
    units = meaning.units & other.units
    if not units:
        return None
    whole = (meaning.whole and units == meaning.units) or (other.whole and units == other.units)
    partly = meaning.partly and len(units) > 1
    smaller = other if len(other.units) < len(meaning.units) else meaning
    corrections = tuple(dict.fromkeys((*meaning.corrections, *other.corrections)))
    return Meaning(
        units,
        smaller.shown,
        whole and not partly,
        meaning.rank,
        corrections,
        smaller.remarks,
        partly,
    )


def _limited(meaning: Meaning, kept: Units, way: Way) -> Found:
    corrections = (*way.notes, *meaning.corrections)
    if kept == meaning.units:
        shown = (meaning.shown, *sorted(kept)) if meaning.partly else (meaning.shown,)
        bare = meaning.bare and not way.limits
        if meaning.partly:
            asked = (
                f"{meaning.shown.name} est divisée : lesquels de ses {len(kept)} quartiers ?"
            )
            corrections = (*corrections, asked)
        return Found(kept, meaning.whole, shown, corrections, meaning.remarks, bare)
    shown = tuple(sorted(kept))
    city = shown[0].part_of
    if meaning.whole and city and kept == {u for u in meaning.units if u.part_of == city}:
        # Of an EPCI the whole of one divided city is left.
        return Found(kept, whole=True, shown=shown, corrections=corrections)
    if len(kept) == 1:
        unit = shown[0]
        corrections = (*corrections, f"{meaning.shown.name} : {unit.name} seulement")
    return Found(kept, whole=False, shown=shown, corrections=corrections)


def _agreement(
    found: Iterable[Found],
    ways: Sequence[Way],
    target: Target | None,
    limits: Sequence[Limit],
) -> Agreement:
    distinct: dict[Units, Found] = {}
    for each in found:
        known = distinct.get(each.units)
        if known is None or len(each.corrections) < len(known.corrections):
            distinct[each.units] = each
    excluded = next((way.excluded for way in ways if way.excluded), None)
    if distinct:
        return Agreement(tuple(distinct.values()), excluded=excluded)
    said = [way.said for way in ways[:1] if way.said]
    said += [target.said] if target else []
    said += [limit.said for limit in (*ways[0].limits, *limits)]
    meanings = [meaning for way in ways for meaning in way.meanings]
    meanings += list(target.meanings) if target else []
    limited = [unit for limit in (*ways[0].limits, *limits) for unit in limit.units]
    candidates = dict.fromkeys((*(meaning.shown for meaning in meanings), *limited))
    return Agreement((), tuple(dict.fromkeys(said)), tuple(candidates))
