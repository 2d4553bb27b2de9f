"""Which communes a letter asks for, and whether it may."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from app.cpts.agreements.service import planned_territory, territory_on
from app.cpts.claims import repository as claims
from app.cpts.errors import TerritoryOverlap
from app.cpts.stages import FIRST_STAGE, is_recognised
from app.cpts.writing import repository as registry
from app.cpts.writing.schemas import MAXIMUM_COMMUNES
from app.cpts.writing.service import living_cpts
from app.database.calendar import today
from app.database.sessions import WritingSession
from app.french import others
from app.geography.repository import communes_by_code
from app.geography.resolution import Given, resolve
from app.letters.record.rules import Kind, Part
from app.letters.record.schemas import Territory
from app.problems import Invalid, NotFound


@dataclass(frozen=True)
class Asked:
    """The communes that texts lead to, and how those were read that were not plain codes."""

    communes: frozenset[str] = frozenset()
    readings: list[dict[str, object]] = field(default_factory=list)


@dataclass(frozen=True)
class Subject:
    """Whom a letter is about, whatever its kind."""

    kind: str
    cpts: int | None = None
    absorbed: Collection[int] = ()

    @property
    def own(self) -> list[int]:
        """Give every CPTS whose claims do not stand in the letter's way."""
        return [*([self.cpts] if self.cpts is not None else []), *self.absorbed]


def day_of_effect(effective_on: date | None) -> date:
    """Give the first day on which a pending letter could take effect."""
    return max(effective_on or today(), today())


def read_communes(
    session: WritingSession, communes: Sequence[str], epci: Sequence[str]
) -> Asked:
    """Resolve what was written, as the check does: codes, names, EPCI.

    Raises:
        Invalid: a text leads nowhere or to several communes, each named with candidates;
            or too many communes.
    """
    codes, readings = _read(session, {"communes": communes, "epci": epci})
    found = frozenset().union(*codes.values())
    _check_size(found)
    return Asked(found, readings)


def read_territory(
    session: WritingSession, sent: Territory, base: Collection[str], day: date
) -> Asked:
    """Resolve a territory that was written whole, or as a difference from another.

    Parameters: `base`, the codes that it adds to and withdraws from; `day`, whose names
    of communes a refusal tells.

    Raises:
        Invalid: as `read_communes`; or what is withdrawn is not there, is added as well,
            or is all that there is.
    """
    if not sent.by_difference:
        return read_communes(session, sent.communes, sent.epci)
    codes, readings = _read(session, {"add": sent.add, "withdraw": sent.withdraw})
    added, withdrawn = codes["add"], codes["withdraw"]
    for message, wrong in (
        ("À la fois ajoutées et retirées", added & withdrawn),
        ("Hors du territoire, donc rien à en retirer", withdrawn - set(base)),
    ):
        if wrong:
            raise _at("withdraw", f"{message} : {_named(session, wrong, day)}.")
    left = (set(base) | added) - withdrawn
    if not left:
        raise _at("withdraw", "Un avenant ne retire pas toutes les communes.")
    _check_size(left)
    return Asked(frozenset(left), readings)


def _read(
    session: WritingSession, members: Mapping[str, Sequence[str]]
) -> tuple[dict[str, set[str]], list[dict[str, object]]]:
    """Give the codes that each member's texts lead to, and how they were read."""
    given = [
        (member, index, text)
        for member, texts in members.items()
        for index, text in enumerate(texts)
    ]
    codes: dict[str, set[str]] = {member: set() for member in members}
    readings: list[dict[str, object]] = []
    errors = []
    answers = resolve(session, [Given(text) for _, _, text in given])
    for (member, index, text), answer in zip(given, answers, strict=True):
        if answer.outcome == "resolved":
            found = sorted(commune.code for commune in answer.communes)
            codes[member].update(found)
            if found != [text]:
                readings.append({"given": text, "communes": found, "note": answer.note})
            continue
        unknown = answer.outcome == "unknown"
        errors.append(
            {
                "loc": ["body", member, index],
                "message": f"Commune inconnue : {text[:100]}."
                if unknown
                else f"Plusieurs communes possibles : {text[:100]}."
                if not answer.contradictory
                else f"« {text[:100]} » : {answer.note}.",
                "given": text,
                "reason": answer.outcome,
                "candidates": [
                    {"code": each.code, "name": each.name, "department": each.department}
                    for each in answer.candidates
                ],
            }
        )
    if errors:
        raise Invalid(errors, detail="Des communes ne se lisent pas : à préciser.")
    return codes, readings


def _check_size(codes: Collection[str]) -> None:
    if len(codes) > MAXIMUM_COMMUNES:
        raise _at("communes", f"Au plus {MAXIMUM_COMMUNES} communes sont acceptées.")


def _named(session: WritingSession, codes: Collection[str], day: date) -> str:
    facts = communes_by_code(session, codes, day)
    shown = [f"{facts[code].name} ({code})" for code in sorted(codes)]
    return ", ".join(shown[:20]) + (f" et {others(len(shown) - 20)}" if shown[20:] else "")


def check_subject(session: WritingSession, subject: Subject) -> None:
    """Check that a letter names the CPTS that its kind needs, at a stage that suits it.

    Raises:
        Invalid: a CPTS is missing, too many, unknown, has ended, or is at another stage.
    """
    if subject.kind == Kind.CREATION:
        if subject.absorbed:
            raise _at("merged_cpts", "Seule une fusion absorbe des CPTS.")
        if subject.cpts is not None and not _is_dynamic(session, subject.cpts, "cpts"):
            raise _at("cpts", "Seule une CPTS au stade « Dynamique identifiée » avance ainsi.")
        return
    if subject.cpts is None:
        raise _at("cpts", "Un avenant ou une fusion nomme la CPTS concernée.")
    if subject.kind == Kind.AMENDMENT and subject.absorbed:
        raise _at("merged_cpts", "Seule une fusion absorbe des CPTS.")
    if subject.kind == Kind.MERGER and (
        not subject.absorbed or subject.cpts in subject.absorbed
    ):
        raise _at("merged_cpts", "Une fusion nomme au moins une autre CPTS.")
    for member, cpts_id in [
        ("cpts", subject.cpts),
        *(("merged_cpts", each) for each in subject.absorbed),
    ]:
        if _is_dynamic(session, cpts_id, member):
            raise _at(
                member, f"La CPTS n° {cpts_id} n'a pas encore de lettre d'intention validée."
            )


def parts_of(
    session: WritingSession, subject: Subject, asked: Collection[str], day: date
) -> dict[str, str]:
    """Tell what each commune is to a letter, given the territory that it asks for.

    Parameters: `asked`, the whole territory; a merger takes what its CPTS hold, and is
    given none; `day`, from which on the letter could take effect.

    Raises:
        Invalid: no commune, communes of a merger, or an amendment that changes nothing.
    """
    if subject.kind == Kind.MERGER:
        if asked:
            raise _at("communes", "Une fusion reprend les communes de ses CPTS, sans autre.")
        held = set().union(*(planned_territory(session, each, day) for each in subject.own))
        if not held:
            raise _at("cpts", "Ces CPTS ne tiennent aucune commune.")
        return dict.fromkeys(held, Part.KEPT)
    if not asked:
        raise _at("communes", "Au moins une commune est attendue.")
    if subject.kind == Kind.CREATION or subject.cpts is None:
        return dict.fromkeys(asked, Part.ASKED)
    held = territory_on(session, subject.cpts, day)
    # What it is to hold later anyway is neither asked for nor, left out, given up.
    later = planned_territory(session, subject.cpts, day) - held
    if set(asked) - later == held:
        raise _at("communes", "Cet avenant ne change rien au territoire.")
    return {
        **dict.fromkeys(set(asked) - held - later, Part.ASKED),
        **dict.fromkeys(set(asked) & (held | later), Part.KEPT),
        **dict.fromkeys(held - set(asked), Part.WITHDRAWN),
    }


def check_not_blocked(
    session: WritingSession, subject: Subject, parts: Mapping[str, str], day: date
) -> None:
    """Refuse what a recognised CPTS holds, or is to hold: that blocks a new letter.

    Raises:
        TerritoryOverlap: with every such commune and its holder.
    """
    found = claims.conflicts(
        session,
        [code for code, part in parts.items() if part == Part.ASKED],
        day,
        stage_day=max(day, today()),
        excluded_cpts=subject.own,
    )
    blocking = [each for each in found if is_recognised(each.stage)]
    if blocking:
        raise TerritoryOverlap([each.public() for each in blocking])


def _is_dynamic(session: WritingSession, cpts_id: int, member: str) -> bool:
    try:
        living_cpts(session, cpts_id)
    except NotFound as unknown:
        raise _at(member, f"CPTS inconnue : {cpts_id}.") from unknown
    except Invalid as ended:
        raise _at(member, ended.detail) from ended
    stage = registry.stages_of(session, cpts_id)[-1].slug
    return stage == FIRST_STAGE


def _at(member: str, message: str) -> Invalid:
    return Invalid.at("body", member, message=message)
