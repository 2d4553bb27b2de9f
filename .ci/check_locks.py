"""Compare the locks with pyproject.toml, without any network.

Whoever adds, raises or drops a requirement and forgets a lock is told which. Exits with 1
when they differ. Argument: the directory of the project, by default the one above this.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)")
_VIA = re.compile(r"^\s+#\s+(?:via\s*)?(.*)$")
# How pip-compile says that a package was asked for by the project itself.
_BY_PROJECT = re.compile(r"\(pyproject\.toml\)|^-r -$")


@dataclass
class Lock:
    """A file of pip-compile: versions by name, and the names that the project asks for."""

    name: str
    versions: dict[NormalizedName, str] = field(default_factory=dict)
    asked: set[NormalizedName] = field(default_factory=set)


def read_lock(path: Path) -> Lock:
    """Read a file of pip-compile; its options, hashes and indices are passed over."""
    lock = Lock(path.name)
    package: NormalizedName | None = None
    for line in path.read_text("utf-8").splitlines():
        if pin := _PIN.match(line):
            package = canonicalize_name(pin[1])
            lock.versions[package] = pin[2]
        elif package and (via := _VIA.match(line)) and _BY_PROJECT.search(via[1]):
            lock.asked.add(package)
    return lock


def differences(lock: Lock, requirements: Iterable[Requirement]) -> Iterator[str]:
    """Say where a lock is not what the requirements ask for."""
    named = {canonicalize_name(requirement.name): requirement for requirement in requirements}
    for name, requirement in sorted(named.items()):
        version = lock.versions.get(name)
        if version is None:
            yield f"{lock.name}: {name} is missing"
        elif not requirement.specifier.contains(version, prereleases=True):
            yield f"{lock.name}: {name} {version}, where pyproject.toml says {requirement}"
        elif name not in lock.asked:
            yield f"{lock.name}: {name} is there for others only"
    for name in sorted(lock.asked - named.keys()):
        yield f"{lock.name}: {name} is no longer in pyproject.toml"


def contradictions(lock: Lock, names: Iterable[NormalizedName], base: Lock) -> Iterator[str]:
    """Say which of these packages have another version than in the lock of the service."""
    for name in sorted(lock.versions.keys() & base.versions.keys() & set(names)):
        if lock.versions[name] != base.versions[name]:
            yield (
                f"{lock.name}: {name} {lock.versions[name]},"
                f" {base.versions[name]} in {base.name}"
            )


def check(root: Path) -> list[str]:
    """List where the three locks of a project and its pyproject.toml differ."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    service = [Requirement(line) for line in project["dependencies"]]
    extras = {
        extra: [Requirement(line) for line in lines]
        for extra, lines in project["optional-dependencies"].items()
    }
    found = [
        f"pyproject.toml: {requirement.name} has no lower bound"
        for requirement in (*service, *(one for lines in extras.values() for one in lines))
        if not any(bound.operator in (">=", "==", "~=") for bound in requirement.specifier)
    ]
    base = read_lock(root / "requirements.lock")
    tests = read_lock(root / "requirements-dev.lock")
    # An environment of its own, where only what serves has to be the same.
    bench = read_lock(root / "requirements-bench.lock")
    found += differences(base, service)
    found += differences(tests, [*service, *extras["dev"]])
    found += contradictions(tests, base.versions, base)
    found += differences(bench, extras["bench"])
    found += contradictions(bench, bench.asked, base)
    found += [
        f"{tests.name}: {name} of {base.name} is missing"
        for name in sorted(base.versions.keys() - tests.versions.keys())
    ]
    return found


if __name__ == "__main__":
    faults = check(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).parent.parent)
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults else 0)
