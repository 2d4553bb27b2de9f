"""The use case of an undo; in the caller's transaction, the registry locked first."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from app.cpts.claims import repository as claims
from app.cpts.claims.rules import Period
from app.cpts.claims.service import RegistryChange, check_nothing_planned
from app.cpts.errors import TerritoryOverlap
from app.cpts.history.repository import snapshot
from app.cpts.reversal import repository, rules
from app.cpts.reversal.rules import ChangedSince, Entry, Holding, ReversalAuthority
from app.cpts.writing import repository as registry
from app.cpts.writing.service import COLUMNS
from app.database.calendar import today
from app.database.sessions import WritingSession
from app.problems import Invalid, NotFound


def undo(
    session: WritingSession,
    change_id: int,
    authority: ReversalAuthority,
    *,
    of: int | None = None,
    reason: str | None,
    letters_behind: Callable[[Sequence[Entry]], Sequence[int]],
) -> Sequence[Entry]:
    """Bring back what a change, and all that were made with it, found; gives these.

    What was made is recorded as a change of its own, which can be undone in its turn.

    Parameters: `change_id`, of the history; `of`, the CPTS whose it must be, None for
    whichever; `letters_behind`, the numbers of the letters
    that such changes rest on, or that rest on what they made.

    Raises:
        NotFound: no such change, or not of that CPTS.
        ChangedSince: something stands on it: a later change of the same members, a letter,
            or a commune that is no more.
        TerritoryOverlap: communes that would come back are held by others.
        Forbidden: the authority does not reach that far.
        PlannedChangeDropped: what a validated letter has planned would not come to be.
    """
    change = RegistryChange.by(session, authority)
    entries = repository.made_together(session, change_id)
    owners = [each.cpts_id for each in entries if each.id == change_id]
    if not owners or of not in (None, *owners):
        raise NotFound("Ce changement n'est pas à l'historique.")
    ids = sorted({each.cpts_id for each in entries})
    present = snapshot(session, ids)
    _check_nothing_on_top(session, entries, present)
    _check_letters(session, entries, letters_behind(entries))
    target = {each.cpts_id: rules.wanted(each) for each in entries}
    lost, regained = _territories(target, present)
    _check_rights(session, entries, present, (lost, regained), authority)
    told = f"annule le changement n° {change_id}"
    change.watch(ids, "undone", f"{told} : {reason}" if reason else told)
    _restore_claims(session, ids, lost, regained)
    for cpts_id, members in target.items():
        _restore_members(session, cpts_id, members)
    change.record()
    return entries


def _check_nothing_on_top(
    session: WritingSession, entries: Sequence[Entry], present: Mapping[int, Mapping[str, Any]]
) -> None:
    touched = [each for each in entries if rules.changed_since(each, present[each.cpts_id])]
    if touched:
        last = repository.last_changes(
            session, [each.cpts_id for each in touched], max(each.id for each in entries)
        )
        raise rules.refusal([(each.name, last.get(each.cpts_id)) for each in touched])


def _check_letters(
    session: WritingSession, entries: Sequence[Entry], letters: Sequence[int]
) -> None:
    if letters:
        raise ChangedSince(
            "Ce changement tient à une lettre (n° "
            + ", n° ".join(str(letter) for letter in letters)
            + ") : il ne s'annule pas seul."
        )
    made = [each.cpts_id for each in entries if each.before is None]
    if made:
        check_nothing_planned(session, made)


def _territories(
    target: Mapping[int, Mapping[str, Any]], present: Mapping[int, Mapping[str, Any]]
) -> tuple[dict[int, set[Holding]], dict[int, set[Holding]]]:
    lost: dict[int, set[Holding]] = {}
    regained: dict[int, set[Holding]] = {}
    for cpts_id, members in target.items():
        if "claims" in members:
            held = rules.holdings(present[cpts_id]["claims"])
            asked = rules.holdings(members["claims"])
            lost[cpts_id], regained[cpts_id] = held - asked, asked - held
    return lost, regained


def _check_rights(
    session: WritingSession,
    entries: Sequence[Entry],
    present: Mapping[int, Mapping[str, Any]],
    moving: tuple[Mapping[int, set[Holding]], Mapping[int, set[Holding]]],
    authority: ReversalAuthority,
) -> None:
    for each in entries:
        held = rules.holdings(present[each.cpts_id]["claims"])
        changing = {
            commune for holdings in moving for commune, _, _ in holdings.get(each.cpts_id, ())
        }
        concerned = rules.concerned(each, changing, held, today())
        territory = rules.concerned(each, (), held, today()) or concerned
        authority.may_undo(
            touched_regions=claims.regions_by_weight(session, concerned, today()),
            lead_region=claims.lead_region(session, territory, today()),
            takes_back=rules.takes_back(entries),
        )


def _restore_claims(
    session: WritingSession,
    ids: Sequence[int],
    lost: Mapping[int, set[Holding]],
    regained: Mapping[int, set[Holding]],
) -> None:
    gone = repository.missing_communes(
        session, {commune for own in regained.values() for commune, _, _ in own}
    )
    if gone:
        raise ChangedSince(
            f"Des communes à rendre n'existent plus : {', '.join(gone[:10])}. "
            "Ce changement ne peut plus être annulé."
        )
    repository.drop_claims(session, lost)
    periods: dict[str, list[Period]] = {}
    for own in regained.values():
        for commune, since, until in own:
            periods.setdefault(commune, []).append((since, until))
    if periods:
        others = claims.conflicts_in_periods(
            session, periods, stage_day=today(), excluded_cpts=ids
        )
        if others:
            raise TerritoryOverlap([conflict.public() for conflict in others])
    repository.hold_claims(session, regained)
    claims.forget_fulfilled_refusals(session, list(regained))


def _restore_members(session: WritingSession, cpts_id: int, members: Mapping[str, Any]) -> None:
    columns = {
        name: members[name] for name in (*COLUMNS, "started_on", "ended_on") if name in members
    }
    for name in ("started_on", "ended_on"):
        if isinstance(columns.get(name), str):
            columns[name] = date.fromisoformat(str(columns[name]))
    if columns:
        registry.update_cpts_columns(session, cpts_id, columns)
    if "themes" in members:
        registry.set_themes(session, {cpts_id: members["themes"]})
    if "stages" in members:
        stages: Mapping[str, str | None] = members["stages"]
        if not stages:
            raise Invalid.at("path", "id", message="Une CPTS a toujours un stade.")
        present = registry.stages_of(session, cpts_id)
        rows = rules.timeline(
            stages,
            present,
            repository.first_told(session, cpts_id),
            claims.first_claim_day(session, cpts_id),
        )
        registry.drop_stages(
            session, cpts_id, [each.slug for each in present if each.slug not in stages]
        )
        registry.put_stages(session, [(cpts_id, row) for row in rows])
