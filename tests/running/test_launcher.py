"""The launcher makes the Python environment once, from the hashed list, and nothing else."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from app.running import installation

ROOT = Path(__file__).parents[2]

# Stands in for the application: shows that the library is there, what it was asked for,
# and ends with the status that it was asked for.
CLI = """
import sys
import carried
print(carried.VERSION, *sys.argv[1:])
sys.exit(int(sys.argv[1]) if sys.argv[1:] else 0)
"""


def make_wheel(folder: Path, version: str) -> str:
    """Write a wheel of one module, and give its line of a list of requirements."""
    files = {
        "carried.py": f"VERSION = {version!r}\n",
        f"carried-{version}.dist-info/METADATA": (
            f"Metadata-Version: 2.1\nName: carried\nVersion: {version}\n"
        ),
        f"carried-{version}.dist-info/WHEEL": (
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
    }
    record = "".join(
        f"{name},sha256={_record_hash(text)},{len(text)}\n" for name, text in files.items()
    )
    files[f"carried-{version}.dist-info/RECORD"] = (
        record + f"carried-{version}.dist-info/RECORD,,\n"
    )
    wheel = folder / f"carried-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return (
        f"carried=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
    )


def _record_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the real launcher, whose only requirement lies beside it."""
    folder = tmp_path / "a checkout"
    (folder / "app" / "running").mkdir(parents=True)
    shutil.copy(ROOT / "cpts", folder / "cpts")
    installation_module = Path("app", "running", "installation.py")
    shutil.copy(ROOT / installation_module, folder / installation_module)
    (folder / "app" / "__init__.py").touch()
    (folder / "app" / "__main__.py").write_text(CLI)
    line = make_wheel(folder, "1.0")
    (folder / "requirements.lock").write_text(line)
    (folder / "requirements-dev.lock").write_text(line)
    return folder


def launch(checkout: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(checkout),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        # pip reads a list of addresses, which a space would end.
        "PIP_FIND_LINKS": checkout.as_uri(),
    }
    return subprocess.Popen(
        [str(checkout / "cpts"), *arguments],
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(checkout: Path, *arguments: str) -> tuple[int, str, str]:
    process = launch(checkout, *arguments)
    output, said = process.communicate(timeout=120)
    return process.returncode, output, said


def test_the_environment_is_made_once_and_again_when_the_list_changes(checkout: Path) -> None:
    status, output, said = run(checkout, "3", "deux mots", "*")
    assert (status, output) == (3, "1.0 3 deux mots *\n"), said
    assert "Installation de 1 bibliothèques" in said

    assert run(checkout, "0") == (0, "1.0 0\n", "")

    link = checkout.parent / "cpts"
    link.symlink_to(checkout / "cpts")
    assert run(link.parent, "0") == (0, "1.0 0\n", "")

    (checkout / "requirements.lock").write_text(make_wheel(checkout, "2.0"))
    status, output, said = run(checkout, "0")
    assert (status, output) == (0, "2.0 0\n")
    assert "Installation" in said

    # An environment whose Python is gone, as after an upgrade of the system.
    (checkout / ".venv" / "bin" / "python").unlink()
    status, output, said = run(checkout, "0")
    assert (status, output) == (0, "2.0 0\n")
    assert "Création de l'environnement" in said


def test_a_library_that_differs_from_its_hash_is_refused(checkout: Path) -> None:
    (checkout / "requirements.lock").write_text("carried==1.0 --hash=sha256:" + "0" * 64 + "\n")
    status, output, said = run(checkout, "0")
    assert status == 1
    assert output == ""
    assert "n'ont pas pu être installées" in said
    assert "Traceback" not in said


def test_two_launchers_at_once_make_one_environment(checkout: Path) -> None:
    both = [launch(checkout, "0") for _ in range(2)]
    results = [(process.communicate(timeout=120), process.returncode) for process in both]
    assert [status for _, status in results] == [0, 0]
    assert [output for (output, _), _ in results] == ["1.0 0\n", "1.0 0\n"]
    assert sum("Création" in said for (_, said), _ in results) == 1


def test_without_the_right_to_install_the_missing_package_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "requirements.lock").write_text(make_wheel(tmp_path, "1.0"))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: None if name == "sudo" else f"/bin/{name}")
    with pytest.raises(SystemExit) as stopped:
        installation.main(tmp_path, "requirements.lock")
    assert stopped.value.code == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"apt-get install python3.{sys.version_info.minor}-venv" in said
    assert not (tmp_path / ".venv").exists()
