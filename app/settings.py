"""Settings, read from the environment when the service or a command is assembled.

Every variable has the prefix `CPTS_`, except `DATABASE_URL`. Nothing is read at
import, and nothing secret has a default.
"""

from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent

IGN_PLAN_V2 = (
    "https://data.geopf.fr/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
    "&LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2&STYLE=normal&TILEMATRIXSET=PM"
    "&FORMAT=image/png&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}"
)


class DatabaseSettings(BaseSettings):
    """Where the database is.

    Without `DATABASE_URL` the service keeps a private PostgreSQL cluster of its own
    under `data_directory`.
    """

    model_config = SettingsConfigDict(
        env_prefix="CPTS_", env_ignore_empty=True, populate_by_name=True
    )

    url: Annotated[SecretStr | None, Field(validation_alias="DATABASE_URL")] = None
    # The role that owns the tables and migrates, where `url` is not its.
    owner_url: Annotated[
        SecretStr | None, Field(validation_alias="CPTS_OWNER_DATABASE_URL")
    ] = None
    # A replica of it, from which requests are read as long as it keeps up.
    database_read_url: SecretStr | None = None
    data_directory: Path = PROJECT_ROOT / ".data"
    # Folder of initdb, pg_ctl and postgres; found by itself when not given.
    postgresql_programs: Path | None = None
    # Connections that one worker may hold at once, for reading, writing and look-ups.
    database_connections: Annotated[int, Field(ge=3, le=200)] = 20
    # How long, in seconds, one request may wait for the database in all.
    database_patience: Annotated[float, Field(ge=0.5, le=9)] = 9


class ServiceSettings(BaseSettings):
    """How the service answers."""

    model_config = SettingsConfigDict(env_prefix="CPTS_", env_ignore_empty=True)

    # Outside address; without it, links are root-relative.
    public_url: str | None = None
    # Where the service listens, for links in mails when no outside address is set.
    local_url: str = "http://127.0.0.1:8000"
    # Addresses of reverse proxies whose X-Forwarded-For is believed, or "*".
    trusted_proxies: str = "127.0.0.1"
    # None: on a first start of the private cluster only.
    demo: bool | None = None
    # Whether accounts to try the service with are made; said by `./cpts serve`.
    demo_accounts: bool = False
    checks_per_minute: Annotated[int, Field(ge=1)] = 600
    file_checks_per_minute: Annotated[int, Field(ge=1)] = 60
    workbooks_per_minute: Annotated[int, Field(ge=1)] = 30
    filters_per_minute: Annotated[int, Field(ge=1)] = 300
    figures_per_minute: Annotated[int, Field(ge=1)] = 30
    notes_per_minute: Annotated[int, Field(ge=1)] = 20
    # How long a stored verification note can be read again.
    notes_kept_days: Annotated[int, Field(ge=1)] = 3 * 365
    sign_ins_per_minute: Annotated[int, Field(ge=1)] = 10
    addresses_per_minute: Annotated[int, Field(ge=1)] = 30
    reports_per_minute: Annotated[int, Field(ge=1)] = 5
    # Whom to ask to start a CPTS, by region (TOML); the service's own texts without it.
    contacts_file: Path | None = None
    # A folder with the files of the next release, for /administration/geographie.
    next_geography: Path | None = None
    # Whether the service removes by itself what is past its term.
    upkeep: bool = True
    # Memory for cached answers, per worker.
    cache_megabytes: Annotated[int, Field(ge=0)] = 128
    # How long prepared answers are sent, as stale, while the database is away, in seconds.
    stale_seconds: Annotated[int, Field(ge=0, le=86_400)] = 600
    # A worker that holds more is replaced by another; never when not given.
    worker_memory_megabytes: Annotated[int | None, Field(ge=512)] = None

    def wants_demonstration(self, *, private: bool) -> bool:
        """Whether a first start loads the demonstration data; `private`: our own server."""
        return private if self.demo is None else self.demo

    @property
    def link_base(self) -> str:
        """What links in mails begin with."""
        return self.public_url or self.local_url

    @property
    def settled_base(self) -> str:
        """The outside address if it is the same for every caller, else an empty text."""
        return self.public_url or ""

    @property
    def is_behind_tls(self) -> bool:
        """Whether the outside address is one of HTTPS."""
        return (self.public_url or "").startswith("https://")

    @field_validator("public_url")
    @classmethod
    def _without_final_slash(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(("http://", "https://")):
            raise ValueError("une adresse http:// ou https:// est attendue")
        return value.rstrip("/")


class MapSettings(BaseSettings):
    """The base map beneath the CPTS; an empty address leaves it out."""

    model_config = SettingsConfigDict(env_prefix="CPTS_")

    basemap_url: str = IGN_PLAN_V2
    basemap_attribution: str = "© IGN – Géoplateforme, Plan IGN V2"
    basemap_max_zoom: Annotated[int, Field(ge=0, le=24)] = 19


class GeocoderSettings(BaseSettings):
    """Who finds the commune of an address; without `url` no address is searched."""

    model_config = SettingsConfigDict(env_prefix="CPTS_GEOCODER_", env_ignore_empty=True)

    # Below it `/search/?q=…&limit=…` answers as the Base Adresse Nationale does.
    url: str | None = None
    # What visitors are told of where their address goes.
    label: Annotated[str, Field(min_length=1, max_length=80)] = "la Base Adresse Nationale"
    # In seconds, for the whole of an answer.
    seconds: Annotated[float, Field(gt=0, le=8)] = 3

    @property
    def search_address(self) -> str:
        """The address that takes searches."""
        base = (self.url or "").rstrip("/")
        return base if base.endswith("/search") else f"{base}/search/"

    @field_validator("url")
    @classmethod
    def _of_http(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("une adresse http:// ou https:// est attendue")
        return value


class OperatorSettings(BaseSettings):
    """Who runs this installation, as the legal notice and other pages say it.

    What is not given is left out of them, or said to be undeclared.
    """

    model_config = SettingsConfigDict(env_prefix="CPTS_OPERATOR_", env_ignore_empty=True)

    # The organisation, such as « Fédération des CPTS d'Exemple ».
    name: str | None = None
    address: str | None = None
    email: str | None = None
    phone: str | None = None
    # Who answers for what is published (loi du 21 juin 2004).
    publication_director: str | None = None
    # Name and address of whoever hosts the service.
    hosting: str | None = None
    # Mailbox of the data protection officer; the general one when not given.
    privacy_email: str | None = None


class LogSettings(BaseSettings):
    """What is written of the running service; no line names a person or a secret."""

    model_config = SettingsConfigDict(env_prefix="CPTS_", env_ignore_empty=True)

    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    # A line for each request; with the client's address only when that is asked for too.
    access_log: bool = False
    access_log_addresses: bool = False


class MonitoringSettings(BaseSettings):
    """Where metrics and traces go."""

    model_config = SettingsConfigDict(env_prefix="CPTS_", env_ignore_empty=True)

    # A port of its own for /metrics, without a token, at the service's address.
    metrics_port: Annotated[int | None, Field(ge=1, le=65535)] = None
    # Base address of an OpenTelemetry collector (HTTP); nothing is traced without it.
    otlp_endpoint: str | None = None


class BackupSettings(BaseSettings):
    """Where backups of the private cluster go, and for how long.

    A directory unless `s3_bucket` is given.
    """

    model_config = SettingsConfigDict(env_prefix="CPTS_BACKUP_", env_ignore_empty=True)

    # `backup/repository` in the data directory when not given.
    directory: Path | None = None
    # Any moment of that many days past can be restored.
    kept_days: Annotated[int, Field(ge=1, le=3650)] = 30
    # A backup is a full one when the last full one is that old, else holds what changed.
    full_days: Annotated[int, Field(ge=1, le=365)] = 7
    # Encrypts the backups; without it they cannot be restored.
    passphrase: SecretStr | None = None
    s3_bucket: str | None = None
    s3_endpoint: str | None = None
    s3_region: str | None = None
    s3_key: SecretStr | None = None
    s3_key_secret: SecretStr | None = None
    # Folder inside the bucket.
    s3_path: str = "/cpts"
    # `path` for servers that do not answer under the bucket's own host name.
    s3_uri_style: Literal["host", "path"] = "host"
    # Certificates to trust for the endpoint, besides the system's.
    s3_ca_file: Path | None = None


class MailSettings(BaseSettings):
    """The mail server; without `host`, messages are written to files."""

    model_config = SettingsConfigDict(env_prefix="CPTS_SMTP_", env_ignore_empty=True)

    host: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    # Whom messages come from, such as « Fédération des CPTS <ne-pas-repondre@exemple.fr> ».
    sender: str = "ne-pas-repondre@localhost"
    # In seconds, for each step of the exchange.
    timeout: Annotated[float, Field(gt=0, le=120)] = 20
    # In seconds, between two looks at the messages that wait.
    interval: Annotated[float, Field(ge=1, le=3600)] = 3
    # Certificates to trust for the server, instead of the system's.
    ca_file: Path | None = None

    @field_validator("sender")
    @classmethod
    def _one_mailbox(cls, value: str) -> str:
        if "@" not in parseaddr(value)[1] or "\n" in value:
            raise ValueError("une adresse d'expéditeur est attendue")
        return value


class AccountSettings(BaseSettings):
    """Accounts: what is asked of people, and for how long they are kept."""

    model_config = SettingsConfigDict(env_prefix="CPTS_", env_ignore_empty=True)

    require_second_factor: bool = False
    # Attempts to sign in to one account in five minutes, whatever address they come from.
    account_attempts: Annotated[int, Field(ge=1)] = 10
    # Days after which whoever was suspended, or has not come, is erased.
    former_members_kept_days: Annotated[int, Field(ge=1)] = 365
    absent_members_kept_days: Annotated[int, Field(ge=1)] = 3 * 365
    # CPTS whose contacts one person, or one machine, is shown in a day.
    contacts_per_day: Annotated[int, Field(ge=1)] = 200


class SheetSettings(BaseSettings):
    """How long those whom members may call are kept, in days."""

    model_config = SettingsConfigDict(env_prefix="CPTS_", env_ignore_empty=True)

    # Since the CPTS last confirmed its sheet.
    contacts_kept_days: Annotated[int, Field(ge=1)] = 2 * 365
    # Since the sheet tells of them no longer; until then a former state can be taken back.
    former_contacts_kept_days: Annotated[int, Field(ge=1)] = 365

    @property
    def contacts_kept(self) -> timedelta:
        """How long a contact is kept since the last confirmation."""
        return timedelta(days=self.contacts_kept_days)

    @property
    def former_contacts_kept(self) -> timedelta:
        """How long a contact is kept that was dropped."""
        return timedelta(days=self.former_contacts_kept_days)


class IdentitySettings(BaseSettings):
    """The provider of identities (OpenID Connect); without `issuer` there is none."""

    model_config = SettingsConfigDict(env_prefix="CPTS_OIDC_", env_ignore_empty=True)

    issuer: str | None = None
    client_id: str = ""
    client_secret: SecretStr | None = None
    # What the button says: « Se connecter avec … ».
    label: Annotated[str, Field(min_length=1, max_length=60)] = "votre fournisseur d'identité"
    scopes: str = "openid profile"
    # Such as « eidas1 », which Pro Santé Connect and ProConnect ask for.
    acr_values: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.issuer is None:
            return self
        is_local = self.issuer.startswith(("http://127.0.0.1:", "http://localhost:"))
        if not (self.issuer.startswith("https://") or is_local) or not self.client_id:
            raise ValueError("CPTS_OIDC_ISSUER (https) et CPTS_OIDC_CLIENT_ID vont ensemble")
        if "openid" not in self.scopes.split():
            raise ValueError("CPTS_OIDC_SCOPES contient « openid »")
        return self


class AttachmentSettings(BaseSettings):
    """Files handed in with letters: how large, how many, and what looks for viruses."""

    model_config = SettingsConfigDict(env_prefix="CPTS_ATTACHMENT_", env_ignore_empty=True)

    # A page's form carries no more than eight.
    megabytes: Annotated[int, Field(ge=1, le=7)] = 7
    per_letter: Annotated[int, Field(ge=1, le=200)] = 20
    # A command that is given the path of the file and ends with 0 when it may be taken, such
    # as « clamdscan --fdpass --no-summary ».
    antivirus: str | None = None
    # After that many seconds the file is refused.
    antivirus_seconds: Annotated[float, Field(gt=0, le=120)] = 30


class Settings(BaseModel):
    """All settings, by topic."""

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    service: ServiceSettings = Field(default_factory=ServiceSettings)
    maps: MapSettings = Field(default_factory=MapSettings)
    geocoder: GeocoderSettings = Field(default_factory=GeocoderSettings)
    operator: OperatorSettings = Field(default_factory=OperatorSettings)
    logs: LogSettings = Field(default_factory=LogSettings)
    monitoring: MonitoringSettings = Field(default_factory=MonitoringSettings)
    backup: BackupSettings = Field(default_factory=BackupSettings)
    mail: MailSettings = Field(default_factory=MailSettings)
    accounts: AccountSettings = Field(default_factory=AccountSettings)
    sheets: SheetSettings = Field(default_factory=SheetSettings)
    identity: IdentitySettings = Field(default_factory=IdentitySettings)
    attachments: AttachmentSettings = Field(default_factory=AttachmentSettings)
