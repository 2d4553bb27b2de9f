"""Which CPTS of a listing enter the registry, with which communes: plain Python.

The territory in the file is authoritative for the CPTS that it names, so what those
that enter hold is free again before anything is claimed: two of them may exchange
communes. What a CPTS that is kept out holds stays held. Otherwise the first CPTS of the
file to name a commune has it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from app.cpts.stages import order_of
from app.cpts.writing.rules import StageRecord
from app.french import short_date


class OnConflict(StrEnum):
    """What becomes of a CPTS that names a commune held by another."""

    REFUSE = "refuse"
    WITHOUT_COMMUNE = "without-commune"


class Outcome(StrEnum):
    """What became of a row (contract, « The import's --report »)."""

    LOADED = "loaded"
    CORRECTED = "corrected"
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"
    CONFLICT = "conflict"
    SKIPPED = "skipped"

    @property
    def went_in(self) -> bool:
        """Whether the row is in the registry."""
        return self in (Outcome.LOADED, Outcome.CORRECTED)


@dataclass(frozen=True)
class Candidate:
    """A CPTS of the file that asks to enter.

    `position` is its place in the file, `existing` its id in the registry or None,
    `communes` codes in the file's order, `is_faulty` whether a row of its own keeps it
    out whatever the others do. `since` and `until` are the days from which and until which
    it asks for a commune, where these are not the import's day and for ever: who holds it
    before or after is not in its way.
    """

    position: int
    name: str
    stage: str
    communes: Sequence[str]
    existing: int | None = None
    is_faulty: bool = False
    since: Mapping[str, date] = field(default_factory=dict)
    until: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """A claim of the registry that is held on the import's day or later."""

    commune: str
    cpts_id: int
    name: str
    stage: str
    held_from: date | None = None
    held_until: date | None = None


@dataclass(frozen=True)
class Obstacle:
    """Who stands in the way on a commune: a CPTS of the registry, or of the same file."""

    name: str
    stage: str
    position: int | None = None
    held_from: date | None = None
    held_until: date | None = None


@dataclass(frozen=True)
class Decision:
    """Who enters with what, and whose claims are refused.

    `granted` has one entry per candidate that enters; `contested` one per candidate that
    names communes of others, entering or not.
    """

    granted: Mapping[int, Sequence[str]]
    contested: Mapping[int, Mapping[str, Obstacle]] = field(default_factory=dict)


def decide(
    candidates: Sequence[Candidate],
    standing: Sequence[Standing],
    on_conflict: OnConflict,
) -> Decision:
    """Decide which candidates enter, in the order of the file.

    Parameters: `standing`, every claim that counts on the candidates' communes, their own
    included. A candidate that is kept out keeps what it held, which may keep out another:
    the decision is worked out again until nothing changes, then those that are no longer
    in anybody's way are let in.
    """
    staying = {c.position for c in candidates if c.is_faulty}
    while True:
        board = _Board(candidates, standing, staying, on_conflict)
        refused = [c for c in candidates if c.position not in staying and not board.admit(c)]
        kept = {c.position for c in refused if c.existing is not None}
        if not kept:
            break
        staying |= kept
    sound = [c for c in candidates if not c.is_faulty]
    while any([board.admit_or_complete(c) for c in sound]):  # noqa: C419 (each has its turn)
        pass
    contested = {c.position: board.contested(c) for c in candidates}
    return Decision(board.granted, {p: found for p, found in contested.items() if found})


class _Board:
    """Who holds what while the decision is made."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        standing: Sequence[Standing],
        staying: Collection[int],
        on_conflict: OnConflict,
    ) -> None:
        leaving = {c.existing for c in candidates if c.position not in staying}
        self._staying = set(staying)
        self._on_conflict = on_conflict
        self._claims: dict[str, list[Standing]] = {}
        for claim in standing:
            if claim.cpts_id not in leaving:
                self._claims.setdefault(claim.commune, []).append(claim)
        self._taken: dict[str, Candidate] = {}
        self.granted: dict[int, list[str]] = {}

    def admit(self, candidate: Candidate) -> bool:
        """Let a candidate in unless the rule keeps it out; tell whether it is in."""
        contested = self.contested(candidate)
        free = [code for code in candidate.communes if code not in contested]
        if contested and (self._on_conflict is OnConflict.REFUSE or not free):
            return False
        self._free(candidate)
        self.granted[candidate.position] = free
        self._taken.update(dict.fromkeys(free, candidate))
        return True

    def admit_or_complete(self, candidate: Candidate) -> bool:
        """Let a candidate in, or give it what became free; tell whether anything changed."""
        before = self.granted.get(candidate.position)
        return self.admit(candidate) and self.granted[candidate.position] != before

    def contested(self, candidate: Candidate) -> dict[str, Obstacle]:
        """Give the communes of a candidate that another holds, with the holder."""
        found: dict[str, Obstacle] = {}
        for code in candidate.communes:
            taker = self._taken.get(code)
            if taker is not None and taker.position != candidate.position:
                found[code] = Obstacle(taker.name, taker.stage, taker.position)
                continue
            for claim in self._claims.get(code, []):
                if claim.cpts_id != candidate.existing and not _leaves_room(claim, candidate):
                    found[code] = Obstacle(
                        claim.name,
                        claim.stage,
                        held_from=claim.held_from,
                        held_until=claim.held_until,
                    )
                    break
        return found

    def _free(self, candidate: Candidate) -> None:
        """Forget what a candidate held before: from now on only the file counts."""
        if candidate.existing is None or candidate.position not in self._staying:
            return
        for code, claims in self._claims.items():
            self._claims[code] = [c for c in claims if c.cpts_id != candidate.existing]


def _leaves_room(claim: Standing, candidate: Candidate) -> bool:
    until = candidate.until.get(claim.commune)
    if until is not None and claim.held_from is not None and claim.held_from >= until:
        return True
    since = candidate.since.get(claim.commune)
    return since is not None and claim.held_until is not None and claim.held_until <= since


@dataclass(frozen=True)
class StageStep:
    """What the file's stage does to a CPTS: a row to record or none, and a French note."""

    record: StageRecord | None
    note: str = ""


def stage_step(
    timeline: Sequence[StageRecord],
    labels: Mapping[str, str],
    *,
    stage: str,
    since: date | None,
    as_of: date,
) -> StageStep:
    """Work out what a stage in a file does to the stages of a CPTS.

    A later stage is recorded; an earlier one changes nothing, since a stage only advances,
    and is told. A date that contradicts the registry is told, not recorded, and none is
    made up in its place.

    Parameters: `timeline`, of the CPTS, in the order of the stages, empty for a new one;
    `labels` by slug; `since`, the date of the stage, None when it is not known;
    `as_of`, the import's day, from which an undated stage counts.
    """
    if not timeline:
        return StageStep(StageRecord(stage, since, as_of))
    present = timeline[-1]
    if order_of(stage) < order_of(present.slug):
        return StageStep(
            None,
            f"stade du fichier ({labels[stage]}) antérieur à celui du registre "
            f"({labels[present.slug]}), qui reste",
        )
    earlier = [each for each in timeline if order_of(each.slug) < order_of(stage)]
    dates = [each.since for each in earlier if each.since is not None]
    refusal = ""
    if since is not None and dates and since < max(dates):
        refusal = (
            f"date du stade ({short_date(since)}) antérieure à celle du stade précédent "
            f"({short_date(max(dates))}), non retenue"
        )
        since = None
    if stage == present.slug:
        return _same_stage(present, since, refusal)
    recorded_on = as_of if since else max(as_of, *(each.known_from for each in timeline))
    reached = f"au {short_date(since)}" if since else "à une date inconnue"
    note = f"stade porté de « {labels[present.slug]} » à « {labels[stage]} » {reached}"
    return StageStep(
        StageRecord(stage, since, recorded_on), " ; ".join(filter(None, [note, refusal]))
    )


def _same_stage(present: StageRecord, since: date | None, refusal: str) -> StageStep:
    """Give a stage that stands without a date the one of the file."""
    if since is None or present.since is not None:
        return StageStep(None, refusal if present.since is None else "")
    if since > present.recorded_on:
        return StageStep(
            None,
            f"date du stade ({short_date(since)}) postérieure au jour depuis lequel le "
            f"registre connaît ce stade ({short_date(present.recorded_on)}), non retenue",
        )
    return StageStep(
        replace(present, since=since),
        f"date du stade, inconnue au registre : {short_date(since)}",
    )
