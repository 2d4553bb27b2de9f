"""What the service asks of a PostgreSQL server, told in one line when it is missing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from app.failures import Failure

OLDEST_POSTGRESQL = 15
OLDEST_POSTGIS = (3, 3)
EXTENSIONS = ("postgis", "btree_gist", "pg_trgm", "unaccent")

_CONNECT_TIMEOUT_S = 10

# libpq gives no error code for a refused connection, and words it in the server's
# language.
_REFUSALS = (
    (
        r"password authentication|authentification par mot de passe|no password supplied",
        "mot de passe refusé pour l'utilisateur « {user} »",
    ),
    (
        r'database "[^"]*" does not exist|base de données .* n.existe pas',
        "la base « {dbname} » n'existe pas sur ce serveur",
    ),
    (
        r'role "[^"]*" does not exist|le rôle .* n.existe pas',
        "l'utilisateur « {user} » n'existe pas",
    ),
    (
        r"could not translate host name|failed to resolve host|Name or service not known",
        "le nom d'hôte est inconnu",
    ),
    (r"Connection refused", "aucun serveur n'écoute à cette adresse"),
    (r"No such file or directory", "aucun serveur n'écoute sur cette socket"),
    (r"timeout expired|timed out|Network is unreachable|No route", "le serveur ne répond pas"),
    (r"too many clients|remaining connection slots", "le serveur n'accepte plus de connexion"),
    (r"no pg_hba.conf entry", "le serveur refuse les connexions de cette machine"),
    (r"SSL|certificate", "la connexion chiffrée a échoué"),
    (r"starting up|shutting down|in recovery", "le serveur démarre ou s'arrête"),
)


def check_database(address: str, *, migrates: bool = True) -> None:
    """Check that a database can hold the service, and make the extensions it lacks.

    Parameters: `address`, a `postgresql://` URL; `migrates`, whether its role makes the
    tables, False when another does. Raises `Failure` with one French line,
    without the password, when the server cannot be reached, is too old, or when an
    extension is missing and this user may not create it.
    """
    try:
        parameters = {key: str(value) for key, value in conninfo_to_dict(address).items()}
    except psycopg.ProgrammingError:
        raise Failure(
            "DATABASE_URL n'est pas une adresse PostgreSQL : "
            "postgresql://utilisateur:mot-de-passe@hôte:5432/base est attendu."
        ) from None
    try:
        connection = psycopg.connect(
            address, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S
        )
    except psycopg.OperationalError as refused:
        raise Failure(_refusal(parameters, str(refused))) from None
    with connection:
        facts = _facts(connection)
        if not migrates:
            facts = replace(facts, may_create=True)
        found = fault(facts)
        if found is None:
            found = _create_missing(connection, facts)
    if found is not None:
        raise Failure(f"Base de données {_place(parameters)} : {found}")


@dataclass(frozen=True)
class ServerFacts:
    """What a server says of itself.

    Parameters: `major`, PostgreSQL's version; `encoding`, the database's; `user`, who
    asks, and `may_create`, whether they may create tables, or these are there already;
    `extensions`, name → versions (in the database or None, offered by the server).
    """

    major: int
    encoding: str
    user: str
    may_create: bool
    extensions: Mapping[str, tuple[str | None, str]]


def fault(facts: ServerFacts) -> str | None:
    """Say in French what keeps the service from using this database, None if nothing."""
    if facts.major < OLDEST_POSTGRESQL:
        return (
            f"PostgreSQL {facts.major} est trop ancien, il faut PostgreSQL "
            f"{OLDEST_POSTGRESQL} ou plus récent."
        )
    if facts.encoding != "UTF8":
        return f"l'encodage {facts.encoding} ne convient pas, il faut UTF8."
    if not facts.may_create:
        return (
            f"l'utilisateur « {facts.user} » ne peut pas créer de table dans le schéma "
            "public ; il doit être propriétaire de la base, ou CPTS_OWNER_DATABASE_URL "
            "donner l'adresse du propriétaire."
        )
    for name in EXTENSIONS:
        if name not in facts.extensions:
            return f"l'extension {name} n'est pas installée sur le serveur."
    return _postgis_fault(*facts.extensions["postgis"])


def _postgis_fault(installed: str | None, offered: str) -> str | None:
    wanted = ".".join(str(number) for number in OLDEST_POSTGIS)
    if _version(installed or offered) >= OLDEST_POSTGIS:
        return None
    if _version(offered) >= OLDEST_POSTGIS:
        return (
            f"PostGIS {installed} est trop ancien dans cette base ; un administrateur doit y "
            "exécuter SELECT postgis_extensions_upgrade();"
        )
    found = installed or offered
    return f"PostGIS {found} est trop ancien, il faut PostGIS {wanted} ou plus récent."


def _refusal(parameters: dict[str, str], said: str) -> str:
    values = {"user": parameters.get("user", ""), "dbname": parameters.get("dbname", "")}
    for pattern, reason in _REFUSALS:
        if re.search(pattern, said, re.IGNORECASE):
            return f"Base de données {_place(parameters)} : {reason.format(**values)}."
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return (
        f"Base de données {_place(parameters)} : {lines[-1] if lines else 'connexion refusée'}"
    )


def _place(parameters: dict[str, str]) -> str:
    host = parameters.get("host") or parameters.get("hostaddr") or "locale"
    return f"« {parameters.get('dbname', '')} » ({host}:{parameters.get('port', '5432')})"


def _facts(connection: psycopg.Connection) -> ServerFacts:
    row = connection.execute(
        "SELECT current_setting('server_encoding'),"
        " has_schema_privilege(current_user, 'public', 'CREATE')"
        # Where the owner has migrated already, the service needs no such right.
        " OR to_regclass('alembic_version') IS NOT NULL, current_user"
    ).fetchone()
    assert row is not None
    encoding, may_create, user = row
    extensions = connection.execute(
        "SELECT name, installed_version, default_version FROM pg_available_extensions"
        " WHERE name = ANY(%s)",
        (list(EXTENSIONS),),
    )
    return ServerFacts(
        major=connection.info.server_version // 10000,
        encoding=encoding,
        user=user,
        may_create=may_create,
        extensions={name: (installed, offered) for name, installed, offered in extensions},
    )


def _create_missing(connection: psycopg.Connection, facts: ServerFacts) -> str | None:
    for name in EXTENSIONS:
        if facts.extensions[name][0] is not None:
            continue
        try:
            connection.execute(
                sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name))
            )
        except psycopg.errors.InsufficientPrivilege:
            return (
                f"l'extension {name} manque et l'utilisateur « {facts.user} » ne peut pas la "
                f"créer ; un administrateur doit y exécuter CREATE EXTENSION {name};"
            )
        except psycopg.Error as failed:
            return f"l'extension {name} n'a pas pu être créée ({failed.diag.message_primary})."
    return None


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])
