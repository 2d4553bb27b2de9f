"""From published CPTS to what an import decides about: each is who its file says it is."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from app.cpts.importing.entries import Entry
from app.cpts.importing.grouping import ListedCpts, check_finess
from app.cpts.importing.published.rules import PublishedCpts
from app.cpts.importing.resolving import Reading
from app.cpts.importing.rules import Outcome
from app.cpts.stages import STAGES, order_of
from app.database.sessions import ReadingSession
from app.files.sources import unusable
from app.french import short_date
from app.geography.repository import communes_in_polygon
from app.geography.rules import DOUBTFUL_SHARES
from app.progress import Step

_MOST_TOLD = 8


def identified(
    published: Sequence[PublishedCpts],
    keys: Mapping[str, str],
    *,
    themes: Collection[str],
) -> list[ListedCpts]:
    """Give the CPTS of a published file; two of one name are two.

    Parameters: `keys`, the registry's search key of each name; `themes`, the slugs that the
    registry knows. Raises `Failure` (exit status 2) on stages that there are not.
    """
    listed = []
    for position, each in enumerate(published):
        cpts = ListedCpts(
            position,
            each.name,
            keys.get(each.name, ""),
            rows=list(each.rows),
            columns=dict(each.columns),
            published=each,
        )
        known = [slug for slug in each.themes if slug in themes]
        cpts.themes = list(dict.fromkeys(known))
        for remark in each.remarks:
            cpts.remark(cpts.rows[0], remark)
        for slug in each.themes:
            if slug not in themes:
                cpts.remark(cpts.rows[0], f"thématique inconnue, non retenue : {slug[:80]}")
        _take_stages(cpts, each)
        listed.append(cpts)
    check_finess(listed)
    return listed


def check_days(
    published: Sequence[PublishedCpts], entries: Sequence[Entry], as_of: date
) -> None:
    """Refuse a file that shows another day than the one from which it is to count.

    Raises `Failure` (exit status 2).
    """
    held = [entry.held for entry in entries if entry.held is not None]
    begun = [since for since, _ in held]
    begun += [stage.known_from for each in published for stage in each.stages]
    ended = [until for _, until in held if until is not None]
    if begun and max(begun) > as_of:
        raise unusable(
            f"Le fichier sait ce qui date du {short_date(max(begun))} : il ne peut pas faire "
            f"foi dès le {short_date(as_of)} (--as-of plus tard)."
        )
    if ended and min(ended) <= as_of:
        raise unusable(
            f"Le fichier montre un jour d'avant le {short_date(min(ended))} : dites lequel par "
            "--as-of."
        )


def check_outlines(
    session: ReadingSession,
    listed: Sequence[ListedCpts],
    entries: Sequence[Entry],
    readings: list[Reading],
    step: Step,
) -> None:
    """Keep out a CPTS whose polygon and communes, or number of communes, contradict each other.

    Somebody has then changed the one and not the other, or the polygon was generalised.
    """
    for cpts in listed:
        published = cpts.published
        if published is None:
            continue
        drawn = [row for row in cpts.rows if entries[row].polygon is not None]
        for row in drawn:
            found = len(readings[row].communes)
            if found and found != published.commune_count:
                readings[row] = Reading(
                    Outcome.AMBIGUOUS,
                    detail=f"le polygone contient {found} communes, le fichier en annonce "
                    f"{published.commune_count} (demandez detail=full)",
                    doubtful=readings[row].doubtful,
                )
        if published.outline is not None:
            _compare(session, cpts, published.outline, readings)
            step.advance(1)


def _compare(
    session: ReadingSession, cpts: ListedCpts, outline: bytes, readings: Sequence[Reading]
) -> None:
    shares = dict(communes_in_polygon(session, outline))
    named = {commune.code for row in cpts.rows for commune in readings[row].communes}
    low, high = DOUBTFUL_SHARES
    outside = sorted(code for code in named if shares.get(code, 0) < low)
    unnamed = sorted(
        code for code, share in shares.items() if share > high and code not in named
    )
    told = []
    if outside:
        told.append(f"hors du polygone : {_told(outside)}")
    if unnamed:
        told.append(f"dans le polygone, non nommées : {_told(unnamed)}")
    if told:
        cpts.blame(
            Outcome.AMBIGUOUS,
            f"la liste des communes et le polygone se contredisent ({' ; '.join(told)})",
        )


def _told(codes: Sequence[str]) -> str:
    return ", ".join(codes[:_MOST_TOLD]) + ("…" if len(codes) > _MOST_TOLD else "")


def _take_stages(cpts: ListedCpts, each: PublishedCpts) -> None:
    unknown = [stage.slug for stage in each.stages if stage.slug not in STAGES]
    if unknown:
        raise unusable(f"Stade « {unknown[0]} » de « {cpts.name} » inconnu.")
    order = [order_of(stage.slug) for stage in each.stages]
    if order != sorted(set(order)):
        raise unusable(f"Les stades de « {cpts.name} » ne se suivent pas.")
    if not each.stages:
        cpts.blame(Outcome.UNKNOWN, "aucun stade n'a encore commencé")
        return
    cpts.stage = each.stages[-1].slug
    cpts.since = each.stages[-1].since
    cpts.states_its_stage = True
