"""What an import is going to do, and what it says of every row: worked out, not written."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.cpts.claims.repository import periods_from
from app.cpts.claims.rules import Period, cut, dropped, together, told
from app.cpts.claims.service import planned_of
from app.cpts.errors import PlannedChangeDropped
from app.cpts.importing import repository
from app.cpts.importing.doubts import tell_homonyms_apart, with_shared
from app.cpts.importing.grouping import ListedCpts
from app.cpts.importing.material import Material
from app.cpts.importing.outcomes import report_lines
from app.cpts.importing.report import ReportLine
from app.cpts.importing.repository import Refusal, RegisteredCpts
from app.cpts.importing.resolving import Reading
from app.cpts.importing.rules import (
    Candidate,
    Decision,
    OnConflict,
    Outcome,
    StageStep,
    Standing,
    decide,
    stage_step,
)
from app.cpts.importing.territory import candidate_days, first_periods, later_periods
from app.cpts.stages import FIRST_STAGE, order_of
from app.cpts.writing.rules import StageRecord
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.french import short_date

_MOST_TOLD = 10


@dataclass(frozen=True)
class Options:
    """How to import: `default_stage` a slug, `as_of` the day from which the file counts.

    `stage_date` is that of the stages that have none in the file; None leaves it unknown.
    `complete_for` are departments that are declared complete, None for no word of that.
    `departments` are stated for the whole file, and settle names that are ambiguous.
    """

    as_of: date
    on_conflict: OnConflict = OnConflict.REFUSE
    default_stage: str | None = None
    stage_date: date | None = None
    complete_for: Sequence[str] | None = None
    departments: Collection[str] = ()


@dataclass(frozen=True)
class Entering:
    """One CPTS that enters: a new one, or `registered` with only what changes.

    `columns` are those of the table `cpts` to set; `periods`, by commune, when those are
    held from the import's day on whose periods change; `earlier_stages` those that the file
    knows of a new CPTS besides the present one.
    """

    cpts: ListedCpts
    registered: RegisteredCpts | None
    columns: Mapping[str, str | None]
    stage: StageStep
    themes: Collection[str] | None
    periods: Mapping[str, Sequence[Period]]
    earlier_stages: Sequence[StageRecord] = ()

    @property
    def changes(self) -> bool:
        """Whether anything is to be written for it."""
        return bool(
            self.registered is None
            or self.columns
            or self.stage.record
            or self.themes is not None
            or self.periods
        )


@dataclass(frozen=True)
class Plan:
    """What is to be written, the report, and the CPTS that stay out with the reason."""

    as_of: date
    entering: Sequence[Entering]
    refusals: Sequence[Refusal]
    fulfilled: Collection[tuple[str, str]]
    lines: Sequence[ReportLine]
    kept_out: Mapping[str, str]
    doubtful: int = 0
    complete_for: Sequence[str] = ()

    @property
    def everything_went_in(self) -> bool:
        """Whether no row of the file was kept out."""
        return all(line.outcome.went_in or line.is_unclaimed for line in self.lines)


def make_plan(session: ReadingSession, material: Material, options: Options) -> Plan:
    """Recognise the CPTS in the registry, decide who enters, and write the report's lines."""
    _recognise(session, material, options)
    _allow_no_territory(material)
    tell_homonyms_apart(session, material)
    for cpts in material.listed:
        named: dict[str, int] = {}
        for row in cpts.rows:
            for commune in material.readings[row].communes:
                named.setdefault(commune.code, row)
        material.communes[cpts.position] = named
        _keep_to_what_is_planned(session, material, cpts, options)
    candidates = [_candidate(material, cpts, options.as_of) for cpts in material.listed]
    codes = {code for candidate in candidates for code in candidate.communes}
    standing = [
        Standing(
            claim["commune_code"],
            claim["cpts_id"],
            claim["name"],
            claim["stage"],
            claim["held_from"],
            claim["held_until"],
        )
        for claim in repository.standing_claims(
            session,
            codes,
            options.as_of,
            since=min((day for c in candidates for day in c.since.values()), default=None),
            with_demonstration=material.with_demonstration,
        )
    ]
    decision = with_shared(material, decide(candidates, standing, options.on_conflict))
    entering = [
        _entering(material, cpts, decision.granted[cpts.position], options)
        for cpts in material.listed
        if cpts.position in decision.granted
    ]
    lines, kept_out = report_lines(material, decision, options.as_of)
    refusals, fulfilled = _refusals(session, material, decision)
    return Plan(
        options.as_of,
        entering,
        refusals,
        fulfilled,
        lines,
        kept_out,
        sum(reading.doubtful for reading in material.readings),
        options.complete_for or (),
    )


def _recognise(session: ReadingSession, material: Material, options: Options) -> None:
    """Find each CPTS in the registry, by FINESS number, else by name."""
    known = repository.registered(
        session,
        {cpts.key for cpts in material.listed},
        {cpts.finess for cpts in material.listed if cpts.finess},
        with_demonstration=material.with_demonstration,
    )
    by_finess = {r.columns["finess"]: r for r in known if r.columns["finess"]}
    by_key: dict[str, list[RegisteredCpts]] = {}
    for each in known:
        by_key.setdefault(each.key, []).append(each)
    taken: dict[int, ListedCpts] = {}
    for cpts in material.listed:
        found = by_finess.get(cpts.finess) if cpts.finess else None
        if found is None:
            found = _by_name(cpts, by_key.get(cpts.key, []))
        if found is None:
            continue
        other = taken.setdefault(found.id, cpts)
        if other is not cpts:
            for one, two in ((cpts, other), (other, cpts)):
                one.blame(
                    Outcome.AMBIGUOUS,
                    f"reconnue comme « {found.name} » du registre, de même que « {two.name} »",
                )
        if found.demonstration != cpts.is_demonstration:
            cpts.blame(
                Outcome.AMBIGUOUS,
                f"« {found.name} » est fictive d'un côté seulement (fichier ou registre)",
            )
        if options.as_of < found.started_on:
            cpts.blame(
                Outcome.SKIPPED,
                f"la CPTS n'est au registre que depuis le {short_date(found.started_on)} "
                "(--as-of plus tard)",
            )
        material.registered[cpts.position] = found
    ids = [each.id for each in material.registered.values()]
    material.held = periods_from(session, ids, options.as_of)
    material.planned = planned_of(session, ids)


def _by_name(cpts: ListedCpts, same_name: Sequence[RegisteredCpts]) -> RegisteredCpts | None:
    if not cpts.key:
        # A name without a letter or figure has no key to be compared by.
        same_name = [each for each in same_name if each.name == cpts.name]
    if not same_name:
        return None
    if len(same_name) > 1:
        ids = ", ".join(str(each.id) for each in same_name)
        cpts.blame(
            Outcome.AMBIGUOUS,
            f"plusieurs CPTS du registre portent ce nom (identifiants {ids}) ; "
            "une colonne FINESS les distinguerait",
        )
        return None
    [found] = same_name
    number = found.columns["finess"]
    if cpts.finess and number and number != cpts.finess:
        cpts.blame(
            Outcome.AMBIGUOUS,
            f"numéro FINESS {cpts.finess} dans le fichier, {number} au registre pour ce nom",
        )
        return None
    return found


def _keep_to_what_is_planned(
    session: ReadingSession, material: Material, cpts: ListedCpts, options: Options
) -> None:
    """Keep a CPTS out whose territory in the file is not what a letter has planned by then."""
    found = material.registered.get(cpts.position)
    planned = material.planned.get(found.id) if found else None
    if found is None or not planned or material.is_faulty(cpts):
        return
    until_then = periods_from(session, [found.id], today()).get(found.id, {})
    periods = later_periods(
        material, cpts, found, material.communes[cpts.position], options.as_of
    )
    contradicted = dropped(
        planned,
        {
            code: together([cut(until_then.get(code, ()), options.as_of), periods[code]])
            for code in planned
        },
    )
    if contradicted:
        cpts.blame(Outcome.SKIPPED, PlannedChangeDropped(told(contradicted)).detail)


def _allow_no_territory(material: Material) -> None:
    """Let a CPTS in without any commune at the first stage, the only one that allows it."""
    for cpts in material.listed:
        found = material.registered.get(cpts.position)
        stages = [each.slug for each in found.stages] if found else []
        if (
            cpts.states_its_stage
            and cpts.stage == FIRST_STAGE
            and all(stage == FIRST_STAGE for stage in stages)
            and not (found and material.held.get(found.id))
            and all(material.entries[row].given == "" for row in cpts.rows)
        ):
            for row in cpts.rows:
                material.readings[row] = Reading(Outcome.LOADED, detail="sans territoire")


def _candidate(material: Material, cpts: ListedCpts, as_of: date) -> Candidate:
    found = material.registered.get(cpts.position)
    stage = cpts.stage or ""
    if found is not None and stage:
        stage = max([stage, *(each.slug for each in found.stages)], key=order_of)
    since, until = candidate_days(material, cpts, found, as_of)
    return Candidate(
        cpts.position,
        cpts.name,
        stage,
        list(material.communes[cpts.position]),
        existing=found.id if found else None,
        since=since,
        until=until,
        is_faulty=material.is_faulty(cpts),
    )


def _entering(
    material: Material, cpts: ListedCpts, granted: Sequence[str], options: Options
) -> Entering:
    assert cpts.stage is not None
    found = material.registered.get(cpts.position)
    since = cpts.since or options.stage_date
    step = stage_step(
        found.stages if found else (),
        material.labels,
        stage=cpts.stage,
        since=since,
        as_of=options.as_of,
    )
    if found is None and cpts.published:
        step = StageStep(replace(cpts.published.stages[-1], since=since))
    if step.note:
        cpts.remark(cpts.rows[0], step.note)
    communes = set(granted)
    if found is None:
        columns: dict[str, str | None] = {"name": cpts.name, **cpts.columns}
        return Entering(
            cpts,
            None,
            columns,
            step,
            cpts.themes or None,
            first_periods(material, cpts, granted, options.as_of),
            cpts.published.stages[:-1] if cpts.published else (),
        )
    given = dict(cpts.columns)
    if found.key != cpts.key:
        given["name"] = cpts.name
        cpts.remark(cpts.rows[0], f"nom changé, « {found.name} » au registre (même FINESS)")
    held = material.held.get(found.id, {})
    periods = {
        code: each
        for code, each in later_periods(material, cpts, found, communes, options.as_of).items()
        if each != held.get(code, [])
    }
    left = held.keys() & periods.keys() - communes
    if left:
        cpts.remark(
            cpts.rows[0],
            f"{len(left)} commune(s) du registre absentes du fichier, rendues : {_told(left)}",
        )
    return Entering(
        cpts,
        found,
        {column: value for column, value in given.items() if found.columns[column] != value},
        step,
        cpts.themes if cpts.themes and set(cpts.themes) != found.themes else None,
        periods,
    )


def _told(codes: Collection[str]) -> str:
    shown = ", ".join(sorted(codes)[:_MOST_TOLD])
    return shown + ("…" if len(codes) > _MOST_TOLD else "")


def _refusals(
    session: ReadingSession, material: Material, decision: Decision
) -> tuple[list[Refusal], list[tuple[str, str]]]:
    """Give the refused claims to record, and those that are settled and go."""
    identified = [cpts for cpts in material.listed if cpts.fault is None]
    keys = {cpts.key for cpts in identified} | {
        material.registered[c.position].key
        for c in identified
        if c.position in material.registered
    }
    standing = {(r.commune_code, r.key): r for r in repository.refusals(session, keys)}
    wanted: dict[tuple[str, str], Refusal] = {}
    settled: list[tuple[str, str]] = []
    for cpts in identified:
        found = material.registered.get(cpts.position)
        name = found.name if found and found.key == cpts.key else cpts.name
        for code in decision.contested.get(cpts.position, {}):
            wanted[code, cpts.key] = Refusal(
                code,
                cpts.key,
                found.id if found else None,
                name,
                cpts.finess or (found.columns["finess"] if found else None),
                cpts.stage or "",
            )
        if material.is_faulty(cpts):
            # What it asks for is not fully known: nothing of before can be said settled.
            continue
        own_keys = {cpts.key} | ({found.key} if found else set())
        settled += [pair for pair in standing if pair[1] in own_keys and pair not in wanted]
    entering_new = {
        cpts.key
        for cpts in identified
        if cpts.position in decision.granted and cpts.position not in material.registered
    }
    fresh = [
        refusal
        for pair, refusal in wanted.items()
        if standing.get(pair) != refusal or refusal.key in entering_new
    ]
    return fresh, settled
