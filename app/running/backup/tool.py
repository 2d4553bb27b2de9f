"""pgBackRest as this service runs it: as the account of the server, on its own folder."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from app.cluster.home import make_home
from app.cluster.programs import Account
from app.cluster.server import Server
from app.failures import Failure
from app.running.backup import configuration
from app.running.backup.configuration import Places
from app.running.backup.rules import Backup, read_backups
from app.settings import BackupSettings

# What pgBackRest says, in its language, and what an operator can do about it.
_EXPLAINED = (
    (
        r"unable to find backup set with (?:stop time|lsn) less than",
        "aucune sauvegarde n'est antérieure au moment demandé (voir ./cpts backup list)",
    ),
    (r"no backup sets? to restore|no prior backup", "il n'y a aucune sauvegarde"),
    (r"backup set .* is not valid|does not exist", "cette sauvegarde n'existe pas : {0}"),
    (r"No space left on device", "il n'y a plus de place sur le disque"),
    (r"unable to acquire lock", "une autre sauvegarde est en cours"),
    (r"Permission denied|unable to (?:create|open).*\[13\]", "accès refusé : {0}"),
    (
        r"(?:archive|WAL) .*timeout|was not archived before",
        "le journal n'est pas archivé : {0}",
    ),
    (r"cipher|unable to flush", "la phrase secrète n'est pas celle de ces sauvegardes"),
)


@dataclass(frozen=True)
class Tool:
    """pgBackRest, told where everything is.

    Parameters: `program`; `account`, which runs it, as it runs the server; `places`.
    """

    program: Path
    account: Account
    places: Places

    def run(self, command: str, *options: str) -> str:
        """Run one of its commands and give what it said.

        Raises `Failure`, with its own word, when it fails.
        """
        beginning = configuration.command(self.program, self.places)
        done = self.account.run(*beginning, *options, command)
        if done.returncode != 0:
            raise Failure(f"Sauvegarde : {_explained(done.stdout)}.")
        return done.stdout

    def backups(self) -> list[Backup]:
        """List the sound backups, oldest first; none where nothing was ever backed up."""
        said = self.run("info", "--output=json")
        return read_backups(said[said.index("[") :])

    def open_repository(self) -> None:
        """Have a repository for the present cluster; one that is there is kept."""
        try:
            self.run("stanza-create")
        except Failure as refused:
            if "stanza-upgrade" not in refused.message:
                raise
            # The cluster was made anew, by another version of PostgreSQL for example.
            self.run("stanza-upgrade")

    def write_archiving(self, server: Server) -> None:
        """Have the server archive its log, from when it reads its configuration again."""
        _write(
            server.home.archiving,
            configuration.archiving(self.program, self.places),
            self.account,
        )


def prepared_tool(
    settings: BackupSettings, data_directory: Path, server: Server, program: Path
) -> Tool:
    """Make the backup's folder and write pgBackRest's configuration from the settings.

    Parameters: `data_directory`, in which the folder is, or a link to it; `server`, whose
    data are backed up. Raises `Failure` when the account of the server may not write
    where the settings say.
    """
    link = data_directory / "backup"
    account = server.account
    home = make_home(link, account, durable=True) if not link.exists() else None
    folder = home.folder if home else link.resolve()
    places = Places(folder=folder, data=server.home.data, sockets=server.home.sockets)
    _write(places.configuration, configuration.configuration(settings, places), account)
    tool = Tool(program, account, places)
    _have_directory(places.logs, account)
    if settings.s3_bucket is None:
        _have_directory(settings.directory or places.repository, account)
    return tool


def _have_directory(directory: Path, account: Account) -> None:
    if not directory.is_absolute():
        raise Failure("CPTS_BACKUP_DIRECTORY : un chemin absolu est attendu.")
    try:
        if not directory.exists():
            directory.mkdir(mode=0o700, parents=True)
            if not account.is_current:
                os.chown(directory, account.uid, account.gid)
    except OSError as refused:
        raise Failure(
            f"Le dossier {directory} n'a pas pu être créé ({refused.strerror})."
        ) from None
    if account.run("test", "-w", str(directory), "-a", "-x", str(directory)).returncode != 0:
        raise Failure(f"Le compte « {account.name} » ne peut pas écrire dans {directory}.")


def _write(path: Path, text: str, account: Account) -> None:
    # In place of the former in one step: PostgreSQL may read it at any moment.
    draft = path.with_name(path.name + ".new")
    draft.touch(mode=0o600)
    draft.chmod(0o600)
    draft.write_text(text)
    if not account.is_current:
        shutil.chown(draft, account.uid, account.gid)
    draft.replace(path)


def _explained(said: str) -> str:
    errors = re.findall(r"ERROR: \[\d+\]: (.+(?:\n {2,}.*)*)", said)
    text = " ".join((errors[-1] if errors else said.strip() or "sans message").split())
    for pattern, french in _EXPLAINED:
        if re.search(pattern, text, re.IGNORECASE):
            return french.format(text)
    return text
