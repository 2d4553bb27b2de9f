"""Use cases that change the registry. Each runs in the caller's transaction and never commits.

Every one of them takes the registry's lock before it looks at anything, so that two writers
never decide on the same state.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.cpts.claims import repository as claims
from app.cpts.claims import rules as holding
from app.cpts.claims.service import (
    RegistryChange,
    check_nothing_planned,
    clear_the_way,
    planned_of,
    settle_territory,
)
from app.cpts.models import Cpts
from app.cpts.stages import FIRST_STAGE, STAGES
from app.cpts.writing import repository, rules
from app.cpts.writing.rules import Authority, StageRecord
from app.cpts.writing.schemas import CptsCreation, CptsPatch, TerritoryWrite
from app.database.calendar import today
from app.database.sessions import ReadingSession, WritingSession
from app.french import short_date
from app.geography.resolution import translate_codes
from app.http.repository import lock_registry
from app.problems import Invalid, NotFound

# Members of a write that are columns of `cpts`.
COLUMNS = ("name", "acronym", "finess", "website", "email", "phone", "address")


@dataclass(frozen=True)
class Written:
    """A CPTS that was written, and the given codes that stand for other communes today."""

    cpts_id: int
    translated: Mapping[str, Sequence[str]]


def create_cpts(
    session: WritingSession, creation: CptsCreation, authority: Authority
) -> Written:
    """Register a CPTS with its territory.

    Raises:
        Forbidden: the authority does not reach that far.
        Invalid: unknown communes (all are named), stage, themes or dates.
        TerritoryOverlap: communes are held by others; all are named, nothing is written.
    """
    change = RegistryChange.by(session, authority)
    _check_known(creation.stage, creation.themes, repository.theme_slugs(session))
    effective_on = creation.effective_on or today()
    stage = _first_stage(creation, effective_on)
    rules.check_first_stage_date(stage.known_from, effective_on)
    communes, translated = _communes(session, creation.communes)
    holding.check_territory_size(creation.stage, communes)
    regions = claims.regions_by_weight(session, communes, effective_on)
    authority.may_create(
        at_first_stage=creation.stage == FIRST_STAGE,
        touched_regions=regions,
        lead_region=regions[0] if regions else None,
    )
    _check_reach(authority, effective_on, creation.supersede)
    clear_the_way(
        change,
        session,
        {code: [(effective_on, None)] for code in communes},
        effective_on,
        stage=creation.stage,
        supersede=creation.supersede,
        authority=authority,
    )
    [cpts_id] = repository.insert_cpts(
        session,
        [
            {column: getattr(creation, column) for column in COLUMNS}
            | {
                "started_on": rules.first_day([stage.known_from], effective_on),
                "created_by": authority.token_id,
            }
        ],
    )
    repository.put_stages(session, [(cpts_id, stage)])
    repository.set_themes(session, {cpts_id: creation.themes})
    claims.hold_from(session, [(cpts_id, code) for code in communes], effective_on)
    claims.forget_fulfilled_refusals(session, [cpts_id])
    change.created([cpts_id], "created")
    change.record()
    return Written(cpts_id, translated)


def amend_territory(
    session: WritingSession,
    cpts_id: int,
    write: TerritoryWrite,
    authority: Authority,
) -> Written:
    """Give a CPTS exactly these communes from a day on.

    What others than letters had arranged for later days is replaced as well; what a
    validated letter has planned stays. Earlier days stay as they were.

    Raises:
        NotFound: no such CPTS.
        PlannedChangeDropped: the communes contradict what is planned by then.
        Forbidden, Invalid, TerritoryOverlap: as for `create_cpts`.
    """
    change = RegistryChange.by(session, authority)
    cpts = living_cpts(session, cpts_id)
    effective_on = write.effective_on or max(today(), cpts.started_on)
    holding.check_effective_date(effective_on, cpts.started_on)
    communes, translated = _communes(session, write.communes)
    stage = repository.stages_of(session, cpts_id)[-1].slug
    holding.check_territory_size(stage, communes)
    held = claims.periods_from(session, [cpts_id], effective_on).get(cpts_id, {})
    planned = planned_of(session, [cpts_id]).get(cpts_id, {})
    periods = holding.periods_as_planned(
        {code: code in communes for code in {*communes, *held, *planned}}, effective_on, planned
    )
    touched = {code for code, each in periods.items() if each != held.get(code, [])}
    authority.may_amend(
        touched_regions=claims.regions_by_weight(session, touched or communes, effective_on),
        lead_before=claims.lead_region(session, held, effective_on),
        lead_after=claims.lead_region(session, communes, effective_on),
    )
    _check_reach(authority, effective_on, write.supersede)
    change.watch([cpts_id], "territory")
    settle_territory(
        change,
        session,
        cpts_id,
        periods,
        effective_on,
        stage=stage,
        supersede=write.supersede,
        authority=authority,
    )
    change.record()
    return Written(cpts_id, translated)


def update_cpts(
    session: WritingSession,
    cpts_id: int,
    patch: CptsPatch,
    authority: Authority,
    *,
    may_correct_stage: bool,
) -> None:
    """Change what a CPTS says of itself; members left out of the patch stay.

    The registry must be locked already (`open_for_change`).

    Parameters: `may_correct_stage`, whether the caller may take a stage back when the
    patch gives a reason, or make the date of one unknown.

    Raises:
        Forbidden, Invalid: as for `create_cpts`.
        StageRegression: an earlier stage without the right, or the reason, to correct.
    """
    change = RegistryChange.by(session, authority)
    cpts = present_cpts(session, cpts_id)
    given = patch.model_fields_set
    stage_too = bool(given & {"stage", "stage_since"})
    held = claims.own_claims_from(session, [cpts_id], today()).get(cpts_id, {})
    regions = claims.regions_by_weight(session, held, today())
    authority.may_describe(
        cpts_id=cpts_id,
        created_by=cpts.created_by,
        stage_too=stage_too,
        touched_regions=regions,
        lead_region=regions[0] if regions else None,
    )
    if "name" in given and patch.name is None:
        raise Invalid.at("body", "name", message="Le nom ne peut pas être vide.")
    _check_known(patch.stage, patch.themes or [], repository.theme_slugs(session))
    change.watch([cpts_id], "updated", patch.reason)
    if stage_too:
        _change_stage(
            session,
            cpts,
            patch,
            communes=held,
            may_correct=may_correct_stage and bool(patch.reason),
            may_forget=may_correct_stage,
        )
    if "themes" in given:
        repository.set_themes(session, {cpts_id: patch.themes or []})
    columns = {column: getattr(patch, column) for column in COLUMNS if column in given}
    if columns:
        repository.update_cpts_columns(session, cpts_id, columns)
    change.record()


def end_cpts(
    session: WritingSession, cpts_id: int, authority: Authority, reason: str | None
) -> None:
    """End a CPTS today: its communes are free, its history stays. Ending it again is nothing.

    Raises:
        NotFound: no such CPTS.
        PlannedChangeDropped: a validated letter has something planned for it.
    """
    change = RegistryChange.by(session, authority)
    cpts = _existing(session, cpts_id)
    check_nothing_planned(session, [cpts_id])
    if cpts.ended_on is not None:
        return
    change.watch([cpts_id], "ended", reason)
    # One that was to begin later ends on its first day: it never was.
    day = max(today(), cpts.started_on)
    held = claims.own_claims_from(session, [cpts_id], day).get(cpts_id, {})
    claims.release_from(session, [(cpts_id, code) for code in held], day)
    repository.update_cpts_columns(session, cpts_id, {"ended_on": day})
    claims.forget_refusals_of(session, cpts_id)
    change.record()


def open_for_change(session: WritingSession, cpts_id: int) -> None:
    """Lock the registry before a precondition is judged on the present state.

    Raises:
        NotFound: no such CPTS.
    """
    lock_registry(session)
    _existing(session, cpts_id)


def _change_stage(
    session: WritingSession,
    cpts: Cpts,
    patch: CptsPatch,
    *,
    communes: Collection[str],
    may_correct: bool,
    may_forget: bool,
) -> None:
    timeline = repository.stages_of(session, cpts.id)
    change = rules.change_stage(
        timeline,
        stage=patch.stage,
        since=patch.stage_since,
        today=max(today(), cpts.started_on),
        may_correct=may_correct,
        held_since=claims.first_claim_day(session, cpts.id),
        date_unknown=_says_unknown(patch),
        may_forget=may_forget,
    )
    record = change.record
    if record and record.slug == FIRST_STAGE and change.remove:
        # A letter binds recognised CPTS: what it has planned would be anybody's to take.
        check_nothing_planned(session, [cpts.id])
    holding.check_territory_size(patch.stage or timeline[-1].slug, communes)
    repository.drop_stages(session, cpts.id, change.remove)
    if record:
        repository.put_stages(session, [(cpts.id, record)])
        dates = [each.known_from for each in repository.stages_of(session, cpts.id)]
        first_claim = claims.first_claim_day(session, cpts.id)
        started_on = rules.first_day(dates, first_claim or dates[0])
        repository.update_cpts_columns(session, cpts.id, {"started_on": started_on})


def _first_stage(creation: CptsCreation, effective_on: date) -> StageRecord:
    if _says_unknown(creation):
        return StageRecord(creation.stage, None, min(today(), effective_on))
    return StageRecord(creation.stage, creation.stage_since or effective_on, today())


def _says_unknown(sent: CptsCreation | CptsPatch) -> bool:
    """Whether the date of the stage is given as null, and not just left out."""
    return "stage_since" in sent.model_fields_set and sent.stage_since is None


def _communes(
    session: ReadingSession, codes: Sequence[str]
) -> tuple[set[str], Mapping[str, Sequence[str]]]:
    translation = translate_codes(session, codes)
    unknown = set(translation.unknown)
    if unknown:
        raise Invalid(
            [
                {
                    "loc": ["body", "communes", position],
                    "message": f"Code de commune inconnu : {code}.",
                    "given": code,
                }
                for position, code in enumerate(codes)
                if code in unknown
            ],
            detail="Codes de commune inconnus : " + ", ".join(sorted(unknown)) + ".",
        )
    return set(translation.communes), translation.translated


def _check_known(stage: str | None, themes: Collection[str], known: Sequence[str]) -> None:
    if stage is not None and stage not in STAGES:
        raise Invalid.at(
            "body",
            "stage",
            message="Stade inconnu.",
            accepted=list(STAGES),
        )
    unknown = [slug for slug in themes if slug not in known]
    if unknown:
        raise Invalid.at(
            "body",
            "themes",
            message="Thématiques inconnues : " + ", ".join(unknown) + ".",
            accepted=known,
        )


def _check_reach(authority: Authority, effective_on: date, supersede: Collection[int]) -> None:
    if supersede or effective_on < today():
        authority.may_settle_the_past_or_supersede()


def _existing(session: WritingSession, cpts_id: int) -> Cpts:
    cpts = repository.read_cpts(session, cpts_id)
    if cpts is None:
        raise _no_such_cpts(cpts_id)
    return cpts


def living_cpts(session: WritingSession, cpts_id: int) -> Cpts:
    """Read a CPTS that has no end.

    Raises:
        NotFound: no such CPTS.
        PlannedChangeDropped: a validated letter has planned its end.
        Invalid: it has ended, or its end is settled.
    """
    cpts = _existing(session, cpts_id)
    if cpts.ended_on is not None:
        if cpts.ended_on > today():
            check_nothing_planned(session, [cpts_id])
        raise _ended(cpts.ended_on)
    return cpts


def present_cpts(session: WritingSession, cpts_id: int) -> Cpts:
    """Read a CPTS that has not ended yet; the day of its end may be settled.

    Raises:
        NotFound: no such CPTS.
        Invalid: it has ended.
    """
    cpts = _existing(session, cpts_id)
    if cpts.ended_on is not None and cpts.ended_on <= today():
        raise _ended(cpts.ended_on)
    return cpts


def _ended(day: date) -> Invalid:
    return Invalid.at(
        "path", "id", message=f"La fin de cette CPTS est fixée au {short_date(day)}."
    )


def _no_such_cpts(cpts_id: int) -> NotFound:
    return NotFound(f"Aucune CPTS ne porte l'identifiant {cpts_id}.")
