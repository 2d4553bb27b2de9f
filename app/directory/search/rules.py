"""Why a CPTS is listed, in words. Plain Python."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from app.french import number

# The state of an action → how it is called, from the first idea on.
STATES: Mapping[str, str] = MappingProxyType(
    {"en_projet": "En projet", "en_cours": "En cours", "realise": "Réalisée"}
)
# How far an action has come: what is done tells most.
_PROGRESS = {"realise": 0, "en_cours": 1, "en_projet": 2}
# Where the words of the text were found, as `words.sql` numbers it.
_PLACES: Mapping[int, str] = MappingProxyType(
    {
        1: "Son nom ou son sigle",
        2: "Une de ses communes",
        3: "Un de ses thèmes",
        4: "Ce qu’elle a écrit",
        5: "Un nom ou un sigle qui ressemble",
        6: "Une commune dont le nom ressemble",
        7: "Un thème dont le nom ressemble",
        8: "Des mots qui ressemblent dans ce qu’elle a écrit",
    }
)
# Of themes, as many are named before the others are counted.
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Hit:
    """A CPTS that was found: at how many km, and where the words of the text were."""

    id: int
    km: float | None = None
    kinds: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What of a question makes reasons; labels by slug or code.

    `near` names the commune from which distances are counted.
    """

    themes: Mapping[str, str]
    missions: Mapping[str, str]
    states: Collection[str] = ()
    text: str | None = None
    near: str | None = None
    members: bool = False


def reasons(hit: Hit, item: Mapping[str, Any], wish: Wish) -> list[str]:
    """Tell why a CPTS is listed, the best reason first.

    Parameters: `item`, with `themes`, and for members `actions` and `members_count`.
    """
    told = []
    if wish.text:
        places = [_PLACES[kind] for kind in sorted(hit.kinds)]
        told += [f"{place} répond à « {wish.text} »" for place in places[:2]]
    if wish.themes or wish.missions or wish.states:
        told += _of_work(item, wish)
    if wish.near is not None and hit.km is not None:
        told.append(distance_told(hit.km, wish.near))
    if wish.members and item.get("members_count") is not None:
        told.append(f"{number(item['members_count'])} membres")
    return told


def distance_told(km: float, place: str) -> str:
    """Write a distance: « Comprend Lille », « À 12 km de Lille »."""
    if km == 0:
        return f"Comprend {place}"
    if km < 1:
        return f"À moins de 1 km de {place}"
    return f"À {number(round(km))} km de {place}"


def _of_work(item: Mapping[str, Any], wish: Wish) -> list[str]:
    def is_asked(slug: str, mission: str | None) -> bool:
        if not wish.themes and not wish.missions:
            return True
        return slug in wish.themes or mission in wish.missions

    themes = {theme["slug"]: theme for theme in item["themes"]}
    done = [
        action
        for action in item.get("actions", ())
        if is_asked(action["theme"], action["mission"])
        and (not wish.states or action["state"] in wish.states)
    ]
    told = [
        _of_action(action) for action in sorted(done, key=lambda each: _PROGRESS[each["state"]])
    ]
    if not wish.states:
        acted = {action["theme"] for action in done}
        told += [
            f"Travaille sur « {theme['label']} »"
            for slug, theme in themes.items()
            if slug not in acted and is_asked(slug, theme["mission"])
        ]
    return _shortened(list(dict.fromkeys(told)))


def _of_action(action: Mapping[str, Any]) -> str:
    year = f" ({action['year']})" if action["year"] else ""
    return f"Action {STATES[action['state']].lower()} : {action['theme_label']}{year}"


def _shortened(told: Sequence[str]) -> list[str]:
    left = len(told) - _MOST_NAMED
    if left <= 1:
        return list(told)
    return [*told[:_MOST_NAMED], f"et {left} autres thèmes ou actions"]
