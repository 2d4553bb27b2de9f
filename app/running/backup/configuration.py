"""What pgBackRest is told: the text of its configuration."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from app.cluster.server import ADMINISTRATOR_ROLE
from app.failures import Failure
from app.running.backup.rules import STANZA
from app.settings import BackupSettings


@dataclass(frozen=True)
class Places:
    """Where things are on this machine.

    Parameters: `folder`, the backup's own; `data`, PostgreSQL's; `sockets`, its socket's.
    """

    folder: Path
    data: Path
    sockets: Path

    @property
    def configuration(self) -> Path:
        """The file of pgBackRest's configuration."""
        return self.folder / "pgbackrest.conf"

    @property
    def repository(self) -> Path:
        """The directory of the backups when no other is given."""
        return self.folder / "repository"

    @property
    def logs(self) -> Path:
        """The folder of what pgBackRest did."""
        return self.folder / "log"


def configuration(settings: BackupSettings, places: Places) -> str:
    """Give the text of pgBackRest's configuration; it may hold secrets.

    Raises `Failure` when the settings contradict each other or are incomplete.
    """
    options = {
        **_repository(settings, places),
        # A backup goes when no moment of the days kept needs it any more.
        "repo1-retention-full-type": "time",
        "repo1-retention-full": str(settings.kept_days),
        "compress-type": "zst",
        "process-max": "2",
        "start-fast": "y",
        # Old logs of the server are no data.
        "exclude": "log/",
        "lock-path": str(places.folder / "lock"),
        "log-path": str(places.logs),
        "spool-path": str(places.folder / "spool"),
        "log-level-console": "error",
        "log-level-file": "info",
    }
    if settings.passphrase is not None:
        options["repo1-cipher-type"] = "aes-256-cbc"
        options["repo1-cipher-pass"] = settings.passphrase.get_secret_value()
    cluster = {
        "pg1-path": str(places.data),
        "pg1-socket-path": str(places.sockets),
        "pg1-user": ADMINISTRATOR_ROLE,
    }
    return _section("global", options) + "\n" + _section(STANZA, cluster)


def command(program: Path, places: Places) -> list[str]:
    """Give the beginning of every command line of pgBackRest."""
    return [str(program), f"--config={places.configuration}", f"--stanza={STANZA}"]


def archiving(program: Path, places: Places) -> str:
    """Give the line of PostgreSQL's configuration that has the log archived."""
    push = shlex.join([*command(program, places), "archive-push"]).replace("%", "%%")
    return f"archive_command = '{_doubled(push)} \"%p\"'\n"


def fetching(program: Path, places: Places, data: Path) -> str:
    """Give the command with which PostgreSQL, on `data`, fetches a part of the archived log."""
    words = [*command(program, places), f"--pg1-path={data}", "archive-get"]
    get = shlex.join(words).replace("%", "%%")
    return f'{get} %f "%p"'


def _doubled(text: str) -> str:
    return text.replace("'", "''")


def _repository(settings: BackupSettings, places: Places) -> dict[str, str]:
    if settings.s3_bucket is None:
        return {"repo1-path": str(settings.directory or places.repository)}
    if settings.directory is not None:
        raise Failure(
            "CPTS_BACKUP_DIRECTORY et CPTS_BACKUP_S3_BUCKET s'excluent : les sauvegardes vont "
            "dans un dossier ou dans un espace S3."
        )
    needed = {
        "endpoint": settings.s3_endpoint,
        "region": settings.s3_region,
        "key": settings.s3_key and settings.s3_key.get_secret_value(),
        "key-secret": settings.s3_key_secret and settings.s3_key_secret.get_secret_value(),
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        variables = ", ".join(
            f"CPTS_BACKUP_S3_{name.replace('-', '_').upper()}" for name in missing
        )
        raise Failure(f"Réglages manquants pour l'espace S3 : {variables}.")
    options = {
        "repo1-type": "s3",
        "repo1-path": settings.s3_path,
        "repo1-s3-bucket": settings.s3_bucket,
        "repo1-s3-uri-style": settings.s3_uri_style,
        **{f"repo1-s3-{name}": str(value) for name, value in needed.items()},
    }
    if settings.s3_ca_file is not None:
        options["repo1-storage-ca-file"] = str(settings.s3_ca_file)
    return options


def _section(name: str, options: dict[str, str]) -> str:
    for option, value in options.items():
        if "\n" in value:
            raise Failure(f"Sauvegarde : la valeur de {option} tient sur une ligne.")
    return f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in options.items())
