"""``./cpts geography …``: build and load the reference geography."""

from pathlib import Path
from typing import Annotated

import typer

from app.geography.build.sources import SOURCES_FILE
from app.progress import terminal_progress

GEO_DATA = Path(__file__).resolve().parents[2] / "geo_data"
CURRENT_YEAR = 2026

geography_app = typer.Typer(help="Géographie de référence.", no_args_is_help=True)


@geography_app.callback()
def geography() -> None:
    """Géographie de référence."""


@geography_app.command("build")
def build(
    *,
    year: Annotated[
        int, typer.Option(help="Année de référence : les communes au 1er janvier.")
    ] = CURRENT_YEAR,
    output: Annotated[
        Path, typer.Option(help="Dossier où écrire les fichiers.", show_default="geo_data")
    ] = GEO_DATA,
    sources: Annotated[
        Path,
        typer.Option(
            help="Liste des sources épinglées et de leurs empreintes.",
            show_default="geo_data/sources.json",
        ),
    ] = GEO_DATA / SOURCES_FILE,
    inputs: Annotated[
        Path | None,
        typer.Option(
            help="Dossier des paquets déjà téléchargés ; rien n’est alors téléchargé."
        ),
    ] = None,
    communes_package: Annotated[
        str | None,
        typer.Option(
            help="Version du paquet des communes d’une nouvelle année, à épingler.",
            metavar="VERSION",
        ),
    ] = None,
    admin_express: Annotated[
        Path | None, typer.Option(help="GeoPackage IGN ADMIN EXPRESS COG-CARTO de l’année.")
    ] = None,
    contours: Annotated[
        list[Path] | None,
        typer.Option(help="GeoJSON des contours d’Etalab de l’année (répétable)."),
    ] = None,
    insee_communes: Annotated[
        Path | None, typer.Option(help="Liste des communes de l’INSEE (v_commune_AAAA.csv).")
    ] = None,
    insee_movements: Annotated[
        Path | None, typer.Option(help="Mouvements de l’INSEE (v_mvt_commune_AAAA.csv).")
    ] = None,
    populations: Annotated[
        list[Path] | None,
        typer.Option(help="Populations de référence de l’INSEE, CSV (répétable)."),
    ] = None,
    population_year: Annotated[
        int | None, typer.Option(help="Millésime de ces populations.")
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(help="Simplification des polygones, en degrés (0.0005 : environ 50 m)."),
    ] = 0.0,
) -> None:
    """Refait les fichiers de geo_data à partir de sources publiques vérifiées."""
    # Slow to import, and every command reads this module.
    from app.geography.build.assembly import BuildRequest
    from app.geography.build.assembly import build as build_geography
    from app.geography.build.official import OfficialFiles

    request = BuildRequest(
        year=year,
        output=output,
        sources=sources,
        inputs=inputs,
        communes_package=communes_package,
        official=OfficialFiles(
            admin_express=admin_express,
            contours=tuple(contours or ()),
            insee_communes=insee_communes,
            insee_movements=insee_movements,
            populations=tuple(populations or ()),
            population_year=population_year,
            tolerance=tolerance,
        ),
    )
    release = build_geography(request, terminal_progress()).release
    typer.echo(
        f"{release['units']} communes et arrondissements, {release['inhabitants']} habitants, "
        f"{release['former_names']} anciens noms, {release['neighbour_pairs']} frontières."
    )


@geography_app.command("preview")
def preview(
    *,
    directory: Annotated[
        Path, typer.Option(help="Dossier des fichiers de la géographie à venir.")
    ] = GEO_DATA,
) -> None:
    """Dit ce qu'une géographie changerait, sans rien changer : 0 elle entrerait, 1 non."""
    from app.cluster.command_database import command_engine
    from app.french import short_date
    from app.geography.loading.preview import preview_geography

    with command_engine() as engine:
        found = preview_geography(engine, directory)
    if found.is_loaded:
        typer.echo(f"La géographie du {short_date(found.reference_date)} est déjà chargée.")
        return
    typer.echo(
        f"Communes au {short_date(found.reference_date)} : {found.added} nouvelles, "
        f"{found.removed} retirées, {len(found.mergers)} fusions."
    )
    for merger in found.mergers:
        holders = ", ".join(each.name for each in merger.holders) or "aucune CPTS"
        typer.echo(f"{merger.name} ({merger.code}) ← {', '.join(merger.merged)} : {holders}")
    for split in found.splits:
        typer.echo(f"{split.name} ({split.code}) se sépare de {split.origin}.")
    for each in found.stranded:
        typer.echo(f"Sans une seule suite : {each.name}, tenue par {', '.join(each.holders)}.")
    for claim in found.straddling:
        typer.echo(f"À départager : {claim.name}, {claim.holder} ({', '.join(claim.held)}).")
    raise typer.Exit(0 if found.may_be_loaded else 1)


@geography_app.command("load")
def load(
    *,
    directory: Annotated[
        Path, typer.Option(help="Dossier des fichiers de la géographie de référence.")
    ] = GEO_DATA,
) -> None:
    """Charge la géographie de référence dans la base de données."""
    from app.cluster.command_database import command_engine
    from app.geography.loading import load_geography

    with command_engine() as engine:
        loaded = load_geography(engine, terminal_progress(), directory)
    typer.echo(
        "Géographie de référence chargée."
        if loaded
        else "La géographie de référence est déjà à jour."
    )
