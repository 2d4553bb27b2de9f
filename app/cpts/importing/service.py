"""Importing a listing: read, resolve, decide, write."""

from collections.abc import Mapping

from app.cpts.completeness.service import check_departments, declare_complete
from app.cpts.demonstration.service import remove_demonstration
from app.cpts.errors import PlannedChangeDropped
from app.cpts.importing import repository
from app.cpts.importing.columns import Role
from app.cpts.importing.grouping import group, states_a_stage
from app.cpts.importing.layer_listing import read_layer_listing
from app.cpts.importing.listing import Listing, read_table_listing
from app.cpts.importing.material import Material
from app.cpts.importing.plan import Options, Plan, make_plan
from app.cpts.importing.published.identified import check_days, check_outlines, identified
from app.cpts.importing.published.layers import published_layer
from app.cpts.importing.published.tables import published_table, tables_listing
from app.cpts.importing.resolving import keep_to_units_of, read_names, read_polygons
from app.cpts.importing.stages import stage_of
from app.cpts.importing.writing import write_plan
from app.cpts.stages import STAGES
from app.database.sessions import ReadingSession, WritingSession
from app.failures import Failure
from app.files.sources import Source, unusable
from app.files.words import words_of
from app.french import short_date
from app.geography import resolution
from app.http.repository import lock_registry
from app.progress import Progress


def read_listing(
    source: Source, chosen: Mapping[Role, str], beside: Source | None = None
) -> Listing:
    """Read a listing from a table or a polygon file.

    A file that a service of this kind publishes is read as what it says, unless its columns
    are named. Parameters: `chosen`, the headers or fields that the user names; `beside`, the
    other of two published tables. Raises `Failure` (exit status 2) on what cannot be used.
    """
    if beside is not None:
        tables = [published_table(each) for each in (source, beside)]
        if chosen or None in tables:
            raise unusable(
                "--with réunit cpts.csv et compositions.csv, tels que le service les publie."
            )
        return tables_listing([table for table in tables if table is not None])
    if not chosen:
        table = published_table(source)
        published = tables_listing([table]) if table else published_layer(source)
        if published is not None:
            return published
    if source.format.has_polygons:
        return read_layer_listing(source, chosen)
    return read_table_listing(source, chosen)


def default_stage(text: str | None) -> str | None:
    """Read the stage that `--default-stage` gives, as a slug or in words.

    Raises `Failure` (exit status 2) on an unknown one.
    """
    if text is None:
        return None
    slug = stage_of(text)
    if slug is None:
        raise unusable(f"Stade « {text} » inconnu ; stades : {', '.join(STAGES)}.")
    return slug


def stated_departments(session: ReadingSession, text: str | None) -> frozenset[str]:
    """Read the departments that `--department` states for the whole file, none for None.

    Raises `Failure` (exit status 2) on a text that is not wholly understood.
    """
    if text is None:
        return frozenset()
    found = resolution.stated_departments(session, text)
    if not found:
        raise unusable(f"Département « {text} » inconnu ; par exemple 04,83.")
    return found


def plan_import(
    session: ReadingSession, listing: Listing, options: Options, progress: Progress
) -> Plan:
    """Work out everything that an import would do; writes nothing.

    Demonstration data is looked past, since an import removes it. Raises `Failure` (exit
    status 2) when neither the file nor the options state a stage.
    """
    return make_plan(session, _resolve(session, listing, options, progress), options)


def import_listing(
    session: WritingSession,
    listing: Listing,
    options: Options,
    progress: Progress,
    *,
    origin: str,
) -> tuple[Plan, bool]:
    """Import a listing in the caller's transaction; tells whether the history grew by it.

    What the file means and what is to be done is worked out beside other writers. The
    registry's lock is taken to write; when the registry is no longer the one that was
    looked at, all is decided anew before, under the lock. Demonstration data goes.
    Parameters: `origin`, the file's name for the history. Raises `Failure` as
    `plan_import` does, and when it would drop what a validated letter has planned; nothing
    is written then.
    """
    seen = repository.registry_state(session)
    material = _resolve(session, listing, options, progress)
    plan = make_plan(session, material.unjudged(), options)
    with progress.step("Écriture au registre"):
        lock_registry(session)
        found = repository.registry_state(session)
        has_demonstration = not material.with_demonstration and repository.has_demonstration(
            session
        )
        if has_demonstration:
            remove_demonstration(session)
        if has_demonstration or found != seen:
            # Nothing that this session remembers of the registry may enter the new plan.
            session.expire_all()
            if found.geography != seen.geography:
                material = _resolve(session, listing, options, progress)
            plan = make_plan(session, material.unjudged(), options)
        try:
            has_recorded = write_plan(session, plan, origin=origin)
            if options.complete_for:
                declare_complete(session, options.complete_for, options.as_of)
        except PlannedChangeDropped as refused:
            raise Failure(refused.detail) from refused
    return plan, has_recorded


def _resolve(
    session: ReadingSession, listing: Listing, options: Options, progress: Progress
) -> Material:
    """Bring the rows of each CPTS together and find the communes that they mean."""
    if (
        options.default_stage is None
        and not listing.published
        and not states_a_stage(listing.entries)
    ):
        raise unusable(
            "Le fichier ne dit pas le stade des CPTS : indiquez-le par --default-stage "
            "(ou nommez sa colonne par --column stage=…)."
        )
    if options.stage_date and options.stage_date > options.as_of:
        raise unusable(
            f"--stage-date ({short_date(options.stage_date)}) vient après le jour du fichier "
            f"({short_date(options.as_of)}) : un stade prévu n'est pas atteint."
        )
    if options.complete_for is not None:
        check_departments(session, options.complete_for, options.as_of)
    entries = listing.entries
    labels = repository.stage_labels(session)
    themes = repository.theme_labels(session)
    keys = repository.search_keys(
        session, (name for entry in entries for name in (entry.cpts, *entry.shared))
    )
    if listing.published:
        check_days(listing.published, entries, options.as_of)
        listed = identified(listing.published, keys, themes=themes)
    else:
        listed = group(
            entries,
            keys,
            {words_of(word): slug for slug, label in themes.items() for word in (slug, label)},
            default_stage=options.default_stage,
            as_of=options.as_of,
        )
    with progress.step("Reconnaissance des communes", total=len(listed)) as step:
        readings = read_names(session, entries, options.departments)
        drawn = [c for c in listed if any(entries[r].polygon is not None for r in c.rows)]
        read_polygons(session, drawn, entries, readings, step)
        check_outlines(session, listed, entries, readings, step)
    keep_to_units_of(session, entries, readings, options.as_of)
    return Material(entries, listed, readings, labels, keys)
