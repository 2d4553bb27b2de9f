"""The atlas of a link: made once for a state and a day, by a process of its own."""

import fcntl
import hashlib
import os
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from datetime import UTC, date
from functools import cache, cached_property
from pathlib import Path
from typing import ClassVar, TextIO

import anyio

from app.http.repository import Revision
from app.problems import ServiceBusy
from app.settings import PROJECT_ROOT

_LOCK = "lock"
_LOOK_S = 0.25


class AtlasBeingMade(ServiceBusy):
    """The atlas of the present registry is not there yet; somebody's request began it."""

    title = "Atlas en cours de composition"
    # A browser that shows this looks again by itself.
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "10", "Refresh": "10"}


def file_name(revision: Revision, day: date, edition: str) -> str:
    """Name the file of an atlas; another database may have a revision of the same number.

    Parameters: `edition`, what else it depends on, as `Atlases.edition` gives it.
    """
    changed = revision.changed_at.astimezone(UTC)
    state = f"{revision.number}-{changed:%Y%m%dT%H%M%S%f}-{edition}"
    return f"atlas-{day.isoformat()}-{state}.pdf"


class Atlases:
    """Where the workers of a machine keep the atlas, and have it made.

    Parameters: `folder`, made when it is needed; `database_url` of the process that makes
    an atlas; `base`, the outside address that it prints, empty when none is settled;
    `within_s`, how long a request waits for it.
    """

    def __init__(
        self, folder: Path, database_url: str, *, base: str = "", within_s: float = 8
    ) -> None:
        self._wanted = folder
        self._database_url = database_url
        self._base = base
        self._within_s = within_s

    @cached_property
    def folder(self) -> Path:
        """Where atlases lie; beside other temporary files where `folder` takes none.

        Raises `ServiceBusy` when there is no room at either place.
        """
        try:
            self._wanted.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._wanted):
                return self._wanted
        except OSError:
            return _temporary_folder()

    @cached_property
    def edition(self) -> str:
        """What an atlas depends on besides the registry and the day: address and program."""
        return hashlib.sha256(f"{self._base} {_program()}".encode()).hexdigest()[:12]

    def name_of(self, revision: Revision, day: date) -> str:
        """Name the atlas of a state of the registry and a day."""
        return file_name(revision, day, self.edition)

    async def path_of(self, name: str) -> Path:
        """Give the atlas of a name; have the present one made when it is not there.

        Raises `AtlasBeingMade` when it is not there in time, `ServiceBusy`.
        """
        path = self.folder / name
        is_begun = False
        with anyio.move_on_after(self._within_s):
            while not path.exists():
                # Once for a request: what fails would fail again.
                is_begun = is_begun or await anyio.to_thread.run_sync(self._begin, path)
                await anyio.sleep(_LOOK_S)
        if not path.exists():
            raise AtlasBeingMade("L’atlas est en cours de composition : il sera là sous peu.")
        return path

    def _begin(self, path: Path) -> bool:
        """Start the process unless one works, or has just made `path`; tell whether it did."""
        lock = (self.folder / _LOCK).open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        if path.exists():
            lock.close()
            return False
        threading.Thread(target=self._make, args=(lock,), daemon=True).start()
        return True

    def _make(self, lock: TextIO) -> None:
        """Run the process. It ends with the thread that starts it, so this one stays.

        The lock goes over to it, and ends with it.
        """
        module = "app.web.atlas.working_process"
        with lock:
            subprocess.run(
                [sys.executable, "-m", module, str(self.folder), self.edition, self._base],
                check=False,
                cwd=PROJECT_ROOT,
                env={**os.environ, "DATABASE_URL": self._database_url},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[lock.fileno()],
                start_new_session=True,
            )


def _temporary_folder() -> Path:
    """Give a folder that the workers of this account share, and nobody else writes to."""
    own = os.getuid()
    try:
        folder = Path(tempfile.gettempdir()) / f"cpts-atlas-{own}"
        folder.mkdir(mode=0o700, exist_ok=True)
        about = folder.lstat()
    except OSError:
        about = None
    if (
        about is None
        or not stat.S_ISDIR(about.st_mode)
        or about.st_uid != own
        or stat.S_IMODE(about.st_mode) != stat.S_IRWXU
    ):
        raise ServiceBusy("L’atlas ne peut pas être gardé sur cette machine.")
    return folder


@cache
def _program() -> str:
    """Tell this program from any other."""
    digest = hashlib.sha256()
    for path in sorted((PROJECT_ROOT / "app").rglob("*")):
        # What Python keeps of it differs from run to run.
        if path.is_file() and path.parent.name != "__pycache__":
            digest.update(path.read_bytes())
    return digest.hexdigest()
