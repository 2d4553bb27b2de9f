"""System packages are installed where this account may, and named where it may not."""

import os
from pathlib import Path

import pytest

from app.cluster import system_packages
from app.cluster.system_packages import chromium, install_postgresql
from app.failures import Failure
from app.progress import SilentProgress

# What Ubuntu's package `chromium-browser` puts in Chromium's place.
SNAP_STUB = """#!/bin/sh
if ! [ -x /snap/bin/chromium ]; then
    echo "Command '$0' requires the chromium snap to be installed." >&2
    exit 1
fi
exec /snap/bin/chromium "$@"
"""
ROOT = 0
APT_CACHE = "#!/bin/sh\necho postgresql\necho '  Depends: postgresql-{major}'\n"


class Machine:
    """The programs of a machine, and what was asked of its package manager."""

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "bin"
        self.programs.mkdir()
        self.log = folder / "apt.log"
        for name in ("sh", "env", "mkdir", "rm", "cat"):
            (self.programs / name).symlink_to(f"/bin/{name}")

    def has(self, name: str, script: str) -> Path:
        program = self.programs / name
        program.write_text(script)
        program.chmod(0o755)
        return program

    def has_apt(self, major: int, marker: Path) -> None:
        self.has("apt-cache", APT_CACHE.format(major=major))
        self.has(
            "apt-get",
            f'#!/bin/sh\nexec >> {self.log}\necho "$@"\n[ ! -e {marker} ] || cat {marker}\n',
        )

    def asked(self) -> str:
        return self.log.read_text() if self.log.exists() else ""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    monkeypatch.setenv("PATH", str(made.programs))
    monkeypatch.delenv("CPTS_CHROMIUM", raising=False)
    return made


@pytest.fixture
def marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands in for postgresql-common's configuration under /etc."""
    path = tmp_path / "createcluster.d" / "cpts-installation.conf"
    monkeypatch.setattr(system_packages, "_CREATE_CLUSTER", path)
    return path


def as_user(monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)


@pytest.mark.parametrize("major", [15, 16, 17])
def test_the_release_s_own_version_is_installed_without_a_first_cluster(
    machine: Machine, marker: Path, monkeypatch: pytest.MonkeyPatch, major: int
) -> None:
    as_user(monkeypatch, ROOT)
    machine.has_apt(major, marker)
    install_postgresql(SilentProgress())
    install = machine.asked().split("update", 1)[1]
    assert f"postgresql-{major} postgresql-{major}-postgis-3\n" in install
    assert install.endswith("create_main_cluster = false\n")
    assert not marker.exists()


def test_without_root_or_sudo_the_packages_are_named(
    machine: Machine, marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_user(monkeypatch, 1000)
    machine.has_apt(17, marker)
    with pytest.raises(Failure) as refused:
        install_postgresql(SilentProgress())
    assert "apt-get install postgresql-17 postgresql-17-postgis-3" in refused.value.message
    assert machine.asked() == ""


def test_a_release_that_is_too_old_is_refused(
    machine: Machine, marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_user(monkeypatch, ROOT)
    machine.has_apt(14, marker)
    with pytest.raises(Failure, match="PostgreSQL 15 ou plus récent"):
        install_postgresql(SilentProgress())
    assert "install" not in machine.asked()


def test_data_of_a_version_that_the_release_no_longer_has_are_named(
    machine: Machine, marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_user(monkeypatch, ROOT)
    machine.has_apt(17, marker)
    with pytest.raises(Failure, match="PostgreSQL 15, que ce système n'offre plus"):
        install_postgresql(SilentProgress(), 15)
    assert "install" not in machine.asked()


def test_a_real_browser_is_found_behind_a_stub(machine: Machine) -> None:
    machine.has("chromium-browser", SNAP_STUB)
    chrome = machine.has("google-chrome", "#!/bin/sh\nexec /opt/google/chrome/chrome\n")
    assert chromium(SilentProgress()) == chrome


def test_the_shell_without_windows_is_taken_before_the_whole_browser(
    machine: Machine,
) -> None:
    whole = machine.has("chromium", "#!/bin/sh\n")
    assert chromium(SilentProgress()) == whole
    shell = machine.has("chromium-headless-shell", "#!/bin/sh\n")
    assert chromium(SilentProgress()) == shell


def test_the_setting_names_the_browser(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = machine.has("mine", "#!/bin/sh\n")
    machine.has("chromium", "#!/bin/sh\n")
    monkeypatch.setenv("CPTS_CHROMIUM", str(mine))
    assert chromium(SilentProgress()) == mine
    monkeypatch.setenv("CPTS_CHROMIUM", str(mine) + "-not")
    with pytest.raises(Failure, match="CPTS_CHROMIUM"):
        chromium(SilentProgress())


def test_without_root_or_sudo_the_browser_s_package_is_named(
    machine: Machine, marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_user(monkeypatch, 1000)
    monkeypatch.setattr(system_packages, "_is_ubuntu", lambda: False)
    machine.has_apt(15, marker)
    with pytest.raises(Failure, match="apt-get install chromium-headless-shell"):
        chromium(SilentProgress())


def test_on_ubuntu_the_stub_is_not_installed(
    machine: Machine, marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_user(monkeypatch, ROOT)
    monkeypatch.setattr(system_packages, "_is_ubuntu", lambda: True)
    machine.has_apt(16, marker)
    machine.has("chromium-browser", SNAP_STUB)
    with pytest.raises(Failure, match="snap"):
        chromium(SilentProgress())
    assert "install chromium" not in machine.asked()
