"""`./cpts import`: load a listing of CPTS from a file or an address."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cpts.importing.rules import OnConflict

if TYPE_CHECKING:
    from app.cpts.importing.plan import Plan
    from app.files.sources import Source


def import_listing(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FICHIER_OU_ADRESSE",
            help="CSV, XLSX, ODS, XLS, GeoJSON (export WFS), GeoPackage, GeoParquet ou "
            "Shapefile zippé.",
        ),
    ],
    *,
    with_: Annotated[
        str | None,
        typer.Option(
            "--with",
            metavar="FICHIER_OU_ADRESSE",
            help="L'autre des deux tables publiées : cpts.csv ou compositions.csv.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tout faire sauf écrire au registre.")
    ] = False,
    format_: Annotated[
        str | None,
        typer.Option("--format", help="csv, xlsx, geojson, gpkg ou shapefile ; sinon reconnu."),
    ] = None,
    default_stage: Annotated[
        str | None, typer.Option(help="Stade des CPTS dont le fichier ne dit rien.")
    ] = None,
    department: Annotated[
        str | None,
        typer.Option(
            metavar="04,83",
            help="Départements de toute la liste : précisent les noms que plusieurs communes "
            "portent, jamais contre ce que dit la ligne.",
        ),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="AAAA-MM-JJ",
            help="Jour à partir duquel le fichier fait foi ; aujourd'hui par défaut.",
        ),
    ] = None,
    stage_date: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="AAAA-MM-JJ",
            help="Date des stades que le fichier ne date pas ; sinon elle est inconnue.",
        ),
    ] = None,
    complete_for: Annotated[
        str | None,
        typer.Option(
            metavar="DÉPARTEMENT,…",
            help="Départements dont le contenu est complet avec ce fichier.",
        ),
    ] = None,
    on_conflict: Annotated[
        OnConflict,
        typer.Option(
            help="Une commune déjà tenue : écarter la CPTS, ou l'admettre sans la commune."
        ),
    ] = OnConflict.REFUSE,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RÔLE=EN-TÊTE",
            help="Colonne d'un rôle (name, commune, code, postcode, department, stage, since, "
            "finess, website, email, phone, acronym, themes) ; répétable.",
        ),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(help="Encodage des textes (utf-8, windows-1252, mac, cp850…)."),
    ] = None,
    crs: Annotated[
        str | None,
        typer.Option(
            metavar="EPSG:2154",
            help="Système de coordonnées des polygones, si le fichier ne le dit pas.",
        ),
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option(
            "--source",
            help="Qui publie la liste : les corrections faites au navigateur pour cette source "
            "s'appliquent.",
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Rapport CSV, une ligne par ligne du fichier.")
    ] = None,
) -> None:
    """Charge une liste de CPTS : 0 tout est entré, 1 non, 2 fichier inutilisable."""
    from app.cluster.command_database import command_engine
    from app.cpts.completeness.rules import department_codes
    from app.cpts.importing import service
    from app.cpts.importing.columns import parse_column_options
    from app.cpts.importing.drafts.service import corrected
    from app.cpts.importing.plan import Options
    from app.cpts.importing.report import check_writable, write_report
    from app.database.calendar import today
    from app.database.sessions import session_scope
    from app.geography.loading import load_or_keep
    from app.progress import terminal_progress

    progress = terminal_progress()
    chosen = parse_column_options(column or [])
    if report is not None:
        check_writable(report)
    with (
        _source(file, format_, encoding, crs) as source,
        _source(with_, None, None, None) if with_ else nullcontext() as beside,
    ):
        with progress.step(f"Lecture de « {source.name} »"):
            listing = service.read_listing(source, chosen, beside)
        for remark in listing.remarks:
            typer.echo(remark)
        with command_engine(progress=progress) as engine:
            load_or_keep(engine, progress)
            with session_scope(engine) as session:
                options = Options(
                    as_of.date() if as_of else today(),
                    on_conflict,
                    service.default_stage(default_stage),
                    stage_date.date() if stage_date else None,
                    None if complete_for is None else department_codes(complete_for),
                    departments=service.stated_departments(session, department),
                )
                if origin is not None:
                    listing = corrected(session, listing, origin)
                if dry_run:
                    plan = service.plan_import(session, listing, options, progress)
                else:
                    plan, _ = service.import_listing(
                        session, listing, options, progress, origin=source.name
                    )
                # Before the commit: a report that cannot be written stops the import.
                if report is not None:
                    write_report(report, plan.lines)
    _tell(plan, dry_run=dry_run, reported=report is not None)
    raise typer.Exit(0 if plan.everything_went_in else 1)


@contextmanager
def _source(
    file: str, stated: str | None, encoding: str | None, crs: str | None
) -> "Iterator[Source]":
    from app.files.fetching import fetched, is_address
    from app.files.sources import open_source

    if not is_address(file):
        yield open_source(Path(file), given=stated, encoding=encoding, crs=crs)
        return
    with fetched(file) as (path, name):
        yield open_source(path, name=name, given=stated, encoding=encoding, crs=crs)


def _tell(plan: "Plan", *, dry_run: bool, reported: bool) -> None:
    from app.cpts.importing.report import counted
    from app.cpts.importing.summary import kept_out

    new = sum(1 for entering in plan.entering if entering.registered is None)
    changed = sum(1 for entering in plan.entering if entering.changes) - new
    verb = "entreraient" if dry_run else "entrées"
    typer.echo(
        f"{len(plan.entering)} CPTS {verb} : {new} nouvelles, {changed} modifiées, "
        f"{len(plan.entering) - new - changed} inchangées ; {len(plan.kept_out)} écartées."
    )
    typer.echo(f"{len(plan.lines)} lignes : {counted(plan.lines)}.")
    if plan.doubtful:
        typer.echo(
            f"{plan.doubtful} commune(s) douteuse(s) (20 à 80 % de leur surface) : --report."
        )
    undated = sum(1 for e in plan.entering if e.stage.record and e.stage.record.since is None)
    if undated:
        typer.echo(f"{undated} CPTS sans date de stade : elle reste inconnue (--stage-date).")
    if plan.complete_for:
        declared = "seraient déclarés complets" if dry_run else "déclarés complets"
        typer.echo(f"Départements {declared} : {', '.join(plan.complete_for)}.")
        if plan.kept_out:
            typer.echo("Des CPTS ont pourtant été écartées : corrigez le fichier et relancez.")
    if dry_run:
        typer.echo("Essai seulement : rien n'a été écrit.")
    for line in kept_out(plan.lines, reported=reported):
        typer.echo(line)
