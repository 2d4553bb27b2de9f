"""Texts of strangers, shown to administrators."""

import unicodedata


def terminal_safe(line: str) -> str:
    """Replace what a terminal would obey, or that hides text: control and format characters."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(sign) in ("Cc", "Cf", "Cs")
        else sign
        for sign in line
    )
