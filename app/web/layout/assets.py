"""The static files of every group of pages, found where they lie."""

from pathlib import Path

from app.http.static_files import StaticFolder

WEB = Path(__file__).parents[1]

# By name of the group: `app/web/<group>/static`, also of a group within a group.
FOLDERS_OF_GROUPS = {
    directory.parent.name: StaticFolder(f"site-{directory.parent.name}", directory)
    for directory in sorted([*WEB.glob("*/static"), *WEB.glob("*/*/static")])
}
FOLDERS = tuple(FOLDERS_OF_GROUPS.values())


def static(file: str) -> str:
    """Give the versioned address of a static file named `<group>/<file>`.

    Raises KeyError when there is no such file, so that a page never names a missing one.
    """
    group, _, name = file.partition("/")
    return FOLDERS_OF_GROUPS[group].address(name)
