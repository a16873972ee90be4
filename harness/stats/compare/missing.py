"""Attempts that are in no rate: who looks better than it is because the rest of it is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from harness.stats.compare.results import ModelFacts
from harness.stats.compare.tables import Metric, RunTable
from harness.words import plural

ENOUGH = 0.9
"""The least share of attempts with a verdict on which a model is recommended."""
JUDGED = ("wins", "judge")
"""Metrics that need no verdict of an attempt."""
SHOWN = 5
"""Models named one by one."""


def shares_known(tables: Sequence[RunTable], tasks: Collection[str], metric: Metric) -> dict[str, float]:
    """Model -> share of its attempts at some tasks that the metric could use; models without any attempt are left out.

    For `judge` of the (task, repeat)s at which anybody has a mark, those at which the model has one: what failed its
    tests is shown to no judge, and what could not be read is not known. What nobody was asked about is no lack.
    """
    if metric != "judge":
        return shares_answered(tables, tasks, waiting=metric in JUDGED)
    tried, marked = Counter[str](), Counter[str]()
    for table in tables:
        asked = {key[1:] for key in table.marks if key[1] in tasks}
        for key in {*table.silent, *table.others}:
            if key[1:] in asked:
                tried[key[0]] += 1
                marked[key[0]] += key in table.marks
    return {model: marked[model] / number for model, number in tried.items()}


def shares_answered(tables: Sequence[RunTable], tasks: Collection[str], *, waiting: bool = True) -> dict[str, float]:
    """Model -> share of its attempts at some tasks that did not fail; with those `waiting` for a judge, or without."""
    every, known = Counter[str](), Counter[str]()
    for table in tables:
        for (model, task, _), cell in table.cells.items():
            if task in tasks:
                every[model] += cell.n
                known[model] += cell.n
        for counts, counted in ((table.failed, False), (table.unscored, waiting)):
            for (model, task), number in counts.items():
                if task in tasks:
                    every[model] += number
                    known[model] += number if counted else 0
    return {model: known[model] / number for model, number in every.items() if number}


def missing(item: ModelFacts, metric: str) -> dict[str, int]:
    """Why -> attempts of a model that came to nothing; empty where none did. What waits for a judge may have a mark."""
    counts = {"failed": item.failed, "unscored": 0 if metric in JUDGED else item.unscored}
    return {why: number for why, number in counts.items() if number}


def told_missing(facts: Sequence[ModelFacts], compared: Collection[str], metric: Metric) -> Iterator[str]:
    """A line a model of whose attempts some are in no rate, most missing first; and one that no rate is of at all."""
    lost = [item for item in facts if missing(item, metric)]
    lost.sort(key=lambda item: (-sum(missing(item, metric).values()) / item.attempts, item.model))
    for item in lost[:SHOWN]:
        counts = missing(item, metric)
        parts = ", ".join(f"{number:,} {name}" for name, number in counts.items())
        what = f"{sum(counts.values()):,} of {item.attempts:,} attempts have no verdict ({parts})"
        if item.model not in compared:
            yield f"{item.model}: {what}, so it is compared with nobody."
        else:
            yield f"{item.model}: {what} and are in no rate."
    if len(lost) > SHOWN:
        more = plural(len(lost) - SHOWN, "more model has", "more models have")
        yield f"{more} attempts without a verdict: --json has their numbers."
