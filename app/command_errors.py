"""What stopped a command: its one line, in French, and its exit status.

typer, pydantic, PostgreSQL and the system word it in English only. No text of theirs is
passed on that could quote what was being written: a person's name, a secret.
"""

import errno
import re

from psycopg import Error as PostgresError
from psycopg import InterfaceError as PostgresInterfaceError
from psycopg import OperationalError as PostgresOperationalError
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from typer.exceptions import TyperException

from app.exception_texts import place_of
from app.failures import Failure

# The table is in docs/operate.md.
STOPPED, MISUSED, UNEXPECTED = 1, 2, 70

_USAGE = (
    (r"No such option: (\S+?)\.?(?: .*)?", "option inconnue : {0}"),
    (r"No such command '(.+?)'\.?(?: .*)?", "commande inconnue : {0}"),
    (r"Missing command\.?", "il manque une commande"),
    (r"Missing (?:option|argument|parameter) '(.+?)'.*", "il manque {0}"),
    (r"Option '(.+?)' requires (?:an argument|\d+ arguments)\.?", "{0} demande une valeur"),
    (r"Option '(.+?)' does not take a value\.?", "{0} ne prend pas de valeur"),
    (r"Got unexpected extra argument(?:s|\(s\))? \((.+)\)\.?", "argument en trop : {0}"),
)

_VALUES = (
    (r"Input should be a valid integer.*", "un nombre entier est attendu"),
    (r"Input should be a valid number.*", "un nombre est attendu"),
    (r"Input should be a valid boolean.*", "0 ou 1 est attendu"),
    (r"Input should be greater than or equal to (\S+)", "au moins {0} est attendu"),
    (r"Input should be less than or equal to (\S+)", "au plus {0} est attendu"),
    (
        r"(?:Input should be a valid date|.*does not match the format).*",
        "AAAA-MM-JJ est attendu",
    ),
    (r"'.*' is not one of (.+?)\.?", "une valeur parmi {0} est attendue"),
    (r"Input should be (.+)", "{0} est attendu"),
)


def usage_in_french(message: str) -> str:
    """Word an error of the command line, given typer's message, in French."""
    refused_value = re.fullmatch(r"Invalid value for '(.+?)': (.+)", message, re.DOTALL)
    if refused_value is not None:
        return f"{refused_value[1]} : {value_in_french(refused_value[2])}"
    return _worded(message, _USAGE)


def value_in_french(message: str) -> str:
    """Word what a value has wrong, given pydantic's message, in French."""
    return _worded(message.removeprefix("Value error, "), _VALUES).replace(" or ", " ou ")


def _worded(message: str, table: tuple[tuple[str, str], ...]) -> str:
    for pattern, french in table:
        found = re.fullmatch(pattern, message.strip(), re.DOTALL)
        if found is not None:
            return french.format(*found.groups())
    return message.strip()


def ending_of(error: BaseException) -> tuple[int, str]:
    """Give the exit status and the line of a command that an error stopped."""
    if isinstance(error, Failure):
        return error.exit_status, error.message
    if isinstance(error, TyperException):
        said = error.format_message()
        if not said.startswith("Usage:"):  # the help, for a group without its command
            said = f"{usage_in_french(said)} (voir ./cpts --help)"
        return error.exit_code, said
    if isinstance(error, ValidationError):
        wrong = error.errors(include_url=False, include_context=False)
        if error.title.endswith("Settings"):
            return STOPPED, " ; ".join(_setting_error(e["loc"], e["msg"]) for e in wrong)
    told = _database_ended(error) or _system_ended(error)
    if told is not None:
        return STOPPED, told
    return UNEXPECTED, f"erreur inattendue ({type(error).__name__}{place_of(error)})."


def _setting_error(location: tuple[int | str, ...], message: str) -> str:
    name = str(location[0]) if location else ""
    variable = name if name == "DATABASE_URL" else f"CPTS_{name.upper()}"
    return f"Réglage {variable} : {value_in_french(message)}"


# Beginning of an SQLSTATE → what it means for whoever runs a command; the first that fits.
_DATABASE = (
    ("53100", "le disque de la base de données est plein : libérez de la place."),
    ("53", "la base de données manque de ressources, réessayez plus tard."),
    ("57014", "la base de données est occupée, réessayez plus tard."),
    ("55P03", "la base de données est occupée, réessayez plus tard."),
    ("40", "la base de données est occupée, réessayez plus tard."),
    ("57P", "la connexion à la base de données a été perdue."),
    ("08", "la connexion à la base de données a été perdue."),
    ("25006", "la base de données n'accepte pas d'écriture en ce moment."),
    ("42501", "ce compte n'a pas le droit demandé dans la base de données."),
    ("28", "la base de données refuse ce compte."),
    ("58", "la base de données n'arrive pas à lire ou à écrire ses fichiers."),
)


def _database_ended(error: BaseException) -> str | None:
    if isinstance(error, PoolTimeoutError):
        return "la base de données est occupée, réessayez plus tard."
    origin = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(origin, PostgresError):
        if isinstance(error, SQLAlchemyError):
            return f"la base de données n'a pas pu être utilisée ({type(error).__name__})."
        return None
    state = origin.sqlstate or ""
    for beginning, said in _DATABASE:
        if state.startswith(beginning):
            return said
    if not state and isinstance(origin, (PostgresOperationalError, PostgresInterfaceError)):
        return "la connexion à la base de données a été perdue."
    constraint = f", {origin.diag.constraint_name}" if origin.diag.constraint_name else ""
    return f"la base de données a refusé l'opération ({state or 'sans code'}{constraint})."


_SYSTEM = {
    errno.ENOSPC: "le disque est plein",
    errno.EDQUOT: "le quota de disque est atteint",
    errno.EROFS: "ce système de fichiers est en lecture seule",
    errno.EACCES: "accès refusé",
    errno.EPERM: "accès refusé",
    errno.ENOENT: "ce fichier n'existe pas",
    errno.EISDIR: "un fichier est attendu, non un dossier",
    errno.ENOTDIR: "un dossier est attendu",
    errno.EIO: "le fichier est illisible (erreur d'entrée-sortie)",
    errno.EMFILE: "trop de fichiers sont ouverts",
    errno.ENFILE: "trop de fichiers sont ouverts",
    errno.ENOMEM: "la mémoire manque",
    errno.ENAMETOOLONG: "ce nom de fichier est trop long",
}


def _system_ended(error: BaseException) -> str | None:
    if isinstance(error, MemoryError):
        return "la mémoire manque."
    if isinstance(error, UnicodeDecodeError):
        return "un fichier n'est pas du texte en UTF-8."
    if not isinstance(error, OSError):
        return None
    said = _SYSTEM.get(error.errno or 0) or f"erreur du système ({type(error).__name__})"
    place = f"{error.filename} : " if error.filename else ""
    return f"{place}{said}."
