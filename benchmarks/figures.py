"""Figures, their ratios and the table that shows them. Plain Python."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Target:
    """What a figure, or its ratio, has to reach.

    Parameters: `bound`, whether the `limit` is not to be exceeded or at least to be
    reached; `of`, what is held against it: the figure itself or its ratio.
    """

    bound: Literal["below", "at_least"]
    limit: float
    of: Literal["value", "ratio"] = "value"


@dataclass(frozen=True)
class Figure:
    """One measured value.

    Parameters: `topic`, under which it is listed; `unit`, in French as shown; `ratio`,
    to another figure of the same run, named by `beside`; `note`, what was compared.
    """

    topic: str
    label: str
    value: float
    unit: str
    ratio: float | None = None
    beside: str | None = None
    target: Target | None = None
    note: str | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None without one."""
        if self.target is None:
            return None
        held = self.value if self.target.of == "value" else self.ratio
        if held is None:
            raise ValueError(f"{self.label}: a target on a ratio that was not measured")
        if self.target.bound == "below":
            return held < self.target.limit
        return held >= self.target.limit

    def as_json(self) -> dict[str, Any]:
        """Give the figure as JSON values."""
        return {
            "topic": self.topic,
            "label": self.label,
            "value": round(self.value, 4),
            "unit": self.unit,
            "ratio": None if self.ratio is None else round(self.ratio, 4),
            "beside": self.beside,
            "target": None
            if self.target is None
            else {
                "of": self.target.of,
                self.target.bound: self.target.limit,
                "met": self.met,
            },
            "note": self.note,
        }


def median(values: Iterable[float]) -> float:
    """Give the middle value, the mean of the two middle ones of an even number of them."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no value was measured")
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def percentile(values: Iterable[float], share: float) -> float:
    """Give the smallest value that at least `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no value was measured")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def ratio(value: float, other: float) -> float:
    """Give `value` divided by `other`; infinite when only `other` is nothing."""
    if other == 0:
        return 1.0 if value == 0 else math.inf
    return value / other


def written(value: float) -> str:
    """Write a number in French with three significant digits at least."""
    if not math.isfinite(value):
        return "∞"
    if value and abs(value) < 100:
        digits = max(0, 2 - math.floor(math.log10(abs(value))))
        text = f"{value:.{digits}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        text = f"{value:,.0f}"
    return text.replace(",", "\N{NARROW NO-BREAK SPACE}").replace(".", ",")


def table(figures: Sequence[Figure]) -> str:
    """Write figures as an aligned table, one part per topic, in French."""
    rows = [
        (
            figure.label,
            f"{written(figure.value)} {figure.unit}",
            "" if figure.ratio is None else f"× {written(figure.ratio)} {figure.beside or ''}",
            _judged(figure),
        )
        for figure in figures
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    lines: list[str] = []
    topic = None
    for figure, (label, value, beside, judged) in zip(figures, rows, strict=True):
        if figure.topic != topic:
            topic = figure.topic
            lines += ["", topic]
        line = f"  {label:<{widths[0]}}  {value:>{widths[1]}}  {beside:<{widths[2]}}  {judged}"
        lines.append(line.rstrip())
    return "\n".join(lines).lstrip("\n")


def _judged(figure: Figure) -> str:
    if figure.target is None:
        return ""
    sign = "<" if figure.target.bound == "below" else "≥"
    kind = "" if figure.target.of == "value" else "× "
    verdict = "tenu" if figure.met else "MANQUÉ"
    return f"{verdict} (visé : {sign} {kind}{written(figure.target.limit)})"
