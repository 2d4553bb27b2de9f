"""`./cpts db verify`."""

import typer


def verify_database() -> None:
    """Recalcule tout ce qui est dérivé, l'annuaire compris, et nomme chaque écart."""
    from app.cluster.command_database import command_engine
    from app.cpts.verification.service import verify
    from app.database.sessions import snapshot_scope
    from app.progress import terminal_progress

    progress = terminal_progress()
    with command_engine(progress=progress) as engine, snapshot_scope(engine) as session:
        drift = verify(session, progress)
    for line in drift:
        typer.echo(line)
    if drift:
        typer.echo(f"{len(drift)} écart(s).")
        raise typer.Exit(1)
    typer.echo("Aucun écart : tout ce qui est dérivé est exact.")
