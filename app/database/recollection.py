"""What was read once, kept in the process for as long as what it was read from stays."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recollection:
    """Values by mark, kind and key; those not asked for longest go first.

    A mark stands for one state of what the values are read from, of one database: a change
    brings another mark, and the values of the former are never found again. Whoever gets a
    value changes nothing of it.

    Parameters: `limit`, how many rows may be kept: a list weighs one more than its length,
    anything else one.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._weight = 0

    def values(
        self,
        mark: Hashable,
        kind: Hashable,
        keys: Collection[Key],
        read: Callable[[Collection[Key]], Mapping[Key, Value]],
    ) -> dict[Key, Value]:
        """Give the values of some keys; what `read` does not find is left out.

        Parameters: `read`, asked once for all that is not kept, and for everything when more
        is asked for than is kept at all.
        """
        if len(keys) > self._limit // 2:
            return dict(read(keys))
        found: dict[Key, Value | None] = {}
        missing = []
        with self._lock:
            for key in keys:
                place = (mark, kind, key)
                if place in self._kept:
                    self._kept.move_to_end(place)
                    found[key] = self._kept[place]
                else:
                    missing.append(key)
        if missing:
            fresh = read(missing)
            found |= {key: fresh.get(key) for key in missing}
            with self._lock:
                for key in missing:
                    self._keep((mark, kind, key), found[key])
        return {key: value for key, value in found.items() if value is not None}

    def value(self, mark: Hashable, kind: Hashable, read: Callable[[], Value]) -> Value:
        """Give the one value of a kind."""
        return self.values(mark, kind, (None,), lambda _: {None: read()})[None]

    def _keep(self, place: Hashable, value: Any) -> None:
        if place in self._kept:
            self._weight -= _weight(self._kept.pop(place))
        self._kept[place] = value
        self._weight += _weight(value)
        while self._weight > self._limit:
            _, dropped = self._kept.popitem(last=False)
            self._weight -= _weight(dropped)


def _weight(value: Any) -> int:
    return 1 + len(value) if isinstance(value, list) else 1
