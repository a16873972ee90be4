"""A number and how sure it is."""

from __future__ import annotations

from typing import NamedTuple

from harness.types import Frozen

LEVEL = 0.95
"""Confidence level of every interval, unless a caller asks for another."""


class Interval(NamedTuple):
    """Bounds, how they were made, and anything a reader has to know about them."""

    low: float | None
    """None: the data allow no bound."""
    high: float | None
    method: str
    """Short and stable, e.g. `wilson`; `docs/statistics.md` explains each."""
    note: str = ""
    """One sentence for people; empty when there is nothing unusual."""


class Score(Frozen):
    """An aggregate with its interval. Rates and scores are shares, 0..1."""

    value: float | None
    """None: nothing to average, for the reason in `note`."""
    low: float | None
    high: float | None
    n: int
    """Independent units the interval rests on: tasks for an interval over tasks, attempts for one within a task."""
    method: str
    note: str = ""

    @classmethod
    def of(cls, value: float, interval: Interval, n: int) -> Score:
        """`value` with `interval`, which rests on `n` units."""
        return cls(value=value, low=interval.low, high=interval.high, n=n, method=interval.method, note=interval.note)

    @classmethod
    def missing(cls, note: str) -> Score:
        """No value, and why."""
        return cls(value=None, low=None, high=None, n=0, method="none", note=note)

    def noted(self, note: str) -> Score:
        """The same score with one more sentence in its note."""
        if not note:
            return self
        return self.model_copy(update={"note": f"{self.note} {note}".strip()})
