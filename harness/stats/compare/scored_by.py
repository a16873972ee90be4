"""Two scales in one comparison: verdicts that judges have a part in beside others, and marks of several modes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from harness.stats.compare.tables import Metric, RunTable
from harness.words import plural

SHOWN = 5
"""Runs named one by one."""


def told_scales(
    tables: Sequence[RunTable], tasks: Collection[str], models: Collection[str], metric: Metric
) -> Iterator[str]:
    """A line where some of the verdicts on a task are judges' and some are not; none where only marks are compared."""
    if metric == "judge":
        return
    by_task: Counter[tuple[str, bool]] = Counter()
    for table in tables:
        for (model, task, judged), number in table.scored_by.items():
            if task in tasks and model in models:
                by_task[task, judged] += number
    mixed = {task for task, judged in by_task if judged and (task, False) in by_task}
    if not mixed:
        return
    theirs = sum(by_task[task, True] for task in mixed)
    every = theirs + sum(by_task[task, False] for task in mixed)
    # One run may have both: judgments that were imported are of some replies only.
    names = [
        table.name
        for table in tables
        if any(task in mixed and model in models and not judged for model, task, judged in table.scored_by)
    ]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    yield (
        f"Judges have a part in {theirs:,} of {every:,} verdicts on {plural(len(mixed), 'task')}, and none in "
        f"the others (in {', '.join(names[:SHOWN])}{more}): these are two scales. `harness judge` those, too, or take "
        "--metric judge."
    )


def told_modes(tables: Sequence[RunTable], metric: Metric) -> Iterator[str]:
    """A line where runs were marked in different modes: dimensions and a rubric are no scale together."""
    marked = {table.name: sorted(table.modes) for table in tables if table.modes}
    if metric != "judge" or len({tuple(modes) for modes in marked.values()}) < 2:
        return
    each = [f"{name}: {' and '.join(modes)}" for name, modes in list(marked.items())[:SHOWN]]
    more = f"; {len(marked) - SHOWN} more" if len(marked) > SHOWN else ""
    yield (
        f"Judges marked these runs in different modes ({'; '.join(each)}{more}): part of what differs between them is "
        "the scale. `harness judge --mode` asks in one mode."
    )
