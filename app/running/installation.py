"""Makes the Python environment; run by the launcher with the system's Python.

Only the standard library is there yet, and nothing of `app` is imported. Usage:
python installation.py CHECKOUT LOCK [ENVIRONMENT], where LOCK is the name of a list of
requirements with hashes, and ENVIRONMENT the folder that gets them, `.venv` by default.
"""

import signal

# Until there is something to undo; the launcher, which says so, has them ignored here.
for _number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(_number, signal.SIG_DFL)

# ruff: noqa: E402  (what follows takes its time)
import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, NoReturn

# The bigger list holds the smaller with the same versions.
_INCLUDED = {"requirements-dev.lock": ["requirements.lock"]}


def main(checkout: Path, lock: str, folder: str = ".venv") -> None:
    """Install the requirements of `lock` into the environment `folder` of `checkout`."""
    environment = checkout / folder
    try:
        gate = (checkout / f"{folder}.lock").open("a")
    except PermissionError:
        _stop(f"ce compte ne peut pas écrire dans {checkout}.")
    with gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        if _is_installed(checkout / lock, environment):
            return  # by another launcher, meanwhile
        if not _works(environment):
            _make(environment)
        _install(checkout / lock, environment)
        for name in [lock, *_INCLUDED.get(lock, [])]:
            shutil.copyfile(checkout / name, environment / name)


def _is_installed(lock: Path, environment: Path) -> bool:
    marker = environment / lock.name
    return _works(environment) and marker.exists() and marker.read_bytes() == lock.read_bytes()


def _works(environment: Path) -> bool:
    python = environment / "bin" / "python"
    if not python.exists():
        return False
    tried = subprocess.run([python, "-c", "import pip"], check=False, capture_output=True)
    return tried.returncode == 0


def _make(environment: Path) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        _install_venv_package()
    _say("Création de l'environnement Python…")
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(environment)],
        check=False,
        capture_output=True,
        text=True,
    )
    if made.returncode != 0:
        _stop(
            f"l'environnement Python n'a pas pu être créé : {_last(made.stdout + made.stderr)}"
        )


def _install_venv_package() -> None:
    # Debian keeps it apart from Python itself.
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if shutil.which("apt-get") is None:
        _stop(f"le module venv de Python manque ({sys.executable}) : installez-le.")
    privilege: list[str] = []
    if os.geteuid() != 0:
        sudo = shutil.which("sudo")
        asked = [sudo or "false", "-n", "true"]
        silent = subprocess.run(asked, check=False, capture_output=True).returncode == 0
        if sudo is None or not (silent or sys.stdin.isatty()):
            _stop(
                "le module venv de Python manque, et ce compte ne peut pas l'installer. Un "
                f"administrateur doit exécuter : apt-get install {package}"
            )
        privilege = [sudo]
    _say(f"Paquet du système à installer : {package}")
    options = ["-q", "-o", "DPkg::Lock::Timeout=300"]
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", package]):
        done = subprocess.run(
            [
                *privilege,
                "env",
                "DEBIAN_FRONTEND=noninteractive",
                "apt-get",
                *options,
                *arguments,
            ],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if done.returncode != 0:
            _stop(f"« apt-get {' '.join(arguments)} » a échoué : {_last(done.stdout)}")
    importlib.invalidate_caches()


def _install(lock: Path, environment: Path) -> None:
    total = sum(1 for line in lock.read_text().splitlines() if "==" in line)
    _say(f"Installation de {total} bibliothèques Python…")
    counts = sys.stderr.isatty()
    options = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    options += ["--no-deps", "--require-hashes", "--requirement"]
    with tempfile.TemporaryFile("w+") as said:
        pip = subprocess.Popen(
            [str(environment / "bin" / "python"), "-m", "pip", "install", *options, str(lock)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        try:
            _follow(pip, said, total if counts else None)
        except BaseException:
            pip.terminate()
            raise
        if pip.wait() != 0:
            said.seek(0)
            errors = [line for line in said if line.startswith("ERROR")] or ["code inconnu"]
            _stop(
                f"les bibliothèques Python n'ont pas pu être installées : {errors[0].strip()}"
            )


def _follow(pip: subprocess.Popen[str], said: IO[str], total: int | None) -> None:
    """Keep what pip says; of a `total`, show how many libraries are there."""
    assert pip.stdout is not None
    done = 0
    for line in pip.stdout:
        said.write(line)
        if total and line.startswith(("Collecting ", "Requirement already ")):
            done += 1
            sys.stderr.write(f"\r  {done}/{total}")
            sys.stderr.flush()
    if total:
        sys.stderr.write("\r")


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("E:", "Error"))]
    return (telling or lines or ["sans message"])[-1]


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _stop(reason: str) -> NoReturn:
    sys.stderr.write(f"cpts : {reason}\n")
    sys.exit(1)


def _end(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    for _number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(_number, _end)
    main(Path(sys.argv[1]), *sys.argv[2:])
