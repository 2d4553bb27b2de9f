"""Where the territory of a commune of the past lies today.

The history (1943 to January 2020) links entries: a commune, or a part of one, with its end and
its successor, or the commune that a part belongs to. The yearly editions go on from there. A
commune leads to one commune of today, or to several when it was split after a merger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from app.geography.build.editions import Edition, GeographyBuildError, in_scope
from app.geography.build.packages import HistoryEntry

Codes = frozenset[str]
NOTHING: Codes = frozenset()

# Communes that were dissolved, their territory shared out. The history has no successor for
# them and each edition of the communes names one receiver only, not always the same.
DISSOLVED: dict[str, Codes] = {
    "08227": frozenset({"08203", "08454"}),  # Hocmont: Guignicourt-sur-Vence, Touligny
    "45117": frozenset({"45093", "45313"}),  # Creusy: Chevilly, Sougy
    "51385": frozenset({"51440", "51503"}),  # Moronvilliers: Pontfaverger, Saint-Martin
    "51606": frozenset({"51235", "51313", "51369"}),  # Verdey: Les Essarts, Lachy, Mœurs-Verdey
    "60606": frozenset({"60509", "60587"}),  # Sarron: Pont-Sainte-Maxence, Saint-Martin
    "77362": frozenset({"77066", "77444"}),  # Pierrelez: Cerneux, Sancy-lès-Provins
}

# Communes absorbed by a city that stands today for its arrondissements: the one they lie in.
# Saint-Rambert-l'Île-Barbe joined Lyon in 1963 and is in its 9th arrondissement since 1964.
DISTRICT_OF_ABSORBED: dict[str, str] = {"69232": "69389"}


class Lineage:
    """Follows codes from any edition, or entry of the history, to the last edition."""

    def __init__(
        self, editions: Sequence[Edition], history: Mapping[str, HistoryEntry] | None = None
    ) -> None:
        """``editions`` go oldest first; ``history`` ends where the first of them begins."""
        self.editions = list(editions)
        self.history = dict(history or {})
        self._entry_memory: dict[str, Codes] = {}
        self._commune_memory: dict[tuple[int, str], Codes] = {}

    def commune_today(self, position: int, code: str) -> Codes:
        """Return the communes of the last edition that hold the territory of a commune.

        ``position`` is the index of the edition in which ``code`` is a commune. Empty when the
        code is out of scope. Raises GeographyBuildError when the trace is lost.
        """
        if not in_scope(code):
            return NOTHING
        key = (position, code)
        if key not in self._commune_memory:
            self._commune_memory[key] = self._follow_commune(position, code)
        return self._commune_memory[key]

    def part_today(self, position: int, code: str, host: str) -> Codes:
        """Return where a part of the commune ``host`` lies today.

        A part is a commune déléguée or associée, or a commune absorbed without any such status.
        """
        edition = self.editions[position]
        if code in edition.attached:
            host = edition.attached[code].chief
        if position == len(self.editions) - 1:
            if host not in edition.communes:
                raise GeographyBuildError(f"{code} : {host} n’est pas une commune actuelle")
            return frozenset({host})
        following = self.editions[position + 1]
        if code in following.attached:
            return self.part_today(position + 1, code, following.attached[code].chief)
        if code in following.communes and (code not in edition.communes or code == host):
            return self.part_today(position + 1, code, code)
        hosts = self._hosts_after(position, host)
        naming = {
            each
            for each in self._naming(position + 1).get(code, NOTHING)
            if each in hosts or each not in edition.communes
        }
        chosen = naming or hosts
        return frozenset().union(
            *(self.part_today(position + 1, code, each) for each in chosen)
        )

    def entry_today(self, identifier: str) -> Codes:
        """Return where the territory of an entry of the history lies today."""
        if identifier not in self._entry_memory:
            self._entry_memory[identifier] = self._follow_entry(self.history[identifier])
        return self._entry_memory[identifier]

    def _follow_commune(self, position: int, code: str) -> Codes:
        if position == len(self.editions) - 1:
            return frozenset({code})
        following = self.editions[position + 1]
        found: set[str] = set()
        if code in following.communes:
            found |= self.commune_today(position + 1, code)
        else:
            for host in self._hosts_after(position, code):
                found |= self.part_today(position + 1, code, host)
        for newcomer in self._newcomers[position].get(code, ()):
            found |= self.commune_today(position + 1, newcomer)
        return frozenset(found)

    def _hosts_after(self, position: int, code: str) -> Codes:
        following = self.editions[position + 1]
        if code in following.communes:
            return frozenset({code})
        if code in following.attached:
            return frozenset({following.attached[code].chief})
        if code in following.successors:
            return following.successors[code]
        naming = self._naming(position + 1).get(code)
        if naming:
            return naming
        raise GeographyBuildError(
            f"La commune {code} disparaît de l’édition {following.year} sans successeur connu"
        )

    @cached_property
    def _namings(self) -> list[dict[str, Codes]]:
        result: list[dict[str, Codes]] = []
        for edition in self.editions:
            naming: dict[str, set[str]] = {}
            for commune in edition.communes.values():
                for former in commune.former_codes:
                    naming.setdefault(former, set()).add(commune.code)
            result.append({code: frozenset(codes) for code, codes in naming.items()})
        return result

    def _naming(self, position: int) -> dict[str, Codes]:
        """Return, for an edition, the communes that name each code among their former ones."""
        return self._namings[position]

    @cached_property
    def _newcomers(self) -> list[dict[str, list[str]]]:
        """Communes re-established or with a new code, by the commune they came out of."""
        result: list[dict[str, list[str]]] = []
        for position, edition in enumerate(self.editions[:-1]):
            following = self.editions[position + 1]
            origins: dict[str, list[str]] = {}
            for code in sorted(following.communes.keys() - edition.communes.keys()):
                for origin in self._origins(position, code):
                    origins.setdefault(origin, []).append(code)
            result.append(origins)
        return result

    def _origins(self, position: int, code: str) -> set[str]:
        edition, following = self.editions[position], self.editions[position + 1]
        origins = {
            before for before, after in following.successors.items() if code in after
        } & edition.communes.keys()
        if code in edition.attached:
            origins.add(edition.attached[code].chief)
        if not origins:
            origins = {
                former
                for former in following.communes[code].former_codes
                if former in edition.communes
            }
        if not origins:
            origins = {
                host
                for entry in self.history.values()
                if entry.code == code and entry.ended_on is None and entry.pole is not None
                for host in [self.history[entry.pole].code]
                if host in edition.communes
            }
        if not origins:
            raise GeographyBuildError(
                f"La commune {code} apparaît dans l’édition {following.year} sans origine"
            )
        return origins

    def _follow_entry(self, entry: HistoryEntry) -> Codes:
        if entry.kind != "COM":
            return self._follow_part(entry)
        found = set(self._fate(entry))
        if entry.ended_on is not None:
            for member in entry.members:
                found |= self._follow_part(self.history[member])
        return frozenset(found)

    def _fate(self, entry: HistoryEntry) -> Codes:
        """Follow a commune of the history by its own line, without the parts that left it."""
        if entry.ended_on is None:
            return self.commune_today(0, entry.code)
        if entry.successor is not None:
            return self.entry_today(entry.successor)
        if entry.members:
            return NOTHING
        if entry.code not in DISSOLVED:
            raise GeographyBuildError(f"{entry.identifier} prend fin sans successeur")
        position = len(self.editions) - 1
        return frozenset().union(
            *(self.commune_today(position, code) for code in DISSOLVED[entry.code])
        )

    def _follow_part(self, entry: HistoryEntry) -> Codes:
        if entry.successor is not None:
            return self.entry_today(entry.successor)
        host = self._host(entry)
        return self.part_today(0, entry.code, host) if in_scope(host) else NOTHING

    def _host(self, entry: HistoryEntry) -> str:
        """Return the commune of the first edition that holds a part, by its pole's line."""
        current = entry
        while current.kind != "COM" or current.ended_on is not None:
            onward = current.successor or current.pole
            if onward is None:
                raise GeographyBuildError(f"{entry.identifier} n’appartient à aucune commune")
            current = self.history[onward]
        return current.code
