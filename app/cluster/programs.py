"""PostgreSQL's programs on this machine, and the account that may run the server."""

import os
import pwd
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from app.failures import Failure

OLDEST_POSTGRESQL = 15

_PLACES = (
    ("/usr/lib/postgresql", "*/bin"),  # Debian, Ubuntu
    ("/opt/homebrew/opt", "postgresql@*/bin"),  # Homebrew on Apple silicon
    ("/usr/local/opt", "postgresql@*/bin"),  # Homebrew on Intel
    ("/usr", "pgsql-*/bin"),  # PGDG's packages for RPM systems
)


@dataclass(frozen=True)
class Programs:
    """One installed PostgreSQL server.

    Parameters: `folder`, that of `initdb`, `pg_ctl` and `postgres`; `major`, its major
    version; `has_postgis`, whether PostGIS is installed for it.
    """

    folder: Path
    major: int
    has_postgis: bool

    def path(self, program: str) -> str:
        """Give the path of one program."""
        return str(self.folder / program)


@dataclass(frozen=True)
class Account:
    """The system account that the server runs as; PostgreSQL refuses root."""

    uid: int
    gid: int
    name: str

    @property
    def is_current(self) -> bool:
        """Whether it is the account of this very process."""
        return self.uid == os.geteuid()

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, with neither terminal nor our signals.

        Its messages are in English whatever the machine's language, its output is
        captured, and a failure is left to the caller.
        """
        other = not self.is_current
        return subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            # Ctrl-C on the terminal reaches us, not the server.
            start_new_session=True,
            user=self.uid if other else None,
            group=self.gid if other else None,
            extra_groups=[] if other else None,
        )


def installed_servers(folder: Path | None = None) -> list[Programs]:
    """List the PostgreSQL servers of this machine, newest first.

    Parameters: `folder`, the only one to look at when it is given.
    """
    if folder is not None:
        folders = [folder]
    else:
        folders = [found for base, pattern in _PLACES for found in Path(base).glob(pattern)]
        on_path = shutil.which("initdb")
        if on_path:
            folders.append(Path(on_path).resolve().parent)
    servers = {
        str(place): server
        for place in folders
        if (server := _server_in(place.resolve())) is not None
    }
    return sorted(servers.values(), key=lambda server: server.major, reverse=True)


def _server_in(folder: Path) -> Programs | None:
    if not all((folder / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
        return None
    major = re.fullmatch(r"(?:.*[@-])?(\d+)(?:\.\d+)*(?:_\d+)?", folder.parent.name)
    if major is None:
        answer = subprocess.run(
            [str(folder / "postgres"), "--version"], check=False, capture_output=True, text=True
        )
        major = re.search(r"(\d+)", answer.stdout)
    if major is None:
        return None
    return Programs(folder, int(major[1]), _has_postgis(folder, int(major[1])))


def _has_postgis(folder: Path, major: int) -> bool:
    # Debian's layout is known; asking pg_config costs a process at every start.
    share = Path(f"/usr/share/postgresql/{major}")
    if not str(folder).startswith("/usr/lib/postgresql/"):
        pg_config = folder / "pg_config"
        if not pg_config.exists():
            return False
        answer = subprocess.run(
            [str(pg_config), "--sharedir"], check=False, capture_output=True, text=True
        )
        share = Path(answer.stdout.strip())
    return (share / "extension" / "postgis.control").exists()


def choose_server(servers: list[Programs], data_major: int | None) -> Programs | None:
    """Choose the server for the private cluster, None when it has to be installed.

    Parameters: `servers`, newest first; `data_major`, the major version that wrote the
    existing data, None when there are none. Raises `Failure` when data exist and
    no installed server can read them.
    """
    usable = [
        server for server in servers if server.has_postgis and server.major >= OLDEST_POSTGRESQL
    ]
    if data_major is None:
        return usable[0] if usable else None
    for server in usable:
        if server.major == data_major:
            return server
    if usable:
        raise Failure(
            f"Les données de ce dossier ont été écrites par PostgreSQL {data_major}, mais "
            f"cette machine a PostgreSQL {usable[0].major}. Réinstallez PostgreSQL "
            f"{data_major} avec PostGIS, ou suivez docs/operate.md, « Changing "
            "PostgreSQL's major version »."
        )
    return None


def server_account(owner: int | None) -> Account:
    """Find the account that runs the server.

    Parameters: `owner`, the user id that owns the existing data, None when there are
    none yet. Raises `Failure` when root finds no such account, or when the data belong
    to somebody else.
    """
    current = os.geteuid()
    if current != 0:
        if owner is not None and owner != current:
            raise Failure(
                "La base privée de ce dossier appartient à "
                f"« {account_name(owner)} » : lancez la commande sous ce compte, ou avec sudo."
            )
        return Account(current, os.getegid(), account_name(current))
    if owner:
        entry = pwd.getpwuid(owner)
        return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        advice = "sans sudo" if sys.platform == "darwin" else "avec un compte ordinaire"
        raise Failure(
            "PostgreSQL refuse de tourner sous root et le compte « postgres » n'existe pas : "
            f"lancez la commande {advice}."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)


def account_name(uid: int) -> str:
    """Give a user's name, or its number when it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
