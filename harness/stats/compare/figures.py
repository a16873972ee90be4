"""Numbers of a comparison as people read them."""

from __future__ import annotations

from collections import Counter

from harness.stats.compare.missing import missing
from harness.stats.compare.results import Category, Comparison, Group
from harness.words import percentages


class Figures:
    """Numbers in the unit of a metric: shares as percentages, points and wins as they are.

    `one`: of one task, where points and wins have two digits instead of one. `none` stands for no value.
    """

    def __init__(self, unit: str, *, one: bool = False, none: str = "-") -> None:
        self._share = unit == "share"
        self._digits = 2 if one else 1
        self._none = none

    def value(self, number: float | None) -> str:
        """`62%`, `20.7`. 0% and 100% are kept for exactly that."""
        if number is None:
            return self._none
        if not self._share:
            return f"{number:.{self._digits}f}"
        text = f"{100 * number:.0f}%"
        rounded = (text == "100%" and number < 1) or (text in ("0%", "-0%") and number != 0)
        return f"{100 * number:.1f}%" if rounded else text

    def fine(self, number: float | None) -> str:
        """With one digit more and no sign of percent: spreads and differences are small."""
        if number is None:
            return self._none
        text = f"{100 * number:.1f}" if self._share else f"{number:.2f}"
        return text.removeprefix("-") if float(text) == 0 else text

    def bounds(self, low: float | None, high: float | None) -> str:
        """`[41, 80]`."""
        if low is None or high is None:
            return self._none
        ends = percentages(low, high) if self._share else [f"{end:.{self._digits}f}" for end in (low, high)]
        return f"[{', '.join(end.removeprefix('-') if float(end) == 0 else end for end in ends)}]"


def told_places(best: int, worst: int, dash: str = "-") -> str:
    """`1`, or `1-3`."""
    return str(best) if best == worst else f"{best}{dash}{worst}"


def known_shares(found: Comparison) -> dict[str, float]:
    """Model -> share of its attempts that the metric could use, 0..1, where that is not all of them."""
    lost = {item.model: sum(missing(item, found.metric).values()) for item in found.facts}
    return {item.model: 1 - lost[item.model] / item.attempts for item in found.facts if lost[item.model]}


def told_expected(group: Group, figures: Figures) -> str:
    """`45%`, or `40% to 45%` where the runs are not of the same models."""
    known = [part for part in group.expected if part is not None]
    ends = (min(known), max(known)) if known else (None,)
    return " to ".join(dict.fromkeys(figures.value(part) for part in ends))


def told_leaders(category: Category, most: int = 5) -> str:
    """Who leads a category in how many of the runs: `a 2 of 3, b = c 1 of 3`."""
    found = Counter(" = ".join(names) or "nobody" for names in category.leaders)
    told = [f"{names} {number} of {len(category.leaders)}" for names, number in found.most_common(most)]
    return ", ".join(told) + (f" and {len(found) - most} others" if len(found) > most else "")


def told_p(value: float) -> str:
    """`.032`, `<.001`, `1`."""
    return "<.001" if value < 0.001 else "1" if value >= 0.9995 else f"{value:.3f}".removeprefix("0")
