"""Backing up the private cluster, listing its backups, and proving that one restores."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from app.cluster.addresses import private_cluster
from app.cluster.command_database import migrate
from app.cluster.home import make_home, remove_home
from app.cluster.programs import choose_server, installed_servers
from app.cluster.server import ADMINISTRATOR_ROLE, APPLICATION_ROLE, Server
from app.cluster.system_packages import debian_program
from app.cpts.verification.service import verify as verify_registry
from app.database.engine import create_database_engine
from app.database.sessions import snapshot_scope
from app.failures import Failure
from app.progress import Progress
from app.running.backup import configuration, repository, rules
from app.running.backup.rules import Backup
from app.running.backup.tool import Tool, prepared_tool
from app.settings import Settings

RECOVERY_TIMEOUT_S = 3600


def refuse_external(settings: Settings) -> None:
    """Raise `Failure` when the database is one of `DATABASE_URL`: others back it up."""
    if settings.database.url is not None:
        raise Failure(
            "La base est celle de DATABASE_URL : c'est l'administrateur de ce serveur qui la "
            "sauvegarde et la restaure (docs/operate/backup.md)."
        )


def backup_program(progress: Progress) -> Path:
    """Find pgBackRest, installing it where this account may. Raises `Failure`."""
    return debian_program("pgbackrest", "pgbackrest", progress)


@dataclass(frozen=True)
class Listing:
    """The backups, oldest first, and what is wrong with the archiving, None if nothing."""

    backups: list[Backup]
    archiving_fault: str | None


def run_backup(settings: Settings, progress: Progress) -> Backup:
    """Make a base backup, write down what it holds, and let go of those too old.

    From the first one on the server archives its log. Whether it went well is written to
    `backup/last.json` in the data directory. Raises `Failure`.
    """
    refuse_external(settings)
    data_directory = settings.database.data_directory
    try:
        program = backup_program(progress)
        with private_cluster(settings.database, progress).running() as server:
            tool = prepared_tool(settings.backup, data_directory, server, program)
            made = _run(settings, server, tool, progress)
    except BaseException:
        _write_outcome(data_directory, ok=False)
        raise
    _write_outcome(data_directory, ok=True)
    return made


def _run(settings: Settings, server: Server, tool: Tool, progress: Progress) -> Backup:
    administrator = server.url(ADMINISTRATOR_ROLE, "postgres")
    with progress.step("Archivage du journal"):
        tool.open_repository()
        tool.write_archiving(server)
        repository.load_archiving(administrator)
        tool.run("check")
    before = tool.backups()
    now = datetime.now(UTC)
    kind = rules.kind_of_next(before, now, settings.backup.full_days)
    label = "Sauvegarde complète" if kind == "full" else "Sauvegarde des changements"
    with progress.step(label):
        tool.run("backup", f"--type={kind}")
    made = tool.backups()[-1]
    with progress.step("Relevé du contenu"):
        # Two backups may end up in one second, their names may not.
        point = f"cpts-{made.label}-{now:%Y%m%d%H%M%S%f}"
        contents, schema = repository.contents_at_restore_point(
            server.url(ADMINISTRATOR_ROLE, APPLICATION_ROLE), point
        )
        tool.run(
            "annotate",
            f"--set={made.label}",
            f"--annotation={rules.CONTENTS}={rules.written(contents)}",
            f"--annotation={rules.RESTORE_POINT}={point}",
            f"--annotation={rules.SCHEMA}={schema or ''}",
        )
        # The log up to that point is in the archive when this is done.
        tool.run("check")
    return tool.backups()[-1]


def list_backups(settings: Settings, progress: Progress) -> Listing:
    """List the backups of the private cluster. Raises `Failure`."""
    refuse_external(settings)
    program = backup_program(progress)
    with private_cluster(settings.database, progress).running() as server:
        tool = prepared_tool(settings.backup, settings.database.data_directory, server, program)
        return Listing(
            tool.backups(),
            repository.archiving_fault(server.url(ADMINISTRATOR_ROLE, "postgres")),
        )


def verify_backup(settings: Settings, label: str | None, progress: Progress) -> list[str]:
    """Restore a backup into a cluster made for it, and compare.

    Parameters: `label`, of the backup, the newest when None. Returns one French line for
    each table that is not what the backup wrote down, and for each thing that
    `./cpts db verify` finds in it. Raises `Failure` when it cannot be restored at all.
    """
    refuse_external(settings)
    program = backup_program(progress)
    with private_cluster(settings.database, progress).running() as server:
        tool = prepared_tool(settings.backup, settings.database.data_directory, server, program)
        backup = _chosen(tool.backups(), label)
        if backup.contents is None or backup.restore_point is None:
            raise Failure(
                f"La sauvegarde {backup.label} a été interrompue avant que son contenu ne soit "
                "relevé : rien à quoi comparer."
            )
        with _scratch_server(settings, server, tool, backup, progress) as scratch:
            with progress.step("Comparaison avec ce que la sauvegarde a relevé"):
                url = scratch.url(ADMINISTRATOR_ROLE, APPLICATION_ROLE)
                with psycopg.connect(url) as connection:
                    found = repository.contents(connection)
            drift = rules.differences(backup.contents, found)
            return drift + _registry_drift(scratch, progress)


def _registry_drift(scratch: Server, progress: Progress) -> list[str]:
    engine = create_database_engine(
        scratch.url(ADMINISTRATOR_ROLE, APPLICATION_ROLE), application_name="cpts-backup"
    )
    try:
        # A backup of an older version is judged as this version would use it.
        migrate(engine, progress)
        with snapshot_scope(engine) as session:
            return verify_registry(session, progress)
    finally:
        engine.dispose()


@contextmanager
def _scratch_server(
    settings: Settings, server: Server, tool: Tool, backup: Backup, progress: Progress
) -> Iterator[Server]:
    """Have a server on what `backup` held at its restore point, and remove it afterwards."""
    link = settings.database.data_directory / "postgres-restored"
    remove_home(link)
    home = make_home(link, server.account, durable=False)
    programs = choose_server(
        installed_servers(settings.database.postgresql_programs), backup.major
    )
    if programs is None:
        raise Failure(f"PostgreSQL {backup.major}, qui a écrit cette sauvegarde, manque.")
    # Without waiting for the disk, and without archiving: it is thrown away.
    scratch = Server(home, programs, server.account, durable=False)
    try:
        with progress.step(f"Restauration de {backup.label} à part"):
            tool.run(
                "restore",
                f"--set={backup.label}",
                f"--pg1-path={home.data}",
                "--type=name",
                f"--target={backup.restore_point}",
                "--target-action=promote",
                "--archive-mode=off",
                "--recovery-option=restore_command="
                + configuration.fetching(tool.program, tool.places, home.data),
            )
            scratch.start()
            scratch.wait_until_recovered(time.monotonic() + RECOVERY_TIMEOUT_S)
        yield scratch
    finally:
        scratch.stop()
        remove_home(link)


def _chosen(backups: list[Backup], label: str | None) -> Backup:
    if not backups:
        raise Failure("Il n'y a aucune sauvegarde : ./cpts backup run en fait une.")
    if label is None:
        return backups[-1]
    for backup in backups:
        if backup.label == label:
            return backup
    raise Failure(f"Aucune sauvegarde ne s'appelle {label} (voir ./cpts backup list).")


def _write_outcome(data_directory: Path, *, ok: bool) -> None:
    """Leave the outcome for whoever watches over the backups."""
    folder = data_directory / "backup"
    if not folder.exists():  # it failed before there was anything to watch over
        return
    outcome = {"finished_at": datetime.now(UTC).isoformat(timespec="seconds"), "ok": ok}
    # The failure that is being told may be a full disk.
    with suppress(OSError):
        draft = folder / "last.json.new"
        draft.write_text(json.dumps(outcome) + "\n")
        draft.replace(folder / "last.json")
