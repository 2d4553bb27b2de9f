"""What a command line or a setting has wrong, in French.

typer and pydantic word it in English only.
"""

import re

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
