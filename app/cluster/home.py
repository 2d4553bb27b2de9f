"""Where a private cluster keeps its data and its socket."""

import hashlib
import os
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.cluster.programs import Account, account_name
from app.failures import Failure

# The address of a unix socket holds 107 bytes on Linux and 103 on macOS, its name
# included.
_LONGEST_SOCKET_FOLDER = 103 - len("/.s.PGSQL.5432.lock")
# What a restoration replaces is renamed so, and never deleted by us.
KEPT_ASIDE = "data.before-"
_PLAIN = re.compile(r"[A-Za-z0-9/._+@-]+")
_SHARED_HOMES = Path("/var/lib/cpts")
# In a home there: the place in a checkout that leads to it, under a name that says
# whether the data are worth keeping.
_BACK_LINKS = {True: "checkout", False: "throwaway-checkout"}


@dataclass(frozen=True)
class ClusterHome:
    """The folder of one private cluster, all of it the server account's.

    Parameters: `folder`, without links; `data`, PostgreSQL's own folder inside it;
    `sockets`, where clients find the server.
    """

    folder: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.folder / "data"

    @property
    def archiving(self) -> Path:
        """The part of the configuration that the backup writes."""
        return self.folder / "archiving.conf"

    @property
    def kept_aside(self) -> list[Path]:
        """Data that a restoration has replaced, oldest first."""
        return sorted(self.folder.glob(f"{KEPT_ASIDE}*"))

    @property
    def start_log(self) -> Path:
        """What the server said while it started."""
        return self.folder / "start.log"

    @property
    def sockets(self) -> Path:
        """The folder of the unix socket: inside the home unless its path does not suit.

        It may be too long, or hold characters that addresses and configurations split at.
        """
        inside = self.folder / "run"
        if len(str(inside)) <= _LONGEST_SOCKET_FOLDER and _PLAIN.fullmatch(str(inside)):
            return inside
        return Path(tempfile.gettempdir()) / f"cpts-{_short_hash(self.folder)}"


def existing_home(link: Path) -> ClusterHome | None:
    """Give the home that `link` is or leads to, None when there is none yet."""
    try:
        return ClusterHome(link.resolve(strict=True))
    except FileNotFoundError:
        return None


def make_home(link: Path, account: Account, *, durable: bool) -> ClusterHome:
    """Make an empty home for a new cluster.

    It is `link` itself, or, when the server's account cannot enter there (a checkout in
    root's home), a folder under /var/lib/cpts that `link` then leads to. Locks must
    keep others from doing the same meanwhile. Parameters: `durable`, False for data of
    no value, which may be removed once `link` is gone.
    """
    if link.is_symlink():  # what it led to is gone
        link.unlink()
    if account.is_current or _can_enter(account, link.parent):
        folder = link
        folder.mkdir(mode=0o700)
    else:
        _SHARED_HOMES.mkdir(mode=0o755, parents=True, exist_ok=True)
        folder = Path(
            tempfile.mkdtemp(prefix=f"{link.name}-{_short_hash(link)}-", dir=_SHARED_HOMES)
        )
        # In this order: a home that names a checkout without a link is a forgotten one.
        link.symlink_to(folder)
        (folder / _BACK_LINKS[durable]).write_text(str(link.absolute()))
    folder.chmod(0o700)
    if not account.is_current:
        os.chown(folder, account.uid, account.gid)
    return ClusterHome(folder.resolve())


def forgotten_homes(*, durable: bool) -> list[tuple[Path, Path]]:
    """List homes under /var/lib/cpts that no checkout leads to any more.

    Parameters: `durable`, whether those with data of value are asked for, or those
    without. Gives each home with the place that once led to it.
    """
    forgotten = []
    for back_link in sorted(_SHARED_HOMES.glob(f"*/{_BACK_LINKS[durable]}")):
        folder, link = back_link.parent, Path(back_link.read_text())
        if not link.is_symlink() or link.readlink() != folder:
            forgotten.append((folder, link))
    return forgotten


def prepare_socket_folder(home: ClusterHome, account: Account) -> None:
    """Make the socket's folder, ours and closed to others.

    Raises `Failure` when somebody else holds its place in the temporary folder.
    """
    folder = home.sockets
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    if state.st_uid == os.geteuid() != account.uid:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
        state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != account.uid:
        raise Failure(
            f"Le dossier {folder}, prévu pour la base privée, appartient à "
            f"« {account_name(state.st_uid)} » : supprimez-le."
        )
    folder.chmod(0o700)


def remove_home(link: Path) -> None:
    """Delete a stopped cluster with its data, and the link to it."""
    home = existing_home(link)
    if home is not None:
        if home.sockets.parent != home.folder:
            shutil.rmtree(home.sockets, ignore_errors=True)
        shutil.rmtree(home.folder)
    link.unlink(missing_ok=True)


def _can_enter(account: Account, folder: Path) -> bool:
    return account.run("test", "-x", str(folder.resolve())).returncode == 0


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:12]
