"""Intervals for one rate, for a few runs, and for a mean over tasks.

None of them has zero width: data without any spread say that little was seen, not that nothing can vary.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.stats.score import LEVEL, Interval, Score

_FLAT = 1e-9
"""Standard errors below this are rounding, not spread."""
_GAP_AT = 4
"""Trials for which Wilson's intervals of no hit and of all hits end before and begin after 1/2, and both miss it too
often: at 95%, those of 3 overlap, and of 5 and more all alike is rare enough."""


@lru_cache(maxsize=1024)
def t_quantile(degrees: int, level: float = LEVEL) -> float:
    """Two-sided quantile of Student's t: P(|T| <= q) = `level`, with `degrees` >= 1 degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.5 + level / 2))


@lru_cache(maxsize=16)
def z_quantile(level: float = LEVEL) -> float:
    """Two-sided quantile of the standard normal distribution."""
    return NormalDist().inv_cdf(0.5 + level / 2)


def wilson_bounds(share: float, n: float, quantile: float) -> tuple[float, float]:
    """Wilson's score bounds for a share of `n` > 0 trials; `n` may be an effective, fractional number.

    Wilson (1927): (p + q^2/2n +- q sqrt(p(1-p)/n + q^2/4n^2)) / (1 + q^2/n).
    """
    square = quantile * quantile / n
    centre = (share + square / 2) / (1 + square)
    half = quantile * math.sqrt(share * (1 - share) / n + square / (4 * n)) / (1 + square)
    return min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half))


def wilson(hits: int, n: int, *, level: float = LEVEL) -> Interval:
    """Wilson's interval for `hits` of `n` independent trials; [0, 1] when `n` is 0.

    Raises ValueError unless 0 <= hits <= n.
    """
    _check_counts(hits, n)
    if n == 0:
        return Interval(0.0, 1.0, "wilson", "No trials: anything is possible.")
    low, high = wilson_bounds(hits / n, n, z_quantile(level))
    return Interval(low, high, "wilson")


def rate(hits: int, n: int, *, level: float = LEVEL) -> Interval:
    """Wilson's interval, mended where it covers too little: what a rate of independent trials is reported with.

    Near 0 and 1 Wilson's interval covers as little as 83% for fewer than 9 trials. With one hit the lower bound is
    therefore that of a Poisson count, -log(level) / n, with one miss the upper likewise (Brown, Cai and DasGupta 2001,
    section 4.1.1). With none or all of 4 the bound reaches 1/2: at no other n do rates near 1/2 fall between the two.
    Covers at least 88% at every rate from .02 to .98 and 95% to 96.5% on average over them, for n from 3 to 300
    (`benchmarks/coverage.py`, computed exactly). Raises ValueError unless 0 <= hits <= n.
    """
    plain = wilson(hits, n, level=level)
    if n == 0 or plain.low is None or plain.high is None:
        return plain
    low, high, one = plain.low, plain.high, -math.log(level) / n
    if hits == 1 < n:
        low = min(low, one)
    if hits == n - 1 > 0:
        high = max(high, 1 - one)
    if n == _GAP_AT and hits in (0, n):
        low, high = min(low, 0.5), max(high, 0.5)
    return plain if (low, high) == (plain.low, plain.high) else Interval(low, high, "wilson-modified")


def clopper_pearson(hits: int, n: int, *, level: float = LEVEL) -> Interval:
    """The exact interval, which covers at least `level` whatever the true rate: the conservative bound.

    Clopper and Pearson (1934): quantiles of Beta(hits, n-hits+1) and Beta(hits+1, n-hits).
    Raises ValueError unless 0 <= hits <= n.
    """
    from scipy.special import betaincinv

    _check_counts(hits, n)
    tail = (1 - level) / 2
    low = float(betaincinv(hits, n - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1 - tail)) if hits < n else 1.0
    return Interval(low, high, "clopper-pearson")


def beta_uniform(hits: int, n: int, *, level: float = LEVEL) -> Interval:
    """Equal-tailed credible interval under a uniform prior: quantiles of Beta(hits+1, n-hits+1).

    With hits 0 or n the bound on that side is the end of the scale (Brown, Cai and DasGupta 2001, section 4.1), so
    that the interval contains hits/n. Raises ValueError unless 0 <= hits <= n.
    """
    from scipy.special import betaincinv

    _check_counts(hits, n)
    tail = (1 - level) / 2
    low = float(betaincinv(hits + 1, n - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, n - hits + 1, 1 - tail)) if hits < n else 1.0
    return Interval(low, high, "beta-uniform")


def t_interval(
    values: Sequence[float],
    *,
    bounds: tuple[float, float] | None = None,
    trials: float = 1.0,
    level: float = LEVEL,
) -> Interval:
    """Student's interval of the mean of a few independent runs, in the unit of `values`.

    `bounds` are the least and the greatest possible value, e.g. (0, 28) for wins in 28 tests: they clip the interval,
    and when all runs are equal they carry Wilson's interval for a share of len(values) * `trials` trials instead.
    `trials`: of how many independent trials each value is the sum or mean, e.g. 28 of such wins; that their chances
    differ makes the interval wider than it need be, since a sum varies most where all are alike. Without bounds
    equal runs have no interval: the note says how many further runs could differ (rule of three, exact form
    1 - (1-level)^(1/n)). Values outside of `bounds` widen them. Raises ValueError for no values and for NaN.
    """
    data = known(values)
    n = data.size
    if n == 0:
        raise ValueError("t_interval needs at least one value")
    mean = float(data.mean())
    if bounds is not None:
        bounds = (min(bounds[0], float(data.min())), max(bounds[1], float(data.max())))
    spread = float(data.std(ddof=1)) / math.sqrt(n) if n > 1 else 0.0
    if n > 1 and spread > _FLAT * max(1.0, abs(mean)):
        half = t_quantile(n - 1, level) * spread
        low, high = mean - half, mean + half
        return Interval(max(low, bounds[0]), min(high, bounds[1]), "t") if bounds else Interval(low, high, "t")
    seen = "One run" if n == 1 else f"All {n} runs are equal"
    if bounds is None:
        unseen = 1 - (1 - level) ** (1 / n)
        note = f"{seen}: no spread to build an interval on; up to {unseen:.0%} of further runs could differ."
        return Interval(None, None, "rule-of-three", note)
    width = bounds[1] - bounds[0]
    low, high = wilson_bounds(min(1.0, max(0.0, (mean - bounds[0]) / width)), n * trials, z_quantile(level))
    note = f"{seen}: the interval is Wilson's for {n * trials:.4g} trials between {bounds[0]:g} and {bounds[1]:g}."
    return Interval(bounds[0] + width * low, bounds[0] + width * high, "wilson-scaled", note)


def naive_se(groups: Sequence[Sequence[float]]) -> float:
    """Standard error of the mean of all rows as if they were independent, which attempts at one task are not.

    s / sqrt(N) with N - 1 in s. It shows what clustering changes. Raises ValueError for fewer than two rows, or NaN.
    """
    rows = np.concatenate([known(group) for group in groups])
    if rows.size < 2:
        raise ValueError("naive_se needs at least two rows")
    return float(rows.std(ddof=1) / math.sqrt(rows.size))


def clustered_se(groups: Sequence[Sequence[float]], *, finite: bool = True) -> float:
    """Standard error of the mean of task means, attempts nested in tasks: sqrt(sum_t (m_t - m)^2) / C.

    `groups` holds the values of one task each; every task weighs the same. With equally many values a task this is
    the cluster-robust error of the pooled mean (Liang and Zeger 1986; Miller 2024, "Adding error bars to evals").
    `finite` multiplies by sqrt(C / (C-1)), the correction for few tasks. Raises ValueError for fewer than two tasks,
    for one without values, and for NaN.
    """
    means = known([float(np.mean(group)) if len(group) else float("nan") for group in groups])
    count = means.size
    if count < 2:
        raise ValueError("clustered_se needs at least two tasks")
    error = float(np.sqrt(np.sum((means - means.mean()) ** 2)) / count)
    return error * math.sqrt(count / (count - 1)) if finite else error


def clustered_mean(groups: Sequence[Sequence[float]], *, level: float = LEVEL) -> Interval:
    """Student's interval of the mean of task means, C - 1 degrees of freedom, for values without bounds.

    For shares use `over_tasks`, which keeps its promise near 0 and 1. Raises ValueError for no tasks.
    """
    interval = t_interval([float(np.mean(group)) for group in groups], level=level)
    if interval.method != "t":
        return interval._replace(note=interval.note.replace("runs", "tasks").replace("run", "task"))
    return interval._replace(method="clustered-t")


def over_tasks(means: ArrayLike, counts: ArrayLike, *, level: float = LEVEL) -> Score:
    """Mean over tasks of a rate or score in 0..1, with an interval for new tasks of the same kind.

    `means`, shape (C,): one mean a task, every task weighs the same. `counts`, shape (C,): values behind each mean.
    The interval is Wilson's with the effective number of trials n* = m(1-m)/se^2, se task-clustered with the finite
    correction, and the t quantile of C - 1 degrees (Korn and Graubard 1998; Dean and Pagano 2015). For few tasks and
    rates near 0 or 1 it covers where the plain t interval does not (`docs/statistics.md` has the simulation). Task
    means without spread count as one trial a task; a single task gets an interval for further attempts at it. Where
    every task was all or nothing, tasks are plain trials: their variance follows from the mean and `rate` is used.
    No lower bound is above that of tasks which all gave 1, no upper one below that of tasks which all gave 0: values
    between 0 and 1 that hardly differ cannot exclude more of the scale than the best or the worst would.
    Raises ValueError for NaN: a task without a value is left out, and is no 0; and for values outside of 0..1.
    """
    data = known(means)
    number = data.size
    if number == 0:
        return Score.missing("No graded attempt.")
    if data.min() < -_FLAT or data.max() > 1 + _FLAT:
        raise ValueError(f"over_tasks needs values in 0..1, got {data.min():g} to {data.max():g}")
    data = np.clip(data, 0, 1)
    mean = float(data.mean())
    if number == 1:
        trials = max(1, int(np.asarray(counts).sum()))
        low, high = _of_trials(mean, trials, level)
        note = f"One task: the interval is for further attempts at it ({trials} seen), not for other tasks."
        return Score.of(mean, Interval(low, high, "wilson-one-task", note), 1)
    error = float(data.std(ddof=1)) / math.sqrt(number)
    if error < _FLAT:
        low, high = _of_trials(mean, number, level)
        note = f"All {number} tasks gave the same value: the interval is Wilson's with one trial a task."
        return Score.of(mean, Interval(low, high, "wilson-flat", note), number)
    if np.all((data == 0) | (data == 1)):
        return Score.of(mean, rate(int(data.sum()), number, level=level), number)
    low, high = wilson_bounds(mean, mean * (1 - mean) / error**2, t_quantile(number - 1, level))
    low, high = min(low, _of_trials(1.0, number, level)[0]), max(high, _of_trials(0.0, number, level)[1])
    return Score.of(mean, Interval(low, high, "wilson-clustered"), number)


def _of_trials(mean: float, trials: int, level: float) -> tuple[float, float]:
    """Bounds of a share of `trials`, which `rate` gives where it is a whole number of them."""
    hits = round(mean * trials)
    if abs(hits - mean * trials) > _FLAT * trials:
        return wilson_bounds(mean, trials, z_quantile(level))
    found = rate(hits, trials, level=level)
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


def ratio_over_tasks(tops: ArrayLike, bottoms: ArrayLike, *, level: float = LEVEL) -> Interval:
    """Fieller's interval of mean(tops) / mean(bottoms), both of shape (C,): one value a task.

    Fieller (1954): all r for which the mean of tops - r * bottoms is within t_(C-1) standard errors of 0.
    Bounds are None where the data cannot bound the ratio, i.e. mean(bottoms) itself may be 0. A ratio that is the same
    share, 0..1, in every task gets Wilson's interval with one trial for each task with a bottom that is not 0; the same
    ratio outside of 0..1, for which there is no such thing, has no bounds.
    """
    top, bottom = np.asarray(tops, dtype=float), np.asarray(bottoms, dtype=float)
    number = top.size
    if number < 2:
        return Interval(None, None, "fieller", "One task: no interval over tasks.")
    share = float(top.mean() / bottom.mean()) if bottom.mean() else math.nan
    if not math.isnan(share) and float(np.abs(top - share * bottom).max()) < _FLAT:
        trials = int(np.count_nonzero(bottom))
        if not -_FLAT <= share <= 1 + _FLAT:
            note = f"The same ratio in all {trials} tasks with a gain: no spread to build an interval on."
            return Interval(None, None, "fieller", note)
        share = min(1.0, max(0.0, share))
        low, high = wilson_bounds(share, trials, z_quantile(level))
        note = f"The same share in all {trials} tasks with a gain: the interval is Wilson's with one trial a task."
        return Interval(low, high, "wilson-flat", note)
    quantile = t_quantile(number - 1, level) ** 2 / number
    (var_top, cov), (_, var_bottom) = np.cov(top, bottom)
    mean_top, mean_bottom = float(top.mean()), float(bottom.mean())
    a = mean_bottom**2 - quantile * var_bottom
    b = mean_top * mean_bottom - quantile * cov
    c = mean_top**2 - quantile * var_top
    inside = float(b * b - a * c)
    if a <= 0:
        return Interval(None, None, "fieller", "The gain to recover may be zero: these tasks cannot bound the share.")
    half = math.sqrt(max(0.0, inside))
    # The ratio itself is always inside, but for rounding.
    return Interval(min(share, float((b - half) / a)), max(share, float((b + half) / a)), "fieller")


def known(values: ArrayLike) -> NDArray[np.float64]:
    """`values` as floats. Raises ValueError for NaN: what is missing is left out, and is no 0."""
    data: NDArray[np.float64] = np.asarray(values, dtype=float)
    if np.isnan(data).any():
        raise ValueError("NaN is no value: leave out what is missing")
    return data


def _check_counts(hits: int, n: int) -> None:
    if not 0 <= hits <= n:
        raise ValueError(f"need 0 <= hits <= n, got hits={hits}, n={n}")
