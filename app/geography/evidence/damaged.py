"""Names that nothing knows as they are written: damaged letters, words run together."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import chain

from app.geography import naming
from app.geography.evidence import damage
from app.geography.evidence.pieces import reference, today
from app.geography.evidence.rules import Limit, Meaning, Way
from app.geography.evidence.texts import PREFIXED, Wording
from app.geography.repository import KnownName


class NearNames:
    """The names of some departments, by what is left of them when letters are lost."""

    def __init__(self, rows: Iterable[KnownName]) -> None:
        self._by_skeleton: dict[str, list[KnownName]] = defaultdict(list)
        self._by_letters: dict[str, list[KnownName]] = defaultdict(list)
        # By department and first letter: what fits a text begins as it does.
        self._accented: dict[tuple[str, str], list[KnownName]] = defaultdict(list)
        for row in rows:
            self._by_letters[row.key.replace(" ", "")].append(row)
            if not row.name.isascii():
                self._by_skeleton[damage.skeleton(row.name)].append(row)
                self._accented[row.department, naming.spelling(row.name)[:1]].append(row)
                self._accented[row.department, ""].append(row)

    def ways(self, wordings: Sequence[Wording], place: Collection[str] | None) -> list[Way]:
        """Give what texts can mean whose letters were lost or whose words are run together.

        Parameters: `place`, the departments that the row gives, None when it gives none.
        """
        found = []
        for wording in wordings:
            if wording.level > PREFIXED:
                continue
            places = wording.departments or place
            rows = [
                row
                for row in self._candidates(wording.name, places)
                if places is None or row.department in places
            ]
            if rows:
                found.append(_way(wording, rows))
        return found

    def _candidates(self, name: str, places: Collection[str] | None) -> list[KnownName]:
        glued = self._by_letters.get(naming.name_key(name).replace(" ", ""), [])
        if glued and name.isalpha() and damage.is_of_names(name):
            return glued
        near = self._by_skeleton.get(damage.skeleton(name), [])
        if damage.is_damaged(name):
            # Some letters with an accent may have lost it, others be lost.
            first = damage.first_letter(name)
            accented = (self._accented.get((code, first), ()) for code in places or ())
            near = [*near, *chain.from_iterable(accented)]
        elif glued:
            return glued
        return [row for row in near if damage.fits(name, row.name)]


def _way(wording: Wording, rows: Sequence[KnownName]) -> Way:
    meanings = []
    current = {naming.spelling(row.name) for row in rows if row.kind == "current"}
    kept = [
        row
        for row in sorted(rows, key=_current_last)
        if row.kind == "current" or naming.spelling(row.name) not in current
    ]
    for row in {row.code: row for row in kept}.values():
        verb = "caractère abîmé : " if damage.is_damaged(wording.name) else ""
        said = f"{verb}« {wording.name} » lu « {row.name} »{today(row)}"
        unit = reference(row)
        meanings.append(Meaning(frozenset((unit,)), unit, corrections=(said,)))
    limits = [Limit("le texte", wording.departments)] if wording.departments else []
    return Way(meanings, limits, wording.notes, excluded=wording.excluded)


def _current_last(row: KnownName) -> bool:
    return row.kind == "current"
