"""Going back: the private cluster as it was at a moment, the present one kept aside."""

import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.cluster.addresses import private_cluster
from app.cluster.home import KEPT_ASIDE
from app.cluster.private import prepare_for_application
from app.cluster.programs import choose_server, installed_servers
from app.cluster.server import Server
from app.failures import Failure
from app.progress import Progress
from app.running.backup import configuration
from app.running.backup.service import RECOVERY_TIMEOUT_S, backup_program, refuse_external
from app.running.backup.tool import Tool, prepared_tool
from app.settings import Settings

# PostgreSQL's word when nothing was written after the moment asked for.
_NOTHING_LATER = "recovery ended before configured recovery target was reached"


@dataclass(frozen=True)
class Restored:
    """What a restoration did: `kept`, the folder of the former data, None without any."""

    kept: Path | None


def restore(settings: Settings, moment: datetime | None, progress: Progress) -> Restored:
    """Put the private cluster back to `moment`, or to the end of its archive when None.

    The former data are renamed, never removed, and put back when the restored ones do not
    start. Raises `Failure`; the service must not run meanwhile.
    """
    refuse_external(settings)
    program = backup_program(progress)
    newest = max((s.major for s in installed_servers() if s.has_postgis), default=None)
    with private_cluster(settings.database, progress).stopped(newest) as present:
        data_directory = settings.database.data_directory
        tool = prepared_tool(settings.backup, data_directory, present, program)
        tool.write_archiving(present)
        backups = tool.backups()
        if not backups:
            raise Failure("Il n'y a aucune sauvegarde à restaurer.")
        server = _matching(settings, present, backups[-1].major)
        _archive_the_rest(server, progress)
        draft = server.home.folder / "data.restoring"
        if draft.exists():  # of a restoration that was interrupted
            shutil.rmtree(draft)
        with progress.step("Restauration des fichiers"):
            tool.run("restore", f"--pg1-path={draft}", *_target(moment, tool))
        kept = _exchange(server, draft)
        try:
            with progress.step("Reprise du journal"):
                _recover(server)
            prepare_for_application(server)
        except BaseException:
            _put_back(server, kept)
            raise
        server.stop()
        return Restored(kept)


def _matching(settings: Settings, server: Server, major: int) -> Server:
    programs = choose_server(installed_servers(settings.database.postgresql_programs), major)
    if programs is None:
        raise Failure(f"PostgreSQL {major}, qui a écrit ces sauvegardes, manque ici.")
    return Server(server.home, programs, server.account)


def _archive_the_rest(server: Server, progress: Progress) -> None:
    """Have what was written last archived: a clean end of the server does it."""
    if not server.is_made:
        return
    try:
        with progress.step("Archivage des derniers changements"):
            server.start()
            server.stop()
    except Failure as broken:
        progress.say(
            "La base présente ne démarre pas : ce qui n'était pas encore archivé (une minute "
            f"au plus) manquera. {broken.message}"
        )


def _target(moment: datetime | None, tool: Tool) -> list[str]:
    fetch = configuration.fetching(tool.program, tool.places, tool.places.data)
    options = [f"--recovery-option=restore_command={fetch}"]
    if moment is not None:
        target = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00"
        options += ["--type=time", f"--target={target}", "--target-action=promote"]
    return options


def _exchange(server: Server, draft: Path) -> Path | None:
    kept = None
    if server.home.data.exists():
        kept = server.home.folder / f"{KEPT_ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%S}"
        server.home.data.rename(kept)
    draft.rename(server.home.data)
    return kept


def _put_back(server: Server, kept: Path | None) -> None:
    server.stop()
    if kept is not None:
        # What was restored is in the backups still.
        shutil.rmtree(server.home.data)
        kept.rename(server.home.data)


def _recover(server: Server) -> None:
    until = time.monotonic() + RECOVERY_TIMEOUT_S
    try:
        server.start()
        server.wait_until_recovered(until)
    except Failure as refused:
        if _NOTHING_LATER not in refused.message:
            raise
        # The archive ends before the moment: its end is what was there at the moment.
        settings = server.home.data / "postgresql.auto.conf"
        lines = settings.read_text().splitlines(keepends=True)
        settings.write_text(
            "".join(line for line in lines if not line.startswith("recovery_target"))
        )
        server.start()
        server.wait_until_recovered(until)
