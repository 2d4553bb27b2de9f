"""Whether a commune that stands beside a CPTS is in it: what brackets and columns say."""

import re

from app.cpts.importing.column_wordings import FIGURE
from app.cpts.importing.values import date_of, is_mark
from app.files.words import words_of

# What is written beside a commune that is not, or not yet, in the CPTS.
NOT_IN = re.compile(
    r"\b(retir\w+|sorti\w*|exclu\w*|ecart\w+|quitt\w+|hors|sauf|a venir|en attente"
    r"|non integree?|refus\w+|prevue?s?|projet|futur\w*|a confirmer|supprim\w+|abandonn\w+"
    r"|demissionn\w+)\b"
)
_BRACKET = re.compile(r"\(([^()]*)\)")
# Headers whose mark or date takes a commune out, whose « non » does, and those of remarks.
_OUT_HEADER = re.compile(r"\b(retir\w*|retraits?|sorti\w*|exclu\w*|ecart\w*|hors|quitt\w*)\b")
_IN_HEADER = re.compile(
    r"\b(dans|membre|adhesions?|adherente?|retenue?s?|inclu\w*|integree?s?|integration"
    r"|appart\w*|participe|concernee?s?|couverte?s?|rattachee?s?)\b"
)
_REMARKS = re.compile(
    r"(observations?|remarques?|commentaires?|notes?|precisions?|statuts?|etats?|situations?"
    r"|mouvements?|evolutions?|infos?|informations?|divers)( .*)?"
)
_NO = frozenset({"non", "n", "0", "faux", "no", "false"})
_SAID_OUT = re.compile(
    r"\b(retiree?s?|retraite?|sortie?s?|sortante?|exclue?s?|ecartee?s?|quitt\w+|demissionn\w+"
    r"|supprimee?s?|non (retenue|integree|membre|adherente)s?|ne fait (pas|plus) partie)\b"
)


def takes_out(header: str, cell: str) -> bool:
    """Whether what stands below a header, given in plain words, takes its row's commune out.

    « Retirée » over a mark or a date, « Dans la CPTS » over « non » or « à confirmer »,
    « Observations » over « commune retirée en 2024 ».
    """
    words = words_of(cell)
    if not cell.strip() or FIGURE.search(header):
        return False
    if _OUT_HEADER.search(header):
        told = is_mark(cell) or date_of(cell) is not None
        return told or _SAID_OUT.search(words) is not None
    if _IN_HEADER.search(header):
        return words in _NO or NOT_IN.search(words) is not None
    return _REMARKS.fullmatch(header) is not None and _SAID_OUT.search(words) is not None


def said_not_in(commune: str) -> str:
    """Say in French what is written beside a commune that may not be meant, "" for nothing."""
    for bracket in _BRACKET.findall(commune):
        if NOT_IN.search(words_of(bracket)):
            return (
                f"« {bracket} » est écrit à côté de la commune : fait-elle partie de la CPTS ?"
            )
    return ""
