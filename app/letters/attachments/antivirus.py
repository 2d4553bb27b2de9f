"""What looks for viruses: a command of the operator's, which is given the file."""

import shlex
import subprocess
import tempfile
from pathlib import Path

import anyio

from app.problems import Invalid, ServiceBusy
from app.settings import AttachmentSettings

_REFUSED = "Ce fichier est refusé par l'antivirus."
_FAILED = "L'antivirus n'a pas pu examiner ce fichier : réessayez plus tard."


async def check_clean(content: bytes, settings: AttachmentSettings) -> None:
    """Have a file examined; nothing when no command is set.

    The command gets the path of a file that only the service reads, as its last argument,
    and nothing of the service's environment but its path.

    Raises:
        Invalid: it did not end with 0.
        ServiceBusy: it could not be started, or took too long.
    """
    if settings.antivirus is None:
        return
    with tempfile.TemporaryDirectory(prefix="cpts-attachment-") as folder:
        path = Path(folder) / "attachment"
        path.write_bytes(content)
        command = [*shlex.split(settings.antivirus), str(path)]
        try:
            with anyio.fail_after(settings.antivirus_seconds):
                done = await anyio.run_process(
                    command,
                    check=False,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
                )
        except (TimeoutError, OSError) as trouble:
            raise ServiceBusy(_FAILED) from trouble
    if done.returncode != 0:
        raise Invalid.at("body", "file", message=_REFUSED)
