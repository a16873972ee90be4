"""Whether a judge prefers long replies: the slope of winning on the logarithm of the length."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.judging.analysis.sheet import Question
from harness.stats.intervals import t_quantile
from harness.stats.score import LEVEL
from harness.types import Frozen

_STEPS = 60
_STEEPEST = 50.0
"""Slopes beyond this are no finite answer: lengths decide every comparison but for rounding."""


class Slope(Frozen):
    """Log odds of winning for each e-fold of length; 0: length decides nothing."""

    value: float | None
    """None: not to be computed, for the reason in `note`."""
    low: float | None
    high: float | None
    p: float | None
    """Two-sided, Student's t with tasks - 1 degrees."""
    questions: int
    """With a winner and candidates of different lengths."""
    tasks: int
    note: str = ""

    @property
    def doubled(self) -> float | None:
        """What twice the length multiplies the odds of winning by."""
        return None if self.value is None else 2.0**self.value


class Lengths(NamedTuple):
    """Candidates of all questions in columns."""

    x: NDArray[np.float64]
    """Log length."""
    won: NDArray[np.float64]
    """Share of the win."""
    question: NDArray[np.intp]
    task: NDArray[np.intp]
    """Of each question."""


def length_slope(asked: Iterable[Question], *, within_models: bool = False, level: float = LEVEL) -> Slope:
    """P(i wins) = exp(b x_i) / sum_j exp(b x_j) over a question's candidates, x the log of the length in characters.

    The conditional logit (McFadden 1974); for two candidates it is the logistic regression, without intercept, of
    winning on the log length ratio. Standard error clustered by task, times C / (C-1). `within_models` takes the mean
    log length of a candidate's model off, so that a model which writes both longer and better gives no slope: then the
    question is whether a reply that is long for its model is preferred.
    """
    columns = _columns(asked, within_models=within_models)
    if columns is None:
        return _none("No question has a winner among replies of different lengths.")
    number = int(columns.question[-1]) + 1
    tasks = int(np.unique(columns.task).size)
    if why := _separated(columns):
        return _none(why, number, tasks)
    slope, information, scores = _fit(columns)
    if information <= 0 or abs(slope) > _STEEPEST:
        return _none("Length decides nearly every comparison: the slope has no bound.", number, tasks)
    if tasks < 2:
        note = "One task: no interval over tasks."
        return Slope(value=slope, low=None, high=None, p=None, questions=number, tasks=tasks, note=note)
    by_task = np.bincount(columns.task, scores)
    error = math.sqrt(float(np.sum(by_task**2)) * tasks / (tasks - 1)) / information
    return _with_interval(slope, error, number, tasks, level)


def _with_interval(slope: float, error: float, number: int, tasks: int, level: float) -> Slope:
    from scipy.special import stdtr

    if error < 1e-12:
        return _none("No spread between tasks to build an interval on.", number, tasks)
    half = t_quantile(tasks - 1, level) * error
    p = float(2 * stdtr(tasks - 1, -abs(slope) / error))
    return Slope(value=slope, low=slope - half, high=slope + half, p=p, questions=number, tasks=tasks)


def _columns(asked: Iterable[Question], *, within_models: bool) -> Lengths | None:
    """Questions in which lengths differ and somebody won."""
    usable = [
        (question, shares)
        for question in asked
        if (shares := question.shares) is not None and all(one.characters > 0 for one in question.marks)
    ]
    models = {name: place for place, name in enumerate(sorted({m.model for q, _ in usable for m in q.marks}))}
    logs = np.log(np.array([one.characters for q, _ in usable for one in q.marks], dtype=float))
    if within_models and logs.size:
        model = np.array([models[one.model] for q, _ in usable for one in q.marks])
        logs = logs - (np.bincount(model, logs) / np.maximum(1, np.bincount(model)))[model]
    kept: list[tuple[NDArray[np.float64], list[float], str]] = []
    start = 0
    for question, shares in usable:
        x = logs[start : start + len(shares)]
        start += len(shares)
        if max(shares) > min(shares) and float(np.ptp(x)) > 1e-12:
            kept.append((x, shares, question.task))
    if not kept:
        return None
    tasks = {name: place for place, name in enumerate(sorted({task for _, _, task in kept}))}
    return Lengths(
        np.concatenate([x for x, _, _ in kept]),
        np.array([credit for _, shares, _ in kept for credit in shares]),
        np.repeat(np.arange(len(kept)), [x.size for x, _, _ in kept]),
        np.array([tasks[task] for _, _, task in kept], dtype=np.intp),
    )


def _separated(columns: Lengths) -> str:
    """Why no finite slope fits; empty when one does."""
    starts = np.flatnonzero(np.diff(columns.question, prepend=-1))
    mean = np.add.reduceat(columns.x * columns.won, starts)
    if np.all(mean >= np.maximum.reduceat(columns.x, starts) - 1e-12):
        return "The longest reply won every comparison: the slope has no upper bound."
    if np.all(mean <= np.minimum.reduceat(columns.x, starts) + 1e-12):
        return "The shortest reply won every comparison: the slope has no lower bound."
    return ""


def _fit(columns: Lengths) -> tuple[float, float, NDArray[np.float64]]:
    """(slope, information, score of each question there). Newton with halved steps: the likelihood is concave."""
    starts = np.flatnonzero(np.diff(columns.question, prepend=-1))
    target = np.add.reduceat(columns.x * columns.won, starts)

    def at(slope: float) -> tuple[float, NDArray[np.float64], float]:
        raw = slope * columns.x
        top = np.maximum.reduceat(raw, starts)
        weight = np.exp(raw - top[columns.question])
        total = np.add.reduceat(weight, starts)
        share = weight / total[columns.question]
        mean = np.add.reduceat(share * columns.x, starts)
        spread = np.add.reduceat(share * (columns.x - mean[columns.question]) ** 2, starts)
        likelihood = float(np.sum(slope * target - top - np.log(total)))
        return likelihood, target - mean, float(spread.sum())

    slope = 0.0
    here, scores, information = at(slope)
    for _ in range(_STEPS):
        step = float(scores.sum()) / information if information > 0 else 0.0
        step = max(-5.0, min(5.0, step))
        while (found := at(slope + step))[0] < here - 1e-9 and abs(step) > 1e-12:
            step /= 2
        slope += step
        here, scores, information = found
        if abs(step) < 1e-10 or abs(slope) > _STEEPEST:
            break
    return slope, information, scores


def _none(note: str, questions: int = 0, tasks: int = 0) -> Slope:
    return Slope(value=None, low=None, high=None, p=None, questions=questions, tasks=tasks, note=note)
