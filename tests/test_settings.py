"""Settings come from the environment, and the operator's guide names every one."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import (
    AccountSettings,
    AttachmentSettings,
    DatabaseSettings,
    IdentitySettings,
    MailSettings,
    MapSettings,
    ServiceSettings,
    Settings,
)

GUIDE = Path(__file__).parents[1] / "docs" / "operate.md"


@pytest.mark.parametrize("topic", [MailSettings, AccountSettings, IdentitySettings])
def test_the_guide_to_accounts_names_every_setting_of_theirs(
    topic: type[MailSettings | AccountSettings | IdentitySettings],
) -> None:
    guide = GUIDE.with_name("accounts.md").read_text()
    prefix = topic.model_config["env_prefix"]
    for name in topic.model_fields:
        assert f"`{prefix}{name.upper()}`" in guide


@pytest.mark.parametrize("topic", [DatabaseSettings, ServiceSettings, MapSettings])
def test_the_guide_names_every_setting(
    topic: type[DatabaseSettings | ServiceSettings | MapSettings],
) -> None:
    guide = GUIDE.read_text()
    for name, field in topic.model_fields.items():
        variable = str(field.validation_alias or f"CPTS_{name.upper()}")
        assert f"`{variable}`" in guide


def test_the_guide_names_every_setting_of_attachments() -> None:
    guide = GUIDE.read_text()
    for name in AttachmentSettings.model_fields:
        assert f"`CPTS_ATTACHMENT_{name.upper()}`" in guide


def test_there_is_no_default_database_and_no_default_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert Settings().database.url is None
    monkeypatch.setenv("DATABASE_URL", "")
    assert Settings().database.url is None


def test_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:sesame-ouvre@h/b")
    assert "sesame" not in repr(Settings())
    assert "sesame" not in str(Settings().model_dump())


def test_the_outside_address_is_kept_without_its_final_slash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CPTS_PUBLIC_URL", "https://cpts.example.org/")
    assert Settings().service.public_url == "https://cpts.example.org"
    monkeypatch.setenv("CPTS_PUBLIC_URL", "cpts.example.org")
    with pytest.raises(ValidationError, match="http"):
        Settings()


def test_an_empty_base_map_leaves_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPTS_BASEMAP_URL", "")
    assert Settings().maps.basemap_url == ""


@pytest.mark.parametrize(
    ("given", "private", "loaded"),
    [
        (None, True, True),
        (None, False, False),
        ("0", True, False),
        ("1", False, True),
        ("", True, True),
    ],
)
def test_demonstration_data_go_into_our_own_server_or_where_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, given: str | None, private: bool, loaded: bool
) -> None:
    monkeypatch.delenv("CPTS_DEMO", raising=False)
    if given is not None:
        monkeypatch.setenv("CPTS_DEMO", given)
    assert Settings().service.wants_demonstration(private=private) is loaded


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://identite.example", "client_id": "cpts"},
        {"issuer": "http://127.0.0.1.evil.example:80", "client_id": "cpts"},
        {"issuer": "https://identite.example"},
        {"issuer": "https://identite.example", "client_id": "cpts", "scopes": "profile"},
    ],
)
def test_a_provider_of_identities_is_named_whole_and_under_https(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        IdentitySettings(**wrong)  # type: ignore[arg-type]
