"""Best of N by judges: they see a model's attempts, no verdict and no hidden case, and rank them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean

from harness.grading.select import select
from harness.judging.candidates import contender
from harness.types import DIMENSIONS, Attempt, Marked, Selection, Task


def chosen(task: Task, attempts: Sequence[Attempt], marked: Iterable[Marked]) -> Selection | None:
    """The selection among the attempts of one (task, model, repeat); None when no attempt can be chosen.

    The best mean rank over the judges, of equals the best mean score, of equals the earliest. Where no judge's verdict
    could be read, the rule that needs none decides, and the reason says so. `marked`: the marks of purpose `select`
    that were given to these attempts.
    """
    there = {item.attempt for item in attempts}
    by_attempt: dict[int, list[Marked]] = defaultdict(list)
    for mark in marked:
        if mark.attempt in there and mark.mark.rank is not None:
            by_attempt[mark.attempt].append(mark)
    if not by_attempt:
        return _without_judges(task, attempts)
    judges = sorted({mark.judge for marks in by_attempt.values() for mark in marks})
    # An attempt that only some judges were shown is not compared with those that all were.
    shown = {number: marks for number, marks in by_attempt.items() if len({m.judge for m in marks}) == len(judges)}
    ranks = {number: fmean(mark.mark.rank or 0 for mark in marks) for number, marks in (shown or by_attempt).items()}
    best = min(ranks, key=lambda number: (ranks[number], -_score(by_attempt[number]), number))
    of = max(mark.of for mark in by_attempt[best])
    return Selection(
        task=task.id,
        model=attempts[0].model,
        repeat=attempts[0].repeat,
        attempt=best,
        method="judge",
        reason=f"mean rank {ranks[best]:.3g} of {of} by {', '.join(judges)}; no verdict was shown",
    )


def _score(marks: Sequence[Marked]) -> float:
    scores = [mark.mark.scores[name] for mark in marks for name in DIMENSIONS if name in mark.mark.scores]
    return fmean(scores) if scores else 0.0


def _without_judges(task: Task, attempts: Sequence[Attempt]) -> Selection | None:
    found = select(task, attempts, "verifier")
    if found is None or len(attempts) == 1:
        return found
    distinct = {item.hash for item in (contender(task, attempt) for attempt in attempts) if item}
    why = "no judge's verdict could be read" if len(distinct) > 1 else "nothing for a judge to choose from"
    return found.model_copy(update={"reason": f"{why}: {found.reason}"})
