"""What a password, a name and an address must be, and what a browser is called."""

import re
import unicodedata
from collections.abc import Iterable

from app.http.texts import mailbox, refusal_of_line
from app.problems import Invalid

MINIMUM_PASSWORD = 12
MAXIMUM_PASSWORD = 200
MAXIMUM_NAME = 120
# Guesses that the estimate must exceed: 10^8, which an attacker online never makes.
_WEAKEST_SCORE = 3
# The estimate's work grows with the length; what comes later only makes a password better.
_ESTIMATED = 64

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def password_spelled(password: str) -> str:
    """Give a password as it is hashed: the same whichever way accents were typed (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, *, known: tuple[str, ...] = ()) -> None:
    """Refuse a password that is too short, or that is easily guessed.

    Parameters: `known`, what anybody knows of the person, such as the name.

    Raises:
        Invalid: at `password`, with what to do.
    """
    # Its lists of common passwords and words take a moment to load.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    spelled = password_spelled(password)
    if len(spelled) < MINIMUM_PASSWORD:
        raise _refused(f"Un mot de passe compte au moins {MINIMUM_PASSWORD} caractères.")
    if len(spelled) > MAXIMUM_PASSWORD:
        raise _refused(f"Un mot de passe compte au plus {MAXIMUM_PASSWORD} caractères.")
    told = {part for text in known for part in re.split(r"[\W_]+", _folded(text)) if part}
    estimate = zxcvbn(spelled[:_ESTIMATED], user_inputs=sorted(told | {"cpts", "sante"}))
    if estimate["score"] < _WEAKEST_SCORE or _without(spelled, told) < MINIMUM_PASSWORD // 2:
        raise _refused(
            "Ce mot de passe est parmi les plus courants ou se devine : prenez plusieurs "
            "mots sans rapport, ou celui que propose un gestionnaire de mots de passe."
        )


def address_spelled(email: str) -> str:
    """Give the address of a mailbox as accounts know it, in lower case.

    Raises:
        Invalid: at `email`, no such address.
    """
    try:
        return mailbox(email.strip()).lower()
    except ValueError as error:
        raise Invalid.at("body", "email", message=str(error)) from None


def name_spelled(name: str) -> str:
    """Give a person's name without needless spaces.

    Raises:
        Invalid: at `name`, empty, too long, or of characters that nobody sees.
    """
    spelled = " ".join(name.split())
    if not spelled or len(spelled) > MAXIMUM_NAME:
        raise Invalid.at(
            "body", "name", message=f"Un nom de 1 à {MAXIMUM_NAME} caractères est attendu."
        )
    refusal = refusal_of_line(spelled)
    if refusal:
        raise Invalid.at("body", "name", message=refusal)
    return spelled


def browser_called(user_agent: str) -> str:
    """Name a browser so that its owner knows it again, and as little more as that takes."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return ", ".join(part for part in (browser, system) if part) or "navigateur inconnu"


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each))


def _without(password: str, told: Iterable[str]) -> int:
    """Count the letters and digits of a password that are not of a word that is told."""
    left = _folded(password)
    for word in sorted(told, key=len, reverse=True):
        if len(word) > 2:
            left = left.replace(word, " ")
    return sum(each.isalnum() for each in left)


def _refused(message: str) -> Invalid:
    return Invalid.at("body", "password", message=message)
