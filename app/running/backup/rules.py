"""What a backup says of itself, and the moments that can be asked for: plain Python."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.failures import Failure
from app.french import number

STANZA = "cpts"
# Names of the annotations that travel with each backup.
CONTENTS, RESTORE_POINT, SCHEMA = "contents", "restore-point", "schema"


@dataclass(frozen=True)
class TableContents:
    """How many rows a table has, and a digest of all of them."""

    rows: int
    digest: str


Contents = Mapping[str, TableContents]


@dataclass(frozen=True)
class Backup:
    """One base backup.

    Parameters: `label`, its name; `kind`, `full` or `incr`; `started` and `ended`;
    `size`, of the database, and `stored`, of what this backup added to the repository,
    in bytes; `major`, PostgreSQL's major version; `contents`, what its tables held at
    `restore_point`, both None when the run was interrupted before it wrote them down;
    `schema`, the revision of the schema then.
    """

    label: str
    kind: str
    started: datetime
    ended: datetime
    size: int
    stored: int
    major: int
    contents: Contents | None
    restore_point: str | None
    schema: str | None


def written(contents: Contents) -> str:
    """Write contents down in one line, for `read_backups`."""
    short = {name: [table.rows, table.digest] for name, table in sorted(contents.items())}
    return json.dumps(short, separators=(",", ":"))


def read_backups(information: str) -> list[Backup]:
    """Read `pgbackrest info --output=json`: the sound backups, oldest first."""
    [stanza] = json.loads(information) or [{}]
    majors = {
        database["id"]: int(database["version"].partition(".")[0])
        for database in stanza.get("db", ())
    }
    return [
        _backup(backup, majors)
        for backup in stanza.get("backup", ())
        if not backup.get("error")
    ]


def _backup(said: Mapping[str, Any], majors: Mapping[int, int]) -> Backup:
    notes = said.get("annotation", {})
    recorded = notes.get(CONTENTS)
    moments = said["timestamp"]
    return Backup(
        label=said["label"],
        kind=said["type"],
        started=datetime.fromtimestamp(moments["start"], tz=ZoneInfo("UTC")),
        ended=datetime.fromtimestamp(moments["stop"], tz=ZoneInfo("UTC")),
        size=said["info"]["size"],
        stored=said["info"]["repository"]["delta"],
        major=majors[said["database"]["id"]],
        contents=None
        if recorded is None
        else {name: TableContents(*values) for name, values in json.loads(recorded).items()},
        restore_point=notes.get(RESTORE_POINT),
        schema=notes.get(SCHEMA),
    )


def kind_of_next(backups: Sequence[Backup], now: datetime, full_days: int) -> str:
    """Say whether the next backup is a full one: the last is `full_days` old, or none is."""
    full = [backup.started for backup in backups if backup.kind == "full"]
    # A timer that comes a little early each week shall not make it every eight days.
    if full and now - max(full) < timedelta(days=full_days) - timedelta(hours=1):
        return "incr"
    return "full"


def read_moment(given: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Read the moment to go back to, ISO 8601, in `zone` unless it says another.

    Raises `Failure` when it is no moment, or is still to come.
    """
    try:
        moment = datetime.fromisoformat(given.strip())
    except ValueError:
        raise Failure(
            f"« {given} » n'est pas un moment : AAAA-MM-JJ HH:MM:SS est attendu."
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    if moment > now:
        raise Failure(f"« {given} » est à venir : il n'y a rien à restaurer de ce moment.")
    return moment


def differences(recorded: Contents, found: Contents) -> list[str]:
    """Name, in French, each table that is not as it was recorded."""
    said = []
    for name in sorted(recorded.keys() | found.keys()):
        then, now = recorded.get(name), found.get(name)
        if then == now:
            continue
        if now is None:
            said.append(f"table {name} : absente de la copie restaurée")
        elif then is None:
            said.append(f"table {name} : absente lors de la sauvegarde")
        elif then.rows != now.rows:
            said.append(f"table {name} : {now.rows} lignes au lieu de {then.rows}")
        else:
            said.append(f"table {name} : le contenu des {now.rows} lignes diffère")
    return said


def size_in_french(size: int) -> str:
    """Write a number of bytes as people read it, such as « 12,3 Mo »."""
    if size < 1000:
        return f"{size} octets"
    amount, unit = size / 1000, "ko"
    for larger in ("Mo", "Go", "To"):
        if amount >= 1000:
            amount, unit = amount / 1000, larger
    return f"{number(amount, 1)} {unit}"
