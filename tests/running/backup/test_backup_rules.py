"""What a backup says of itself, what pgBackRest is told, and the moments one can go back to."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.database.calendar import PARIS
from app.failures import Failure
from app.running.backup import configuration
from app.running.backup.configuration import Places
from app.running.backup.rules import (
    Backup,
    TableContents,
    differences,
    kind_of_next,
    read_backups,
    read_moment,
    size_in_french,
    written,
)
from app.settings import BackupSettings

NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
PLACES = Places(Path("/srv/it's 100%"), Path("/srv/data"), Path("/srv/run"))
S3 = {
    "s3_bucket": "sauvegardes",
    "s3_endpoint": "s3.exemple.fr",
    "s3_region": "fr-par",
    "s3_key": SecretStr("clef"),
    "s3_key_secret": SecretStr("secret"),
}


def settings(**given: object) -> BackupSettings:
    return BackupSettings.model_construct(**{**BackupSettings().model_dump(), **given})


def section(text: str, name: str) -> dict[str, str]:
    lines = text.partition(f"[{name}]\n")[2].partition("\n[")[0].splitlines()
    return dict(line.split("=", 1) for line in lines if line)


def backup(kind: str, days_ago: float) -> Backup:
    day = NOW - timedelta(days=days_ago)
    return Backup("x", kind, day, day, 1, 1, 15, None, None, None)


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        ([], "full"),
        ([("incr", 1)], "full"),
        ([("full", 8)], "full"),
        # A timer that comes minutes early after a week.
        ([("full", 6.99)], "full"),
        ([("full", 6)], "incr"),
        ([("full", 9), ("full", 2), ("incr", 1)], "incr"),
    ],
)
def test_a_full_backup_is_made_once_the_last_one_is_a_week_old(
    made: list[tuple[str, float]], kind: str
) -> None:
    assert kind_of_next([backup(*one) for one in made], NOW, 7) == kind


def test_a_moment_is_one_of_paris_unless_it_says_its_zone() -> None:
    assert read_moment("2026-07-01 12:00:30", NOW, PARIS) == datetime(
        2026, 7, 1, 10, 0, 30, tzinfo=UTC
    )
    assert read_moment("2026-11-25T03:29:59+00:00", NOW, PARIS) == NOW - timedelta(seconds=1)


@pytest.mark.parametrize("given", ["hier", "", "2026-13-01", "2026-11-25 04:30:01"])
def test_what_is_no_moment_or_still_to_come_is_refused(given: str) -> None:
    with pytest.raises(Failure, match="moment"):
        read_moment(given, NOW, PARIS)


def test_contents_are_read_as_they_were_written_and_each_difference_is_named() -> None:
    recorded = {"claim": TableContents(3, "aa"), "cpts": TableContents(1, "bb")}
    said = json.dumps(
        [
            {
                "db": [{"id": 1, "version": "15"}],
                "backup": [
                    {
                        "label": "20261125-033000F",
                        "type": "full",
                        "timestamp": {"start": 1764041400, "stop": 1764041460},
                        "info": {"size": 5, "repository": {"delta": 2}},
                        "database": {"id": 1},
                        "error": False,
                        "annotation": {"contents": written(recorded), "restore-point": "p"},
                    },
                    {"label": "broken", "error": True},
                ],
            }
        ]
    )
    [found] = read_backups(said)
    assert found.contents == recorded
    assert (found.label, found.major, found.restore_point) == ("20261125-033000F", 15, "p")
    assert differences(recorded, recorded) == []
    damaged = {"claim": TableContents(3, "cc"), "letter": TableContents(0, "")}
    assert [line.split(" :")[0] for line in differences(recorded, damaged)] == [
        "table claim",
        "table cpts",
        "table letter",
    ]
    assert "2 lignes au lieu de 3" in differences(recorded, {"claim": TableContents(2, "")})[0]


def test_nothing_was_ever_backed_up() -> None:
    assert read_backups("[]") == []


def test_a_directory_is_kept_for_the_days_asked_for() -> None:
    text = configuration.configuration(settings(kept_days=90), PLACES)
    told = section(text, "global")
    assert told["repo1-path"] == "/srv/it's 100%/repository"
    assert (told["repo1-retention-full-type"], told["repo1-retention-full"]) == ("time", "90")
    assert "repo1-cipher-type" not in told
    assert section(text, "cpts")["pg1-socket-path"] == "/srv/run"


def test_a_space_in_s3_is_told_with_its_keys_and_a_passphrase_encrypts() -> None:
    given = settings(**S3, s3_uri_style="path", passphrase=SecretStr("phrase"))
    told = section(configuration.configuration(given, PLACES), "global")
    assert told["repo1-type"] == "s3"
    assert told["repo1-path"] == "/cpts"
    assert {name: told[f"repo1-s3-{name}"] for name in ("bucket", "endpoint", "region")} == {
        "bucket": "sauvegardes",
        "endpoint": "s3.exemple.fr",
        "region": "fr-par",
    }
    assert (told["repo1-s3-key"], told["repo1-s3-key-secret"]) == ("clef", "secret")
    assert told["repo1-s3-uri-style"] == "path"
    assert (told["repo1-cipher-type"], told["repo1-cipher-pass"]) == ("aes-256-cbc", "phrase")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({**S3, "s3_key_secret": None}, "CPTS_BACKUP_S3_KEY_SECRET"),
        ({**S3, "s3_endpoint": None}, "CPTS_BACKUP_S3_ENDPOINT"),
        ({**S3, "directory": Path("/srv/b")}, "s'excluent"),
        ({"passphrase": SecretStr("a\nrepo1-path=/etc")}, "une ligne"),
    ],
)
def test_settings_that_contradict_each_other_are_named(
    given: dict[str, object], told: str
) -> None:
    with pytest.raises(Failure, match=told) as refused:
        configuration.configuration(settings(**given), PLACES)
    assert "secret" not in refused.value.message.replace("_SECRET", "")


def test_a_path_with_quotes_and_percent_signs_reaches_pgbackrest_whole() -> None:
    line = configuration.archiving(Path("/usr/bin/pgbackrest"), PLACES)
    # Quotes are doubled for PostgreSQL, percent signs too, and the shell sees one word.
    assert line.startswith("archive_command = '/usr/bin/pgbackrest ")
    assert "100%%" in line
    assert line.endswith(' archive-push "%p"\'\n')
    assert line.removeprefix("archive_command = '")[:-2].replace("''", "").count("'") == 0
    fetched = configuration.fetching(Path("/usr/bin/pgbackrest"), PLACES, Path("/srv/data"))
    assert fetched.endswith('--pg1-path=/srv/data archive-get %f "%p"')


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 octets"),
        (999, "999 octets"),
        (1000, "1,0 ko"),
        (2_540_000, "2,5 Mo"),
        (3e12, "3,0 To"),
    ],
)
def test_sizes_are_told_in_french(size: float, text: str) -> None:
    assert size_in_french(int(size)) == text
