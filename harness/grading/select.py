"""Best of N: picks one attempt without looking at any hidden verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from harness.errors import UsageError
from harness.grading.grade import FILES
from harness.types import Attempt, Outcome, Selection, Task

METHODS = ("verifier", "vote", "first")


def select(task: Task, attempts: Sequence[Attempt], method: str = "verifier") -> Selection | None:
    """The selection among the attempts of one (task, model, repeat); None when no attempt can be chosen.

    `verifier` takes the highest share of visible points, the earliest of equals; a task that selects by `vote` takes
    the largest group with the same outputs. Provider and sandbox failures cannot be chosen. Raises UsageError for an
    unknown method.
    """
    if method not in METHODS:
        raise UsageError(f"no selection method {method!r}", remedy=f"known: {', '.join(METHODS)}")
    in_order = sorted(attempts, key=lambda item: item.attempt)
    usable = [item for item in in_order if item.verdict and item.outcome is not Outcome.infra_error]
    if not usable:
        return None
    if method == "first":
        return _selection(usable[0], "first", "the first attempt")
    if method == "vote" or (method == "verifier" and task.select_on == "vote"):
        return _by_vote(usable)
    return _by_visible(usable)


def _by_visible(usable: Sequence[Attempt]) -> Selection:
    def visible(item: Attempt) -> float:
        score = item.verdict.visible_score if item.verdict else None
        return -1.0 if score is None else score

    best = max(usable, key=visible)  # max keeps the earliest of equals
    equals = sum(visible(item) == visible(best) for item in usable)
    if visible(best) < 0:
        return _selection(best, "verifier", "no attempt had a candidate")
    among = f", the earliest of {equals} equals" if equals > 1 else ""
    return _selection(best, "verifier", f"{visible(best):.0%} of the visible points{among}")


def _by_vote(usable: Sequence[Attempt]) -> Selection:
    groups = Counter(item.signature for item in usable if item.signature)
    if not groups:
        return _selection(usable[0], "vote", "no attempt had outputs to compare")
    best = next(item for item in usable if item.signature and groups[item.signature] == max(groups.values()))
    size = groups[best.signature]
    what = "files" if best.signature.startswith(FILES) else "outputs"
    agree = f"its {what} agree with {size - 1} of the {len(usable) - 1} other attempts"
    return _selection(best, "vote", f"{agree}; no expected value was used")


def _selection(item: Attempt, method: str, reason: str) -> Selection:
    return Selection.model_validate(
        {
            "task": item.task,
            "model": item.model,
            "repeat": item.repeat,
            "attempt": item.attempt,
            "method": method,
            "reason": reason,
        }
    )
