"""EPCI by name: "CC Serre-Ponçon" is the "Communauté de communes de Serre-Ponçon"."""

import re
from collections import defaultdict
from collections.abc import Iterable

from app.geography import naming

_FORMS = {
    "cc": re.compile(r"\b(communaute de communes|com ?com|c de c|cc)\b"),
    "ca": re.compile(r"\b(communaute d agglomeration|agglomeration|agglo|ca)\b"),
    "cu": re.compile(r"\b(communaute urbaine|cu)\b"),
    "m": re.compile(r"\b(metropole)\b"),
}
_SAYS = re.compile(r"\bc ?[cau]\b|communaut|tropole|agglo|com ?com|c\. ?de ?c", re.IGNORECASE)
_LINKS = frozenset(
    ("de du des la le les l d et en au aux communaute communes").split()  # noqa: SIM905
)


class Groupings:
    """The EPCI of the country, by what their names say."""

    def __init__(self, known: Iterable[tuple[str, str]]) -> None:
        """Take `(code, name)` of every EPCI."""
        self._codes: dict[frozenset[str], list[tuple[str, str]]] = defaultdict(list)
        for code, name in known:
            form, core = _taken_apart(name)
            self._codes[core].append((form, code))

    def read(self, text: str) -> tuple[str, ...]:
        """Give the SIREN codes of the EPCI of a name, those of its own form before others."""
        form, core = _taken_apart(text)
        found = self._codes.get(core, []) if core else []
        own = [code for own_form, code in found if form and own_form == form]
        return tuple(own or [code for _, code in found])


def is_named(text: str) -> bool:
    """Whether a text says that it is about an EPCI."""
    if not _SAYS.search(text):
        return False
    form, core = _taken_apart(text)
    return bool(form and core)


def _taken_apart(text: str) -> tuple[str, frozenset[str]]:
    words = naming.spelling(text)
    form = next((name for name, pattern in _FORMS.items() if pattern.search(words)), "")
    for pattern in _FORMS.values():
        words = pattern.sub(" ", words)
    kept = (naming.name_key(word) for word in words.split() if word not in _LINKS)
    return form, frozenset(kept)
