"""System packages: installed when this account may, named when it may not."""

import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.cluster.requirements import OLDEST_POSTGRESQL
from app.failures import Failure
from app.progress import Progress

# Read by Debian's postgresql-common before it makes a cluster for a newly installed
# server; it sits beside the administrator's own configuration and is there only while
# we install.
_CREATE_CLUSTER = Path("/etc/postgresql-common/createcluster.d/cpts-installation.conf")

# Asked by Debian's packages before they start a service; 101 forbids it.
_SERVICE_POLICY = Path("/usr/sbin/policy-rc.d")

_HEADLESS_SHELL = "chromium-headless-shell"
_CHROMIUM_NAMES = (
    # The same engine without the parts of a browser that no test looks at.
    _HEADLESS_SHELL,
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
_MAC_BROWSERS = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)


def install_postgresql(progress: Progress, major: int | None = None) -> None:
    """Install PostgreSQL and PostGIS with the system's package manager.

    No other server is left running: Debian's own first cluster is not made, and
    clusters that are there already are not touched. Parameters: `progress`; `major`,
    the version that existing data ask for, the release's own when None. Raises
    `Failure` that names the packages when they cannot be installed from here.
    """
    if sys.platform == "darwin":
        _install_with_homebrew(["postgis"], progress)
        return
    if shutil.which("apt-get") is None:
        raise Failure(
            f"Installez PostgreSQL {OLDEST_POSTGRESQL} ou plus récent avec PostGIS, puis "
            "relancez la commande."
        )
    privilege = _privilege()
    if privilege is None:
        version = str(major or _release_version() or "<version>")
        raise Failure(
            "PostgreSQL et PostGIS manquent, et ce compte ne peut pas les installer. Un "
            f"administrateur doit exécuter : apt-get install postgresql-{version} "
            f"postgresql-{version}-postgis-3"
        )
    _refresh_package_lists(privilege, progress)
    release_version = _release_version()
    if major is not None and release_version is not None and major != release_version:
        raise Failure(
            f"Les données de ce dossier ont été écrites par PostgreSQL {major}, que ce système "
            f"n'offre plus (il offre PostgreSQL {release_version}). Suivez docs/operate.md, "
            "« Changing PostgreSQL's major version »."
        )
    version_number = release_version
    if version_number is None or version_number < OLDEST_POSTGRESQL:
        raise Failure(
            "Cette version du système n'offre pas PostgreSQL "
            f"{OLDEST_POSTGRESQL} ou plus récent : il faut Debian 12 ou Ubuntu 24.04 au moins, "
            "ou une base donnée par DATABASE_URL."
        )
    packages = [f"postgresql-{version_number}", f"postgresql-{version_number}-postgis-3"]
    with _no_first_cluster(privilege):
        _install_with_apt(packages, privilege, progress)


def chromium(progress: Progress) -> Path:
    """Find Chromium for the tests of pages, installing it where the system offers it.

    `CPTS_CHROMIUM` names another executable. Raises `Failure` when there is none.
    """
    _install_driver_library(progress)
    given = os.environ.get("CPTS_CHROMIUM")
    if given:
        if not os.access(given, os.X_OK):
            raise Failure(f"CPTS_CHROMIUM : {given} n'est pas un programme.")
        return Path(given)
    found = _found_chromium()
    if found is None:
        _install_chromium(progress)
        found = _found_chromium()
    if found is None:
        raise Failure("Chromium est installé mais son programme n'a pas été trouvé.")
    return found


def debian_program(name: str, package: str, progress: Progress) -> Path:
    """Find a program, installing its package where apt-get can; no service is started.

    Raises `Failure` that names the package when it cannot be installed from here.
    """
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
    found = shutil.which(name, path=path)
    if found is not None:
        return Path(found)
    privilege = _privilege() if shutil.which("apt-get") else None
    if privilege is None:
        raise Failure(
            f"{name} manque, et ce compte ne peut pas l'installer. Un administrateur doit "
            f"exécuter : apt-get install {package}"
        )
    _refresh_package_lists(privilege, progress)
    with _no_service_started(privilege):
        _install_with_apt([package], privilege, progress)
    found = shutil.which(name, path=path)
    if found is None:
        raise Failure(f"Le paquet {package} est installé mais {name} n'a pas été trouvé.")
    return Path(found)


def _install_driver_library(progress: Progress) -> None:
    """Have the one library that the browser's driver asks for and a bare system lacks."""
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        _install_for_tests("libatomic1", progress)


def _found_chromium() -> Path | None:
    for name in _CHROMIUM_NAMES:
        path = shutil.which(name)
        if path is not None and not _is_snap_stub(Path(path)):
            return Path(path)
    return next((path for path in _MAC_BROWSERS if path.exists()), None)


def _is_snap_stub(path: Path) -> bool:
    """Whether the program only tells to install a snap, as Ubuntu's package does.

    An installed snap does not serve either: it is confined to a home folder.
    """
    real = path.resolve()
    if real.name == "snap" or str(path).startswith("/snap/"):
        return True
    with real.open("rb") as program:
        return b"snap" in program.read(2048) and not real.is_symlink() and _is_script(real)


def _is_script(path: Path) -> bool:
    with path.open("rb") as program:
        return program.read(2) == b"#!"


def _install_chromium(progress: Progress) -> None:
    if sys.platform == "darwin":
        _install_with_homebrew(["--cask", "chromium"], progress)
        return
    advice = (
        "Les tests des pages ont besoin de Chromium ou de Google Chrome : installez l'un des "
        "deux, ou donnez son programme par CPTS_CHROMIUM."
    )
    if shutil.which("apt-get") is None:
        raise Failure(advice)
    if _is_ubuntu():
        raise Failure(
            "Sur Ubuntu, le paquet chromium n'est qu'un renvoi vers un snap, qui ne peut pas "
            "lire ce dossier. " + advice
        )
    _install_for_tests(_HEADLESS_SHELL, progress)


def _install_for_tests(package: str, progress: Progress) -> None:
    privilege = _privilege()
    if privilege is None or shutil.which("apt-get") is None:
        raise Failure(
            f"Les tests ont besoin du paquet {package}, et ce compte ne peut pas l'installer. "
            f"Un administrateur doit exécuter : apt-get install {package}"
        )
    _refresh_package_lists(privilege, progress)
    _install_with_apt([package], privilege, progress)


def _is_ubuntu() -> bool:
    try:
        return re.search(r"^ID=ubuntu$", Path("/etc/os-release").read_text(), re.M) is not None
    except OSError:
        return False


def _privilege() -> list[str] | None:
    """Give what to put before a command to run it as root, None when we cannot."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is None:
        return None
    without_password = subprocess.run(
        [sudo, "-n", "true"], check=False, stdin=subprocess.DEVNULL, capture_output=True
    )
    if without_password.returncode == 0 or sys.stdin.isatty():
        return [sudo]
    return None


def _release_version() -> int | None:
    """Give the major version of PostgreSQL that this system's release carries."""
    answer = subprocess.run(
        ["apt-cache", "depends", "postgresql"],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
    )
    found = re.search(r"Depends: postgresql-(\d+)\s*$", answer.stdout, re.MULTILINE)
    return int(found[1]) if found else None


def _refresh_package_lists(privilege: list[str], progress: Progress) -> None:
    with progress.step("Liste des paquets du système"):
        _apt(["update"], privilege)


def _install_with_apt(packages: list[str], privilege: list[str], progress: Progress) -> None:
    progress.say("Paquets du système à installer : " + " ".join(packages))
    with progress.step("Installation de " + ", ".join(packages)):
        _apt(["install", "--yes", "--no-install-recommends", *packages], privilege)


def _apt(arguments: list[str], privilege: list[str]) -> None:
    command = [
        *privilege,
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "LC_ALL=C.UTF-8",
        "apt-get",
        "-q",
        "-o",
        "DPkg::Lock::Timeout=300",
        *arguments,
    ]
    with tempfile.TemporaryFile("w+") as said:
        done = subprocess.run(
            command,
            check=False,
            stdin=None if privilege else subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        if done.returncode == 0:
            return
        said.seek(0)
        lines = [line.strip() for line in said if line.startswith(("E:", "Err:", "W:"))]
    reason = lines[-1] if lines else f"code {done.returncode}"
    raise Failure(f"« apt-get {' '.join(arguments)} » a échoué : {reason}")


@contextmanager
def _no_first_cluster(privilege: list[str]) -> Iterator[None]:
    write = f"mkdir -p {_CREATE_CLUSTER.parent} && echo create_main_cluster = false"
    subprocess.run([*privilege, "sh", "-c", f"{write} > {_CREATE_CLUSTER}"], check=True)
    try:
        yield
    finally:
        subprocess.run([*privilege, "rm", "-f", str(_CREATE_CLUSTER)], check=False)


@contextmanager
def _no_service_started(privilege: list[str]) -> Iterator[None]:
    """Keep a newly installed package from starting its service, by Debian's own rule."""
    if _SERVICE_POLICY.exists():  # the administrator's
        yield
        return
    write = f"printf '#!/bin/sh\\nexit 101\\n' > {_SERVICE_POLICY}"
    subprocess.run(
        [*privilege, "sh", "-c", f"{write} && chmod 755 {_SERVICE_POLICY}"], check=True
    )
    try:
        yield
    finally:
        subprocess.run([*privilege, "rm", "-f", str(_SERVICE_POLICY)], check=False)


def _install_with_homebrew(packages: list[str], progress: Progress) -> None:
    brew = shutil.which("brew")
    if brew is None:
        raise Failure("Installez Homebrew, puis exécutez : brew install " + " ".join(packages))
    with progress.step("brew install " + " ".join(packages)):
        done = subprocess.run(
            [brew, "install", *packages],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    if done.returncode != 0:
        raise Failure(f"« brew install {' '.join(packages)} » a échoué.")
