"""Which mailbox is a CPTS's, and which a person's.

Only the first kind is ever kept (RGPD): the part before the @ must be made of generic
words, of words of the CPTS's own name, or of their initials. A first or last name left
over makes it a person's.
"""

import re

from app.files.words import words_of
from app.http.texts import mailbox

_ADDRESS = re.compile(r"[A-Za-z0-9._%+\-]{1,64}@(?:[A-Za-z0-9\-]+\.)+[A-Za-z]{2,24}")

_GENERIC = frozenset({
    "cpts", "contact", "contacts", "secretariat", "secr", "coordination", "coordo", "coord",
    "coordinateur", "coordinatrice", "coordonnateur", "coordonnatrice", "accueil", "info",
    "infos", "information", "bureau", "direction", "administration", "administratif", "admin",
    "gestion", "asso", "association", "communaute", "communication", "com", "equipe",
    "projet", "sante", "soins", "pro", "professionnelle", "territoriale", "territoire",
    "presidence", "bonjour", "hello", "mail", "ars", "snp", "prevention", "parcours", "de",
    "du", "des", "la", "le", "les", "l", "d", "et", "en", "pays", "france",
})  # fmt: skip


def generic_mailbox(text: str, cpts_name: str) -> str | None:
    """Give the first mailbox of a text that is no person's, in lower case.

    Parameters: `text`, a contact cell; `cpts_name`, the name that the mailbox may carry.
    """
    for found in _ADDRESS.finditer(text):
        address = found[0].lower()
        if _is_generic(address.partition("@")[0], cpts_name) and _is_mailbox(address):
            return address
    return None


def _is_mailbox(address: str) -> bool:
    try:
        mailbox(address)
    except ValueError:
        return False
    return True


def holds_address(text: str) -> bool:
    """Whether a text holds any mailbox."""
    return _ADDRESS.search(text) is not None


def _is_generic(local: str, cpts_name: str) -> bool:
    name = [word for word in words_of(cpts_name).split() if word != "cpts"]
    initials = "".join(word[0] for word in name)
    full_words = [word for word in name if word not in _GENERIC]
    short_initials = "".join(word[0] for word in full_words)
    known = set(_GENERIC) | set(name)
    known |= {initial for initial in (initials, short_initials) if len(initial) >= 2}
    # Cut words (« cptsgap » for Gapençais) only where the word CPTS tells what it is.
    cut = {word[:length] for word in full_words for length in range(3, len(word))}
    tokens = [token for token in re.split(r"[^a-z]+", local.lower()) if token]
    return bool(tokens) and all(
        _made_of(token, known | cut if "cpts" in token else known) for token in tokens
    )


def _made_of(token: str, known: set[str]) -> bool:
    reachable = [True] + [False] * len(token)
    for end in range(1, len(token) + 1):
        reachable[end] = any(
            reachable[start] and token[start:end] in known for start in range(end)
        )
    return reachable[-1]
