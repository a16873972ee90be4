"""Attempts that are in no rate: who looks better than it is because the rest of it is missing."""

from __future__ import annotations

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


def share_known(tables: Sequence[RunTable], model: str, tasks: Collection[str], metric: Metric) -> float | None:
    """Share of a model's attempts at some tasks that the metric could use; None without any attempt.

    For `judge` of its (task, repeat)s, those with a mark: what failed its tests is shown to no judge, and what could
    not be read is not known.
    """
    if metric != "judge":
        return share_answered(tables, model, tasks, waiting=metric in JUDGED)
    tried = [
        (table, key)
        for table in tables
        for key in table.silent.keys() | table.others.keys()
        if key[0] == model and key[1] in tasks
    ]
    return sum(key in table.marks for table, key in tried) / len(tried) if tried else None


def share_answered(
    tables: Sequence[RunTable], model: str, tasks: Collection[str], *, waiting: bool = True
) -> float | None:
    """Share of a model's attempts at some tasks that did not fail; with those `waiting` for a judge, or without."""
    known = sum(
        cell.n for table in tables for (name, task, _), cell in table.cells.items() if name == model and task in tasks
    )
    failed = sum(table.failed[model, task] for table in tables for task in tasks)
    unscored = sum(table.unscored[model, task] for table in tables for task in tasks)
    every = known + failed + unscored
    return (known + (unscored if waiting else 0)) / every if every else None


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
